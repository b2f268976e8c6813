# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1
# plain: 6.1
# seconds: 150
# long-seconds: 900
# needs: v4l usb_stream vidicon libvidicon
# The UVC camera of tests/usb/camera in its four forms, under the kernel's uvcvideo and under the library's USB backend
# beside it: each frame that comes is one of the camera's, byte for byte, and both see the same picture. Isochronous frames may be
# missing, as the emulator's queue is open at both ends; none may be wrong.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v usb_stream >/dev/null || {
    skip all 'the backend is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}
rig camera unplug >/dev/null || {
    skip all 'the rig has no camera: libusbredirparser was not there when it was made'
    exit 0
}
modprobe -a xhci-pci uvcvideo
frames=20
[ ! -f /share/long ] || frames=200
id=usb:CAM1

# free: the kernel's driver has no node; taken: it has one.
free() {
    ! node_of uvcvideo >/dev/null
}
taken() {
    node_of uvcvideo >/dev/null
}

# same FORM: frame 0 by both.
same() {
    cmp "$scratch/kernel.raw" "$scratch/vidicon.raw" && test -s "$scratch/vidicon.raw"
}

# capture NAME COMMAND...: good pictures; for a bus that loses none also all of them. What came is in $answer.
capture() {
    capture_name=$form.$1
    shift
    check "$capture_name" "$@" || return 1
    answer=$(tail -n 1 "$scratch/check.out")
    note "$capture_name: $answer"
}

# pulled: the camera is gone at once while it is captured from, and the program is told.
pulled() {
    pull_camera 10 usb_stream $id YUYV 320x240 0 hold=1 numbers=1 &&
        test "$(value frames "$(tail -n 1 "$scratch/leave.out" | sed 's/.*frames=/frames=/')")" -ge 1
}

# Controls of again_if: a program that says TEXT and fails, TIMES times, ends with STATUS behind so many calls that LEFT are left.
fails_at_first() {
    left=$(cat "$scratch/left")
    echo $((left - 1)) >"$scratch/left"
    [ "$left" -gt 0 ] || return 0
    echo "$1"
    return 1
}
asked() { # asked TIMES TEXT STATUS LEFT
    echo "$1" >"$scratch/left"
    asked_status=0
    again_if 'frame 0 did not come' fails_at_first "$2" || asked_status=$?
    test $asked_status -eq "$3" -a "$(cat "$scratch/left")" -eq "$4"
}
check control.silent-once asked 1 'frame 0 did not come' 0 -1
check control.silent-twice asked 2 'frame 0 did not come' 1 0
check control.wrong-is-not-asked-again asked 2 'frame 3 is wrong' 1 1

for form in high.iso high.bulk super.iso super.bulk; do
    words='' lossy=lossy=1
    case $form in super.*) words=ss ;; esac
    case $form in *.bulk) words="$words bulk" lossy= ;; esac
    # shellcheck disable=SC2086
    check $form.plug rig camera plug $words || continue
    check $form.uvcvideo await 10 taken || continue
    sleep 0.2
    # shellcheck disable=SC2086
    # What the kernel's driver loses in a slow guest is its own affair, and one without any is asked again; none may be wrong.
    capture kernel again_if 'frame 0 did not come' usb_stream "v4l2:$(node_of uvcvideo)" YUYV 320x240 $frames compare=1 buffers=32 lossy=1 \
        "save=$scratch/kernel.raw"
    usb_stream $id YUYV 320x240 $frames compare=1 buffers=32 $lossy "save=$scratch/vidicon.raw" >"$scratch/own.out" 2>&1 &
    own=$!
    check $form.driver-is-taken-away await 10 free
    check $form.vidicon wait $own
    answer=$(cat "$scratch/own.out")
    note "$form.vidicon: $answer"
    check $form.in-order test "$(value again "$answer")" -eq 0
    check $form.no-allocation test "$(value allocations "$answer")" -eq 0
    check $form.one-copy test "$(value copied_bytes "$answer")" -eq $(($(value frames "$answer") * 320 * 240 * 2))
    check $form.driver-is-given-back await 10 taken
    check $form.same-picture same
    rm -f "$scratch"/*.raw
    case $form in
    *.bulk)
        capture NV12 usb_stream $id NV12 640x360 5 compare=1
        capture MJPG usb_stream $id MJPG 640x360 5 compare=1 lossy=1
        capture H264 usb_stream $id H264 1280x720 5 compare=1 lossy=1
        ;;
    esac
    check $form.pulled pulled
done

# The comparison's control: brighter by one is another picture.
check control.plug rig camera plug bulk
check control.node await 10 taken
check control.brighter /opt/v4l/v4l2-ctl -d "$(node_of uvcvideo)" --set-ctrl brightness=1
check control.found sh -c "! usb_stream $id YUYV 320x240 5 compare=1"
check control.count test "$(value bad "$(tail -n 1 "$scratch/check.out")")" -eq 5

# The tool's command for extension units.
check extension.set vidicon unit $id 3 1 --set 09080706
check extension.get sh -c "vidicon unit $id 3 1 | grep -qx 09080706"

# A frame that is cut on its way: neither takes it for a good one, and the library says why it is missing.
check short.plug rig camera plug bulk 3:2:1
check short.node await 10 taken
capture_short() {
    usb_stream "$1" YUYV 320x240 5 compare=1 lossy=1
}
check short.vidicon capture_short $id
answer=$(tail -n 1 "$scratch/check.out")
check short.counted test "$(value bus "$answer")" -eq 1 -a "$(value lost "$answer")" -eq 1

if [ -f /share/long ]; then
    # What a 1080p camera sends, over a link as fast as SuperSpeed is, in the camera's own time: each picture of the
    # sensor comes, thirty a second. Over one that is too slow for it the sensor skips some: the control.
    for form in 1080p30 too-slow; do
        limit=400000000
        [ $form = 1080p30 ] || limit=100000000
        check $form.plug rig camera plug ss bulk patient limit=$limit
        check $form.node await 10 taken
        check $form.stream usb_stream $id YUYV 1920x1080 150 compare=1 interval=333333 buffers=8 lossy=1
        answer=$(tail -n 1 "$scratch/check.out")
        note "$form: $answer"
        check $form.all test "$(value frames "$answer")" -eq 150 -a "$(value lost "$answer")" -eq 0 -a "$(value dropped "$answer")" -eq 0
        answer=$(rig camera unplug)
        note "$form: the camera: $answer"
        if [ $form = 1080p30 ]; then
            check $form.sensor test "$(value skipped "$answer")" -eq 0 -a "$(value begun "$answer")" -ge 150
        else
            check $form.sensor test "$(value skipped "$answer")" -ge 30
        fi
    done
fi
answer=$(rig camera unplug)
note "the camera's account: $answer"
rmmod uvcvideo
