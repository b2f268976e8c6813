#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual machine rig: sh tests/vm/run.sh [--long] [--kernel NAME]... [--suite NAME]... [--keep]
#   --long         the long durations and counts
#   --kernel NAME  6.1, 6.12, 7 or debug; may be repeated; all four without
#   --suite NAME   one of tests/vm/suite, or controls (of the debug kernel); may be repeated
#   --keep         says where the logs of a good run are; those of a bad one are always kept
# Prints ok, not ok and skip lines, one a test. Builds and fetches what it needs. The build folder
# is VIDICON_VM_BUILD, or build/vm. VIDICON_VM_PROGRAMS: more programs for the guest's /programs;
# VIDICON_VM_PEERS: what its suites run as programs of the host. VIDICON_VM_RESULTS: a folder for
# tables and rows of the matrix.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
. "$here/debian.sh"
. "$here/machine.sh"
. "$here/news.sh"
. "$here/controls.sh"

long=${VIDICON_LONG:+yes} kernels='' suites='' keep=no
while [ $# -gt 0 ]; do
    case $1 in
    --long) long=yes ;;
    --kernel)
        shift
        kernels="$kernels ${1:?--kernel needs a name}"
        ;;
    --suite)
        shift
        suites="$suites ${1:?--suite needs a name}"
        ;;
    --keep) keep=yes ;;
    *)
        sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
kernels=${kernels:-6.1 6.12 7 debug}
build=${VIDICON_VM_BUILD:-$source/build/vm}
kind=plain
[ -z "$long" ] || kind=long

work=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-vm.XXXXXX")
failed=no workers=''
finish() {
    for worker in $workers; do
        kill "$worker" 2>/dev/null || true
        wait "$worker" 2>/dev/null || true
    done
    if [ $failed = yes ] || [ $keep = yes ]; then
        echo "# logs: $work"
    else
        rm -rf "$work"
    fi
}
trap finish EXIT
trap 'failed=yes; exit 130' INT TERM

say() {
    echo "$*"
    case $1 in 'not ok '*) failed=yes ;; esac
}

# ---- what it needs ----

for tool in busybox cpio modprobe depmod cmake ninja flock python3 xz zstd; do
    PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || {
        say "skip vm: no $tool on this machine"
        exit 0
    }
done
PATH=$PATH:/usr/sbin:/sbin

machine_build "$source" "$build" "$work/build.log" || {
    say "not ok vm.build: see $work/build.log"
    exit 1
}

# ---- what is to be done ----

# header NAME SCRIPT: the value of a line "# NAME: value" at a script's head.
header() {
    sed -n "s/^# $1: //p" "$2" | head -n 1
}

# Which suites a kernel runs, with the boot and the seconds of each: those that name the kernel, or
# none at all. Without --long, those with a line "# plain: KERNEL..." only on these, with it those with "# long:
# KERNEL...". A line "# boot: NAME" puts a suite into another boot than the rest, "# long-boot: NAME" with --long:
# counted is a machine that counts instructions, alone has the host for itself.
list_suites() {
    for script in "$here"/suite/*.sh; do
        name=$(basename "$script" .sh)
        case $name in all | leaks | lib | planted) continue ;; esac
        if [ -n "$suites" ]; then
            case " $suites " in *" $name "*) ;; *) continue ;; esac
        elif grep -q "^# $kind:" "$script"; then
            case " $(header "$kind" "$script") " in *" $1 "*) ;; *) continue ;; esac
        fi
        case " $(header kernels "$script") " in
        '  ' | *" $1 "*) ;;
        *) continue ;;
        esac
        seconds=$(header seconds "$script") boot=$(header boot "$script")
        if [ -n "$long" ]; then
            seconds=$(header long-seconds "$script" | grep . || echo "$seconds")
            boot=$(header long-boot "$script" | grep . || echo "$boot")
        fi
        echo "${boot:-main} $name ${seconds:-120}"
    done
}

# ---- one boot ----

# boot_files FOLDER: what goes into a guest: the rig's own small programs, and of all else what a line
# "# needs: NAME..." of its suites names; everything, if one has no such line. A guest that looks at
# each memory access takes long to unpack it.
boot_files() {
    needed=
    for name in $(cut -d ' ' -f 1 "$1/share/suites"); do
        needed="$needed $(header needs "$here/suite/$name.sh" | grep . || echo all)"
    done
    for file in $(machine_files); do
        case $file in
        */v4l | */firmware | */*32) is_needed "$file" || continue ;;
        esac
        echo "$file"
    done
    for file in $VIDICON_VM_PROGRAMS; do
        ! is_needed "$file" || echo "$file"
    done
}

is_needed() {
    name=${1##*/}
    case " $needed " in *' all '* | *" ${name%.so*} "*) return 0 ;; esac
    return 1
}

