#!/bin/sh
# SPDX-License-Identifier: MIT
# All tests by one command: sh tests/run.sh [--require-all] [--long] [--only NAME]
#   --require-all  what cannot run here is a failure
#   --long         minutes for each fuzzer, full benchmarks, the long repetitions
#   --only NAME    one stage (dev asan tsan release wine vm tidy) or one ctest label
# Installs what is missing with apt-get, and keeps what is slow to make (compiler's output, virtual
# machines) in the user's cache folder; sources that a check found good are not looked at again until
# they change, but with --long. The last line is "N passed, N failed", and ", N skipped" where something
# was; each build counts as one test beside those it holds.
set -eu

cd "$(dirname "$0")/.."

require_all=no long=no only=
while [ $# -gt 0 ]; do
    case $1 in
    --require-all) require_all=yes ;;
    --long) long=yes ;;
    --only)
        shift
        only=${1:?--only needs a name}
        ;;
    *)
        sed -n '3,10s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
    shift
done

jobs=$(nproc 2>/dev/null || echo 2)
passed=0 failed=0 skipped=0
notes=
wrap=  # a command that runs commands
mkdir -p build
logs=build/logs
mkdir -p $logs

# ---- what the machine must have -----------------------------------------------------------

packages='cmake ninja-build gcc g++ libc6-dev pkg-config git ffmpeg
libssl-dev zlib1g-dev libconfig-dev libpng-dev libyuv-dev libjansson-dev
libgtest-dev googletest libbenchmark-dev libgstreamer1.0-dev
libgstreamer-plugins-base1.0-dev libaravis-dev libusb-1.0-0-dev libusbredirparser-dev libuvc-dev lomiri-wallpapers-16.04
clang clang-tidy clang-format libclang-rt-dev lld ccache valgrind doxygen graphviz abigail-tools
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-tools libopencv-videoio-dev shellcheck osslsigncode openssl
libudev-dev gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix libz-mingw-w64-dev gcc-mingw-w64-i686-win32 gcc-multilib
wine wine64 busybox-static cpio kmod make flex bison libelf-dev bc xz-utils zstd python3
sparse v4l-utils perl'

install_missing() {
    missing=
    command -v apt-get >/dev/null 2>&1 || {
        echo "no apt-get here: stages whose tools are missing are skipped"
        return 0
    }
    for package in $packages; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0

    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            as_root='sudo -n'
        else
            echo "These packages are missing. Type this, then run the tests again:"
            echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing"
            exit 1
        fi
    fi
    echo "installing:$missing"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    $as_root apt-get update -qq >$logs/apt.log 2>&1 || true
    # shellcheck disable=SC2086
    $as_root apt-get install -y -qq --no-install-recommends $missing >>$logs/apt.log 2>&1 ||
        for package in $missing; do
            $as_root apt-get install -y -qq --no-install-recommends "$package" \
                >>$logs/apt.log 2>&1 || echo "could not install $package (see $logs/apt.log)"
        done
}

# ---- counting -----------------------------------------------------------------------------

now() {
    date +%s
}

skip() {  # skip NAME WHY
    skipped=$((skipped + 1))
    notes="$notes
skipped: $1: $2"
    echo "== $1: skipped ($2)"
}

have() {  # have STAGE PROGRAM...: or the stage is skipped
    stage=$1
    shift
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || {
            skip "$stage" "no $program"
            return 1
        }
    done
}

# wants NAME [LABEL...]: is the stage to run, given --only?
wants() {
    [ -n "$only" ] || return 0
    for name in "$@"; do
        [ "$only" != "$name" ] || return 0
    done
    return 1
}

outcome() {  # outcome NAME STARTED STATUS DETAIL
    if [ "$3" -eq 0 ]; then word=passed; else word=FAILED; fi
    printf '== %-18s %4d s  %s%s\n' "$1" $(($(now) - $2)) "$word" "${4:+  ($4)}"
}

# build_behind PRESET...: by what the tests meanwhile leave of the processors, and many of them wait.
behind='' builder=''
build_behind() {
    behind=$*
    idle='nice -n 19'
    ! chrt -i 0 true 2>/dev/null || idle='chrt -i 0'
    for preset in "$@"; do
        rm -f "$logs/$preset-build.status"
    done
    # shellcheck disable=SC2016,SC2086
    $idle timeout 5400 sh -c 'for preset; do sh tests/build.sh "$preset"; done' builder "$@" &
    builder=$!
    trap '[ -z "$builder" ] || kill "$builder" 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
}

