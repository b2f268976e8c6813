#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that runs under Wine: sh tests/wine/run.sh [--long] [--mingw DIR] [--dev DIR]
#   --mingw DIR  build folder of the preset mingw, --dev DIR that of dev; they are built if need be
#   --long       the full counts
# One line a test on stdout: "ok NAME", "not ok NAME: why". Details are in build/logs/wine, and in its
# rows/ the driver's row of the conformance matrix (tests/vm/publish.sh).
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mingw=$root/build/mingw dev=$root/build/dev
long=${VIDICON_LONG:-}
while [ $# -gt 0 ]; do
    case $1 in
    --long) long=1 ;;
    --mingw | --dev)
        [ $# -gt 1 ] || exit 2
        folder=$(mkdir -p "$2" && cd "$2" && pwd) || exit 2
        if [ "$1" = --mingw ]; then mingw=$folder; else dev=$folder; fi
        shift
        ;;
    *)
        sed -n '3,7s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
    shift
done
# Whether it is there is what counts.
unset VIDICON_LONG
if [ -n "$long" ]; then
    VIDICON_LONG=1
    export VIDICON_LONG
fi

# shellcheck source=tests/wine/prefix.sh
. "$here/prefix.sh"

# Programs that a GoogleTest report comes from: name, seconds, program, arguments.
limit=120
[ -z "$long" ] || limit=1200
suite="$mingw/bin/conformance.exe"

programs() {
    for program in "$mingw"/bin/test_*.exe; do
        name=${program##*/test_}
        case $name in
        sim_time.exe | sim_faults.exe | usb_*.exe) continue ;;
        esac
        echo "$(echo "${name%.exe}" | tr _ .) $limit $program"
    done
    echo "conformance.sim-max $limit $suite --device=sim:0?rate=max"
    echo "conformance.sim-ports $limit $suite --device=sim:2?rate=max&body=ports"
    echo "conformance.sim-segments $limit $suite --device=sim:3?rate=max&segment_bytes=1000"
}

# In real time.
programs_in_real_time() {
    echo "sim.time $limit $mingw/bin/test_sim_time.exe"
    echo "sim.faults $limit $mingw/bin/test_sim_faults.exe"
    echo "conformance.sim-real $limit $suite --device=sim:1?rate=real"
}

# The USB backend over the bus of the tests, which is one of real time.
programs_on_usb() {
    [ ! -f "$mingw/bin/usb_conformance.exe" ] ||
        echo "usb.conformance.ss $limit $mingw/bin/usb_conformance.exe --device=ss"
    for program in "$mingw"/bin/test_usb_*.exe; do
        name=${program##*/test_}
        echo "$(echo "${name%.exe}" | tr _ .) $limit $program"
    done
}

fail_all() {
    echo "not ok wine.$1: $2"
    exit 1
}

logs=$root/build/logs/wine
rm -rf "$logs"
mkdir -p "$logs" || exit 1
# Kept once they are there; without them the rest runs all the same, and programs.sh says so.
sh "$root/cmake/mingw-libraries.sh" >"$logs/libraries.log" 2>&1 || true
for preset in mingw dev; do
    if [ $preset = mingw ]; then
        folder=$mingw targets=all
    else
        folder=$dev targets='vidicon_tool vidicon_firmware vidicon_sys_amd64 sample_list
            sample_controls sample_caller_buffers sample_eventloop sample_hotplug sample_record
            sample_snapshot'
    fi
    # shellcheck disable=SC2086
    (cd "$root" && cmake --preset $preset -B "$folder" &&
        cmake --build "$folder" -j 2 --target $targets) >"$logs/build-$preset.log" 2>&1 ||
        fail_all "build.$preset" "see $logs/build-$preset.log"
done

wine_environment
command -v wine >/dev/null 2>&1 || fail_all wine 'there is no wine'
work=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-wine.XXXXXX") || exit 1
trap 'wine_end; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
wine_template >/dev/null || fail_all prefix 'Wine makes none'
wine_begin "$work/prefix" || fail_all prefix 'it cannot be copied'
# A prefix's first program starts its services: alone, as many at once would wait for them for longer than they may.
timeout -k 5 120 wine cmd /c exit >"$logs/first.log" 2>&1 </dev/null || fail_all first 'Wine starts no program'

cd "$logs" || exit 1
export here mingw dev root
# part NAME COMMAND...: its lines, kept until all is done.
part() {
    part=$1
    shift
    "$@" >"part.$part.lines" 2>"part.$part.errors"
}
real_time() {
    programs_in_real_time | xargs -P 3 -L 1 sh "$here/suite.sh"
}
usb() { # Plain counts, as under the other tools that slow programs down.
    programs_on_usb | env -u VIDICON_LONG xargs -P 3 -L 1 sh "$here/suite.sh"
}
whole_programs() { # each started once, behind those that wait when both want a processor
    programs | nice -n 10 xargs -P 2 -L 1 sh "$here/suite.sh"
}
small_ones() {
    sh "$here/controls.sh"
    sh "$here/programs.sh"
}

# The first three mostly wait for frames.
part library sh "$here/chain.sh" library &
{
    part driver sh "$here/chain.sh" driver
    part real-time real_time
} &
part usb usb &
part programs whole_programs &
part small small_ones
wait
for part in library driver real-time usb programs small; do
    cat part.$part.lines
    grep -q '^\(not \)*ok ' part.$part.lines ||
        echo "not ok part.$part: it says nothing, see part.$part.errors"
done | tee lines

cd "$root" || exit 1
! grep -q '^not ok ' "$logs/lines" && grep -q '^ok ' "$logs/lines"