# run_boot KERNEL BOOT: in a subshell of its own; what it says goes to its job's report.
run_boot() {
    kernel=$1 boot=$2
    folder=$work/$kernel-$boot
    mkdir -p "$folder/share"
    machine_kernel "$kernel" 2>"$folder/kernel.log" || {
        say "not ok vm.$kernel.$boot.kernel: $(tail -n 1 "$folder/kernel.log")"
        return 0
    }
    # Kmemleak looks at each page there is: a boot of few suites needs few.
    [ "$kernel" != debug ] || [ -n "$long" ] || machine_memory=384
    list_suites "$kernel" | sed -n "s/^$boot //p" >"$folder/share/suites"
    [ -z "$long" ] || touch "$folder/share/long"
    for peer in ${VIDICON_VM_PEERS:-}; do
        [ ! -f "$peer" ] || cp "$peer" "$folder/share/"
    done
    # A suite's own bound counts the guest's time; this one is for a guest that is not there any more.
    seconds=$(awk '{ n += $2 } END { print 2 * n + 240 }' "$folder/share/suites")
    module=$(sh "$here/module.sh" "$kernel" 2>"$folder/module.log") || {
        say "not ok vm.$kernel.$boot.module: $(grep -E 'error|warning' "$folder/module.log" |
            tail -n 1)"
        module=
    }
    awake=$(sh "$here/module.sh" "$kernel" "$here/awake" 2>>"$folder/module.log") ||
        say "not ok vm.$kernel.$boot.awake: $(tail -n 1 "$folder/module.log")"
    # shellcheck disable=SC2046
    if ! "$here/initramfs.sh" "$folder/initrd" "$KERNEL_MODULES" "$KERNEL_RELEASE" \
        $(boot_files "$folder") $module $awake >"$folder/initramfs.log" 2>&1 ||
        ! machine_server "$folder" $((seconds + 30)) 2>>"$folder/initramfs.log"; then
        say "not ok vm.$kernel.$boot.machine: $(tail -n 1 "$folder/initramfs.log")"
        return 0
    fi
    # Whoever counts instructions can wait for the others, who live in real time.
    [ "$boot" != counted ] || machine_processors=$machine_counted machine_before='nice -n 5'
    watch_machine 2>/dev/null &
    watcher=$!
    machine_run "$folder" "$seconds" "$KERNEL_IMAGE" "$folder/initrd" 'quiet vmr=suites' \
        -serial "file:$folder/console.log" -device "$(machine_card "$folder")" \
        >"$folder/qemu.log" 2>&1 </dev/null || true
    kill "$watcher" 2>/dev/null && wait "$watcher" 2>/dev/null || true
    machine_end
    rm -f "$folder/initrd"
    judge
    publish
}

# watch_machine: each second, the suite that runs and what QEMU took of the processors so far, in hundredths of a second.
watch_machine() {
    while sleep 1; do
        read -r suite 2>/dev/null <"$folder/share/running" || suite=-
        read -r pid 2>/dev/null <"$folder/qemu.pid" || continue
        read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ 2>/dev/null <"/proc/$pid/stat" || continue
        echo "$suite $((user + system))"
    done >"$folder/processors"
}

# tell_times: of each suite, by the guest's clock and by what the host did for it.
tell_times() {
    awk '{ if ($1 == suite) { took[suite] += $2 - last } else if (suite != "") { took[$1] += $2 - last }
           suite = $1; last = $2 }
         END { for (suite in took) printf "%s %.0f\n", suite, took[suite] / 100 }' \
        "$folder/processors" >"$folder/took" 2>/dev/null || true
    while read -r name start end; do
        took=$(sed -n "s/^$name //p" "$folder/took")
        say "# $kernel $boot: $name took $(awk "BEGIN { printf \"%.0f\", $end - $start }") s of the guest's time," \
            "${took:-0} s of the processors"
    done <"$folder/share/times"
    say "# $kernel $boot: $(sed 1q "$folder/share/times" 2>/dev/null | cut -d ' ' -f 2) s of the guest's time until the" \
        "first; start and end $(sed -n 's/^- //p' "$folder/took") s of the processors"
}

# The lines of one boot, and what its kernel thinks.
judge() {
    [ "$boot" = main ] && where=vm.$kernel || where=vm.$kernel.$boot
    [ ! -f "$folder/share/lines" ] || tr -d '\r' <"$folder/share/lines" >"$folder/lines"
    touch "$folder/lines"
    while read -r line; do
        case $line in
        'ok '*) say "ok vm.$kernel.${line#ok }" ;;
        'not ok '*) say "not ok vm.$kernel.${line#not ok }" ;;
        'skip '*) say "skip vm.$kernel.${line#skip }" ;;
        *) say "$line" ;;
        esac
    done <"$folder/lines"
    if [ -f "$folder/share/done" ]; then
        say "ok $where.ends"
    else
        say "not ok $where.ends: stopped in $(cat "$folder/share/running" 2>/dev/null ||
            echo "its start"), see $folder/console.log"
    fi
    if [ "$kernel" = debug ] && [ -f "$folder/share/done" ]; then
        if [ ! -f "$folder/share/kmemleak.txt" ]; then
            say "not ok $where.kmemleak: it was not asked"
        elif [ -s "$folder/share/kmemleak.txt" ]; then
            say "not ok $where.kmemleak: $(grep -c unreferenced "$folder/share/kmemleak.txt") leaks: $(head -n 1 "$folder/share/kmemleak.txt")"
        else
            say "ok $where.kmemleak"
        fi
    fi
    news=kernel_news
    ! grep -q '^without-memory ' "$folder/share/suites" || news=kernel_news_without_memory
    $news "$folder/console.log" "$folder/share/dmesg.txt" >"$folder/news"
    if [ -s "$folder/news" ]; then
        say "not ok $where.kernel-log: $(head -n 1 "$folder/news")"
    else
        say "ok $where.kernel-log"
    fi
    [ ! -s "$folder/share/times" ] || tell_times
}