# is_behind PRESET: when it is built, if it was to be built so. Should that have ended early, it was not.
is_behind() {
    case " $behind " in *" $1 "*) ;; *) return 1 ;; esac
    while [ ! -f "$logs/$1-build.status" ] && [ -n "$builder" ] && kill -0 "$builder" 2>/dev/null; do
        sleep 0.2
    done
    [ -f "$logs/$1-build.status" ]
}

# What is measured must not meet the builds.
end_builds() {
    [ -z "$builder" ] || wait "$builder" || true
    builder=
}

# build PRESET [TARGET...]: once
built=
build() {
    case " $built " in *" $1 "*) return 0 ;; esac
    built="$built $1"
    is_behind "$1" || sh tests/build.sh "$@" || true
    # One that was ended from outside has left none.
    read -r status took 2>/dev/null <"$logs/$1-build.status" || status=1 took=0
    outcome "$1 build" "$(($(now) - took))" "$status"
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        notes="$notes
failed: $1 build"
        grep -E 'error|warning|FAILED|CMake Error' "$logs/$1-build.log" | head -n 30
        echo "   (all of it: $logs/$1-build.log)"
    fi
    return "$status"
}

# A compiler cache that finds the same sources in another folder again.
use_compiler_cache() {
    command -v ccache >/dev/null 2>&1 || return 0
    CCACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/ccache
    CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=4G
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    export CCACHE_DIR CCACHE_BASEDIR CCACHE_NOHASHDIR CCACHE_MAXSIZE CCACHE_SLOPPINESS
    export CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER
}

attribute() {  # attribute NAME FILE: a number from the head of a JUnit report, or 0
    value=$(tr '\n\t' '  ' <"$2" 2>/dev/null | sed -n "s/.*<testsuite[^>]* $1=\"\([0-9]*\)\".*/\1/p")
    echo "${value:-0}"
}

# count NAME STARTED PASSED FAILED SKIPPED LOG
count() {
    passed=$((passed + $3)) failed=$((failed + $4)) skipped=$((skipped + $5))
    outcome "$1" "$2" "$4" "$3 passed, $4 failed, $5 skipped"
    [ "$4" -eq 0 ] || notes="$notes
failed: $1, see $6"
}

# start_tests NAME FOLDER JOBS CTEST-ARGUMENT...: their report is $logs/NAME.xml.
start_tests() {
    report=$1 folder=$2 at_a_time=$3
    shift 3
    rm -f "$logs/$report.xml"
    $wrap env ${whole:+GTEST_OUTPUT="xml:$PWD/$cases/"} \
        ctest --test-dir "$folder" -j "$at_a_time" --timeout 300 --output-on-failure \
        --no-tests=ignore --output-junit "$PWD/$logs/$report.xml" "$@" >"$logs/$report.log" 2>&1
}

# Labels of those that live in real time, and sleep most of it.
waiting='usb|sim|conformance|samples'

# run_all NAME PRESET [EXCEPT]: all tests but those with a label that EXCEPT, a regular expression, matches. Those that wait run two
# more at a time than there are processors; beside them, and behind them when both want a processor, those that compute.
run_all() {
    begin_tests "$1"
    # A place of its own for what ctest writes.
    mkdir -p "$logs/$1-waiting"
    echo "subdirs(\"$PWD/build/$2\")" >"$logs/$1-waiting/CTestTestfile.cmake"
    start_tests "$1-waiting" "$logs/$1-waiting" $((jobs + 2)) -L "^($waiting)\$" \
        ${3:+-LE "^($3)\$"} &
    waiting_tests=$!
    before=$wrap
    wrap="nice -n 10 $wrap"
    start_tests "$1" "build/$2" "$jobs" -LE "^($waiting${3:+|$3})\$" || status=$?
    wrap=$before
    wait $waiting_tests || status=$?
    sum_up "$1" "$1-waiting"
}

# run NAME PRESET CTEST-ARGUMENT...
run() {
    begin_tests "$1"
    name=$1 preset=$2
    shift 2
    start_tests "$name" "build/$preset" $((jobs + 1)) "$@" || status=$?
    sum_up "$name"
}

