#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual machine rig: sh tests/vm/run.sh [--long] [--kernel NAME]... [--suite NAME]... [--keep]
#   --long         the long durations and counts
#   --kernel NAME  6.1, 6.12, 7 or debug; may be repeated; all four without
#   --suite NAME   one of tests/vm/suite, or controls (of the debug kernel); may be repeated
#   --keep         says where the logs of a good run are; those of a bad one are always kept
# Prints ok, not ok and skip lines, one a test. Builds and fetches what it needs. The build folder
# is VIDICON_VM_BUILD, or build/vm. VIDICON_VM_PROGRAMS: more programs for the guest's /programs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
. "$here/debian.sh"
. "$here/machine.sh"
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

work=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-vm.XXXXXX")
failed=no
finish() {
    machine_end
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

# header NAME SCRIPT: the value of a line "# NAME: value" at a script's head.
header() {
    sed -n "s/^# $1: //p" "$2" | head -n 1
}

# Which suites a kernel runs: those that name it, or no kernel at all. Without --long, those with a
# line "# plain: KERNEL..." only on these.
list_suites() {
    for script in "$here"/suite/*.sh; do
        name=$(basename "$script" .sh)
        case $name in all | lib | planted) continue ;; esac
        if [ -n "$suites" ]; then
            case " $suites " in *" $name "*) ;; *) continue ;; esac
        elif [ -z "$long" ] && grep -q '^# plain:' "$script"; then
            case " $(header plain "$script") " in *" $1 "*) ;; *) continue ;; esac
        fi
        case " $(header kernels "$script") " in
        '  ' | *" $1 "*) ;;
        *) continue ;;
        esac
        seconds=$(header seconds "$script")
        [ -z "$long" ] || seconds=$(header long-seconds "$script" | grep . || echo "$seconds")
        echo "$name ${seconds:-120}"
    done
}

# What a kernel says when something is wrong with it or with a driver.
bad_news='BUG:|WARNING:|Oops|general protection fault|KASAN|UBSAN|DMA-API: .*: |possible .* detected|sleeping function called'
bad_news="$bad_news|INFO: task .* blocked|rcu: INFO|Kernel panic|kernel memory leak|nobody cared"

run_kernel() {
    kernel=$1
    folder=$work/$kernel
    mkdir -p "$folder/share"
    machine_kernel "$kernel" 2>"$folder/kernel.log" || {
        say "not ok vm.$kernel.kernel: $(tail -n 1 "$folder/kernel.log")"
        return 0
    }
    list_suites "$kernel" >"$folder/share/suites"
    [ -s "$folder/share/suites" ] || return 0
    [ -z "$long" ] || touch "$folder/share/long"
    seconds=$(awk '{ n += $2 } END { print n + 180 }' "$folder/share/suites")
    module=$(sh "$here/module.sh" "$kernel" 2>"$folder/module.log") || {
        say "not ok vm.$kernel.module: $(grep -E 'error|warning' "$folder/module.log" |
            tail -n 1)"
        module=
    }
    awake=$(sh "$here/module.sh" "$kernel" "$here/awake" 2>>"$folder/module.log") ||
        say "not ok vm.$kernel.awake: $(tail -n 1 "$folder/module.log")"
    # shellcheck disable=SC2046,SC2086
    if ! "$here/initramfs.sh" "$folder/initrd" "$KERNEL_MODULES" "$KERNEL_RELEASE" \
        $(machine_files) $module $awake $VIDICON_VM_PROGRAMS >"$folder/initramfs.log" 2>&1 ||
        ! machine_server "$folder" $((seconds + 30)) 2>>"$folder/initramfs.log"; then
        say "not ok vm.$kernel.machine: $(tail -n 1 "$folder/initramfs.log")"
        return 0
    fi
    machine_run "$folder" "$seconds" "$KERNEL_IMAGE" "$folder/initrd" 'quiet vmr=suites' \
        -serial "file:$folder/console.log" -device "$(machine_card "$folder")" \
        >"$folder/qemu.log" 2>&1 </dev/null || true
    machine_end
    judge
}

# The lines of one boot, and what its kernel thinks.
judge() {
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
        say "ok vm.$kernel.ends"
    else
        say "not ok vm.$kernel.ends: stopped in $(cat "$folder/share/running" 2>/dev/null ||
            echo "its start"), see $folder/console.log"
    fi
    if [ "$kernel" = debug ] && [ -f "$folder/share/done" ]; then
        if [ ! -f "$folder/share/kmemleak.txt" ]; then
            say "not ok vm.$kernel.kmemleak: it was not asked"
        elif [ -s "$folder/share/kmemleak.txt" ]; then
            say "not ok vm.$kernel.kmemleak: $(grep -c unreferenced "$folder/share/kmemleak.txt") leaks"
        else
            say "ok vm.$kernel.kmemleak"
        fi
    fi
    cat "$folder/console.log" "$folder/share/dmesg.txt" 2>/dev/null | tr -d '\r' |
        grep -aE "$bad_news" >"$folder/news" || true
    if [ -s "$folder/news" ]; then
        say "not ok vm.$kernel.kernel-log: $(head -n 1 "$folder/news")"
    else
        say "ok vm.$kernel.kernel-log"
    fi
}

VIDICON_VM_PROGRAMS=${VIDICON_VM_PROGRAMS:-}
for kernel in $kernels; do
    began=$(date +%s)
    run_kernel "$kernel"
    case "$kernel $suites $long" in
    'debug  yes' | debug*' controls '*) run_controls ;;
    esac
    say "# $kernel: $(($(date +%s) - began)) s"
done
[ $failed = no ]