# What is for a page of the documentation.
publish() {
    [ -n "${VIDICON_VM_RESULTS:-}" ] || return 0
    mkdir -p "$VIDICON_VM_RESULTS"
    for row in card vivid; do # whole ones
        [ -z "$long" ] || [ ! -f "$folder/share/$row.json" ] ||
            cp "$folder/share/$row.json" "$VIDICON_VM_RESULTS/v4l2-$row-$kernel.json"
    done
    for row in usb-high usb-super camera-iso camera-bulk; do
        [ -z "$long" ] || [ ! -f "$folder/share/$row.json" ] ||
            cp "$folder/share/$row.json" "$VIDICON_VM_RESULTS/$row-$kernel.json"
    done
    [ -z "$long" ] || [ ! -f "$folder/share/performance.md" ] ||
        cp "$folder/share/performance.md" "$VIDICON_VM_RESULTS/guest-performance.md"
}

# ---- all boots ----

# processor_seconds FILE: what `times` wrote there, as one number.
processor_seconds() {
    tr 'ms' '  ' <"$1" | awk '{ n += 60 * ($1 + $3) + $2 + $4 } END { printf "%.0f", n }'
}

# One job, in a subshell; its report is printed when it ends.
run_job() {
    began=$(date +%s)
    flock "$work/lock" echo "# ${1%%/*} ${1#*/}: begun at $(date +%T)"
    case ${1#*/} in
    control-*) control_boot "${1#*/control-}" "$work/control-${1#*/control-}" ;;
    *) run_boot "${1%%/*}" "${1#*/}" ;;
    esac >"$work/report.$2"
    times >"$work/times.$2" # of this shell and all that it has waited for
    echo "# ${1%%/*} ${1#*/}: ended at $(date +%T), $(($(date +%s) - began)) s, $(processor_seconds "$work/times.$2") s of the processors" \
        >>"$work/report.$2"
    flock "$work/lock" cat "$work/report.$2"
}

# Takes one job after the other from the list until none is left. Who had one that gives way to all others has had enough.
work_off() {
    trap 'kill $job_pid 2>/dev/null; wait $job_pid; exit 1' TERM
    job_number=0
    for job in $jobs; do
        job_number=$((job_number + 1))
        mkdir "$work/taken.$job_number" 2>/dev/null || continue
        (
            trap 'kill ${watcher:-} 2>/dev/null || true; machine_kill; exit 1' TERM
            machine_behind=yes
            run_job "$job" "$job_number"
        ) &
        job_pid=$!
        wait $job_pid || true
        case $job in */counted) return 0 ;; esac
    done
}

# in_parallel JOB...: two more at a time than there are processors, as half of a boot is waiting; and what gives way to them.
in_parallel() {
    jobs=$*
    rm -rf "$work"/taken.*
    count=$(($(nproc) + 2))
    [ "$count" -le 5 ] || count=5
    case "$jobs " in *'/counted '*) count=$((count + 1)) ;; esac
    while [ "$count" -gt 0 ]; do
        work_off &
        workers="$workers $!"
        count=$((count - 1))
    done
    for worker in $workers; do
        wait "$worker" || true
    done
    workers=
    ! grep -qs '^not ok ' "$work"/report.* || failed=yes
    for job_number in $(seq $#); do
        [ -f "$work/report.$job_number" ] || say "not ok vm.job-$job_number: it has no report"
    done
    rm -f "$work"/report.*
}

VIDICON_VM_PROGRAMS=${VIDICON_VM_PROGRAMS:-}
together='' behind='' alone='' controls=''
for kernel in $kernels; do
    case "$kernel $suites $long" in
    'debug  yes' | debug*' controls '*) controls=$(prepare_controls) || failed=yes ;;
    esac
done
# Boots with the greatest bounds first: small ones fill what is left. First of all the one that gives way to the others.
for job in $(for kernel in $kernels; do
    list_suites "$kernel" |
        awk -v kernel="$kernel" '{ n[$1] += $3 } END { for (boot in n) print n[boot], kernel "/" boot }'
done | sort -rn | cut -d ' ' -f 2); do
    case $job in
    */alone) alone="$alone $job" ;;
    */counted) behind="$behind $job" ;;
    *) together="$together $job" ;;
    esac
done
# shellcheck disable=SC2086
[ -z "$behind$together$controls" ] || in_parallel $behind $together $controls
for job in $alone; do
    in_parallel "$job"
done
[ $failed = no ]