begin_tests() {
    started=$(now) status=0 cases=$logs/$1.cases
    rm -rf "$cases"
}

# sum_up NAME [MORE]: of one or two reports
sum_up() {
    n=0 f=0 s=0
    for report in "$@"; do
        n=$((n + $(attribute tests "$logs/$report.xml")))
        f=$((f + $(attribute failures "$logs/$report.xml")))
        s=$((s + $(attribute skipped "$logs/$report.xml")))
    done
    [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
    if [ $((n + f)) -eq 0 ]; then
        skip "$1" "there are no such tests"
        return 0
    fi
    p=$((n - f - s))
    # Programs that ran whole are counted by the tests in them.
    if [ -d "$cases" ]; then
        programs=$(find "$cases" -name '*.xml' | wc -l)
        inside=$(find "$cases" -name '*.xml' -exec cat {} + | grep -c 'result="completed"') || true
        p=$((p - programs + inside))
    fi
    [ $p -ge 0 ] || p=0
    count "$1" "$started" $p "$f" "$s" "$logs/$1.log${2:+ and $2.log}"
    [ ! -d "$cases" ] || injections "$cases"

    for report in "$@"; do
        sed -n 's/^[0-9]*\/[0-9]* Test *#[0-9]*: *\([^ ]*\) .*\*\*\*Skipped.*/\1/p' "$logs/$report.log" |
            sed "s/^/   skipped: /"
        ! grep -q 'The following tests FAILED' "$logs/$report.log" ||
            sed -n '/The following tests FAILED/,$p' "$logs/$report.log" | head -n 40
    done
}

# injections FOLDER: what the tests in these reports say of the faults that they injected.
injections() {
    find "$1" -name '*.xml' -exec cat {} + |
        sed -n 's/.*<property name="injected" value="\([0-9]*\)".*/\1/p' |
        awk '{ n++; sum += $1 } END { if (n) printf "   fault scripts: %d, injections: %d\n", n, sum }'
}

# rig NAME SCRIPT [ARGUMENT...]: a script that prints a line a test: ok, not ok, skip. What it starts
# has bounds of its own; should it hang all the same, it is ended.
rig() {
    name=$1
    shift
    started=$(now)
    status=0 limit=900
    [ "$long" = no ] || { set -- "$@" --long; limit=1800; }
    timeout -k 60 $limit sh "$@" >"$logs/$name.log" 2>&1 || status=$?
    [ $status -ne 124 ] || echo "   ended after $limit s"
    p=$(grep -c '^ok ' "$logs/$name.log") || true
    f=$(grep -c '^not ok ' "$logs/$name.log") || true
    s=$(grep -c '^skip ' "$logs/$name.log") || true
    if [ "$f" -eq 0 ] && { [ $status -ne 0 ] || [ $((p + s)) -eq 0 ]; }; then
        f=1
        tail -n 20 "$logs/$name.log"
    fi
    count "$name" "$started" "$p" "$f" "$s" "$logs/$name.log"
    grep -E '^(not ok|skip|not under) ' "$logs/$name.log" | head -n 40 | sed 's/^/   /' || true
}

# ---- the stages ---------------------------------------------------------------------------

begun=$(now)
install_missing
use_compiler_cache

label=
stages='dev asan tsan release wine vm tidy'
case " $stages " in
*" $only "*) ;;
*) label=$only ;;
esac

not_long=yes
if [ "$long" = yes ]; then
    not_long=
    VIDICON_LONG=1
    export VIDICON_LONG
fi

# All fuzzers together get six minutes, however many there are.
share_fuzzing() {
    [ "$long" = yes ] || return 0
    fuzzers=$(ctest --test-dir build/asan -N -L '^fuzz$' | grep -cE 'Test +#.*: fuzz\.[a-z0-9_]+$') ||
        return 0
    VIDICON_FUZZ_SECONDS=$((360 / ((fuzzers + jobs) / (jobs + 1))))
    export VIDICON_FUZZ_SECONDS
    echo "   $VIDICON_FUZZ_SECONDS s for each of $fuzzers fuzzers"
}

# A label of its own runs where it belongs: fuzz in asan, bench in release, the rest in dev.
case $label in
'' | fuzz | bench) ;;
*)
    if have dev cmake ninja gcc g++ && build dev; then
        run "dev-$label" dev -L "^$label\$"
    fi
    ;;
