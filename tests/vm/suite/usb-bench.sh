# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# boot: counted
# kernels: 6.1
# plain: none
# long-seconds: 600
# How fast a bare libusb loop can be at SuperSpeed, without a limit: sizes of transfers, ordinary memory and
# the kernel's (libusb_dev_mem_alloc), as instructions a megabyte, in a machine that counts them (one is two
# nanoseconds of its time). The backend is measured beside the best of these.
. /suite/lib.sh

command -v usb_check >/dev/null || {
    skip all 'no usb_check: libusb was not there when the guest was made'
    exit 0
}
modprobe xhci-pci 2>/dev/null
image=/opt/firmware/capture-1.1.vdfw
check plug rig plug 5 || exit 0
check boot usb_check super $image frames=3
rig rate 5 max

# loop SIZE COUNT DEVMEM: the middle of three, instructions a megabyte; 0 if it does not run.
loop() {
    : >"$scratch/figures"
    for turn in 1 2 3; do
        usb_check super $image width=1920 frames=16 verify=0 "transfer=$1" "count=$2" "devmem=$3" \
            >"$scratch/loop.out" || break
        echo "$turn: $(tail -n 1 "$scratch/loop.out")"
        echo $(($(value cpu_ns_per_mb "$(tail -n 1 "$scratch/loop.out")") / 2)) >>"$scratch/figures"
    done
    test "$(wc -l <"$scratch/figures")" -eq 3 || echo 0 >"$scratch/figures"
    sort -n "$scratch/figures" | sed -n 2p | grep . || echo 0
}

best=
for devmem in 0 1; do
    for size in 16384 65536 262144 1048576 4194304; do
        count=$((4194304 / size))
        [ $count -le 32 ] || count=32
        [ $count -ge 2 ] || count=2
        figure=$(loop $size $count $devmem | tail -n 1)
        check "loop.$size.devmem$devmem" test "$figure" -gt 0
        note "transfers of $size, $count under way, device memory $devmem: $figure instructions a megabyte"
        [ "$devmem" = 1 ] || [ "$figure" -eq 0 ] || [ "${best:-$figure}" -lt "$figure" ] || best=$figure
    done
done
# Copies are what the kernel's memory spares: if these figures did not show it, they would show nothing.
check control.copies-are-seen test "$figure" -lt "${best:-0}"
