# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: debug
# plain: debug
# seconds: 300
# long-seconds: 900
# needs: nothing
# Each allocation of the kernel fails in turn: of a stream's start, of handles and events (without --long
# each sixth and each third, and another first one each time), with --long of probe, too.
# All must be undone, and the next one without a failure works; leaks are looked for at the end. It is
# the last suite: the kernel's own check of DMA gives up when its memory fails.
. /suite/lib.sh

check load modprobe vidicon || exit 0
check node await 30 node_of vidicon 1
rig rate 0 patient
trials='stream records open'
[ ! -f /share/long ] || trials="probe $trials boot"
for trial in $trials; do
    echo "at $(cut -d ' ' -f 1 /proc/uptime)"
    most=2000 step=1
    case $trial in
    boot) most=12 ;;
    stream) [ -f /share/long ] || step=6 ;;
    records) [ -f /share/long ] || step=3 ;;
    esac
    if check "$trial" alloc_check "$trial" $most $step; then
        answer=$(tail -n 1 "$scratch/check.out")
        note "$trial: $answer"
        check "$trial.some" test "$(value allocations "$answer")" -gt 3
    fi
done
rig rate 0 real
check unload rmmod vidicon