esac

if [ -z "$label" ] && wants dev && have dev cmake ninja gcc g++ valgrind && build dev; then
    [ -n "$only" ] || build_behind asan tsan release mingw tidy
    run_all dev dev "bench${not_long:+|long}"
fi

# Under a sanitizer the programs run whole.
whole=1
if { [ "$label" = fuzz ] || { [ -z "$label" ] && wants asan; }; } &&
    have asan cmake ninja clang clang++ && build asan; then
    ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
    UBSAN_OPTIONS=print_stacktrace=1
    export ASAN_OPTIONS UBSAN_OPTIONS
    # Their plain counts take the fuzzers seconds: they are among all the others then.
    if [ -n "$not_long" ] && [ -z "$label" ]; then
        run_all asan asan long
    else
        [ -n "$label" ] || run_all asan asan fuzz
        share_fuzzing
        run fuzz asan -L '^fuzz$'
    fi
fi

# Kernels with much address randomness (vm.mmap_rnd_bits above 28) upset the thread sanitizer.
if setarch -R true 2>/dev/null; then
    wrap='setarch -R'
fi
if [ -z "$label" ] && wants tsan && have tsan cmake ninja clang clang++ && build tsan; then
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    export TSAN_OPTIONS
    # A race shows in any repetition or in none: the plain counts, ten times as slow as they are.
    wrap="$wrap env -u VIDICON_LONG"
    run_all tsan tsan ${not_long:+long}
fi
wrap='' whole=''

if { [ "$label" = bench ] || { [ -z "$label" ] && wants release; }; } &&
    have release cmake ninja gcc g++ && build release; then
    end_builds
    run bench release -L '^bench$'
    if [ "$long" = yes ]; then
        started=$(now)
        status=0
        timeout -k 30 900 sh tests/bench/run.sh build/release/bin >"$logs/performance.md" 2>&1 ||
            status=1
        cat "$logs/performance.md"
        count performance "$started" $((1 - status)) $status 0 "$logs/performance.md"
    fi
fi

if [ -z "$label" ] && wants wine &&
    have wine cmake ninja x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-g++-posix wine &&
    build mingw && build dev; then
    rig wine tests/wine/run.sh
fi

if [ -z "$label" ] && wants vm && have vm cmake ninja gcc busybox cpio && build dev && build release; then
    VIDICON_VM_BUILD=$PWD/build/vm
    VIDICON_VM_PROGRAMS=
    for program in bin/conformance bin/vidicon bin/vivid_check bin/fault_check bin/firmware_check \
        bin/dmabuf_check bin/hotplug lib/libvidicon.so.0; do
        VIDICON_VM_PROGRAMS="$VIDICON_VM_PROGRAMS $PWD/build/dev/$program"
    done
    for program in guest_bench guest_stream usb_stream peer_libuvc; do # the last two where libusb and libuvc are
        [ ! -e "build/release/bin/$program" ] ||
            VIDICON_VM_PROGRAMS="$VIDICON_VM_PROGRAMS $PWD/build/release/bin/$program"
    done
    # With --long a program of the guest is one under sanitizers.
    if [ "$long" = yes ] && have usb-leaks clang && build asan usb_stream; then
        VIDICON_VM_PROGRAMS="$VIDICON_VM_PROGRAMS $PWD/build/asan/bin/usb_stream_asan"
    fi
    VIDICON_VM_PEERS=$PWD/build/release/bin/peer_opencv
    VIDICON_VM_RESULTS=$PWD/$logs/vm-results
    export VIDICON_VM_BUILD VIDICON_VM_PROGRAMS VIDICON_VM_PEERS VIDICON_VM_RESULTS
    rig vm tests/vm/run.sh
fi

if [ -z "$label" ] && wants tidy && have tidy cmake ninja clang clang-tidy; then
    build tidy || true
    # What was not asked for in a month belongs to sources that are no more.
    find "${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/tidy" -type f -mtime +30 -delete 2>/dev/null || true
fi

# ---- the sum ------------------------------------------------------------------------------

if [ "$require_all" = yes ]; then
    failed=$((failed + skipped))
    skipped=0
fi
[ -z "$notes" ] || printf '%s\n' "$notes"
echo
echo "$(($(now) - begun)) s in all"
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $passed -gt 0 ]
