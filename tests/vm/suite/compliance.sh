# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1 6.12 7
# plain: 6.12
# seconds: 300
# long-seconds: 900
# long-boot: conformance
# needs: v4l
# v4l2-compliance of the kernel's own age, on the driver's nodes: no failure and no warning. It streams by mmap, USERPTR
# and dma-bufs, with --long in every format.
. /suite/lib.sh

modinfo vidicon >/dev/null 2>&1 || {
    skip all 'there is no driver'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon
note "v4l-utils $(cat /opt/v4l/version)"

# comply NAME NODE OPTION...: a buffer that comes back done from the ioctl that gave it to the driver was filled meanwhile: an
# emulated processor that stands still gives a card the time for that. The tool takes it for a mistake, and is asked once more.
comply() {
    comply_name=$1
    shift
    again_if 'g_flags() & V4L2_BUF_FLAG_DONE' /opt/v4l/v4l2-compliance -d "$@" >"$scratch/comply.out" 2>&1
    cat "$scratch/comply.out"
    total=$(tail -n 1 "$scratch/comply.out")
    # What it cannot test it counts as neither.
    case $total$(grep 'Cannot test' "$scratch/comply.out") in
    Total*' Failed: 0, Warnings: 0') ok "$comply_name" ;;
    *) not_ok "$comply_name" "$(grep -E 'fail:|warn:|Cannot test' "$scratch/comply.out" | head -n 1) $total" ;;
    esac
    note "$comply_name: $total"
}

# another: the pictures' node of the second card.
another() {
    for node in /sys/class/video4linux/video*; do
        read -r node_index <"$node/index" && [ "$node_index" = 0 ] || continue
        driver=$(readlink "$node/device/driver")
        [ "${driver##*/}" != vidicon ] || [ "/dev/${node##*/}" = "$video" ] || {
            echo "/dev/${node##*/}"
            return 0
        }
    done
    return 1
}

rig rate 0 patient
video=$(node_of vidicon 0)
meta=$(node_of vidicon 1)
formats=
[ ! -f /share/long ] || formats=-f
# Dma-bufs come from a device of another kind, with room for all that the card makes.
check exporter modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0 vid_cap_nr=20 \
    no_error_inj=1
check exporter.node await 10 test -c /dev/video20
check exporter.format /opt/v4l/v4l2-ctl -d /dev/video20 -v width=1920,height=1080,pixelformat=RGB3
# The control, on a second card meanwhile, as most of it is waiting: who gives it no dma-bufs is told that something was
# not tested.
rig plug 1
rig rate 1 patient
await 20 another
/opt/v4l/v4l2-compliance -d "$(another)" -s2 >"$scratch/control" 2>&1 &
control=$!
# With -s it does all that it does without, and streams besides.
# shellcheck disable=SC2086
comply streaming "$video" -s10 -e /dev/video20 $formats
wait $control
check control.not-tested test "$(grep -c 'Cannot test' "$scratch/control")" -gt 0
rig unplug 1

# Records come with the pictures of a capture.
/opt/v4l/v4l2-ctl -d "$video" -v width=640,height=480 --stream-mmap >"$scratch/capture" 2>&1 &
capture=$!
comply metadata "$meta" -s10 -e /dev/video20
check metadata.capture kill $capture
wait $capture
rig rate 0 real
check unload.exporter rmmod vivid
check unload rmmod vidicon
