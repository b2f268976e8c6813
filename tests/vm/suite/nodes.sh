# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 6.12
# long: 6.1 6.12 7 debug
# long-boot: more
# needs: v4l dmabuf_check libvidicon
# What the nodes offer beyond a plain capture: events of each frame, EBUSY for a second program,
# dma-bufs of others and of the driver, and what it shows of itself.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon 1
video=$(node_of vidicon)
rig rate 0 patient

check events event_check "$video" && note "$(tail -n 1 "$scratch/check.out")"
if command -v dmabuf_check >/dev/null; then
    modprobe udmabuf 2>/dev/null
    if [ -c /dev/udmabuf ]; then
        check dmabuf.import dmabuf_check import
    else
        note 'this kernel makes no dma-bufs for others to take: udmabuf is in the newer ones'
    fi
    check dmabuf.export dmabuf_check export
else
    skip dmabuf 'the library is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
fi

log_status() {
    /opt/v4l/v4l2-ctl -d "$video" --log-status >"$scratch/log-status" 2>&1
    cat "$scratch/log-status"
    grep -E 'firmware [0-9a-f]{8}, ready' "$scratch/log-status"
}
check log-status log_status
for file in /sys/kernel/debug/vidicon/*/registers; do
    check registers grep -E '^000 ARCH_ID 31434456$' "$file"
    check registers.many test "$(wc -l <"$file")" -gt 30
    # The control: what steers memory or interrupts is not shown.
    check registers.few sh -c "! grep -E 'DESC_BASE|COMPLETION_BASE|INT_MASK' $file"
done
for file in /sys/kernel/debug/vidicon/*/state; do
    check state grep -x 'ready 1' "$file"
done
rig rate 0 real
check unload rmmod vidicon
