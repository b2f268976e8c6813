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

# Reads that wait for their turn while the driver lets go of the card end, and get no buffers from it:
# the kernel's log is looked at when all is done. The one that has the queue makes the others fail.
card=$(card_check where)
/opt/v4l/v4l2-ctl -d "$video" -v width=640,height=480,pixelformat=YUYV
pause=0.1
[ ! -f /share/long ] || pause=0.02
reader() {
    while [ -e "$scratch/reading" ]; do
        # Another one each time that the old one is still open.
        reads=$(node_of vidicon) && head -c 1300000 "$reads" | tail -c 100 >>"$scratch/read"
        sleep $pause
    done 2>>"$scratch/reader-says"
}
let_go() {
    echo "$card" >/sys/bus/pci/drivers/vidicon/unbind &&
        echo "$card" >/sys/bus/pci/drivers/vidicon/bind && await 20 node_of vidicon
}
touch "$scratch/reading"
readers=
for round in 1 2 3 4 5 6; do
    reader &
    readers="$readers $!"
done
for round in 1 2 3 4 5; do
    rm -f "$scratch/read"
    check "readers.$round.read" await 30 test -s "$scratch/read"
    check "readers.$round.let-go" let_go
done
rm -f "$scratch/reading"
# shellcheck disable=SC2086
check readers.end wait $readers
check readers.refused test -s "$scratch/reader-says"
check readers.picture frame_check "$(node_of vidicon)" size=640x480 format=YUYV frames=5
rig rate 0 real
check unload rmmod vidicon
