# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: debug
# plain: debug
# seconds: 200
# long-seconds: 400
# Each allocation of the kernel fails in turn: of a stream's start, of handles and events; of probe
# each fourth, and another first one each time.
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
    if check "$trial" alloc_check "$trial"; then
        answer=$(tail -n 1 "$scratch/check.out")
        note "$trial: $answer"
        check "$trial.some" test "$(value allocations "$answer")" -gt 3
    fi
done
rig rate 0 real
check unload rmmod vidicon
