# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1
# plain: none
# seconds: 150
# long-seconds: 400
# needs: usb_stream_asan vidicon libvidicon
# The USB backend under the address and the leak sanitizer, above a real libusb and a real kernel: the card and the camera
# leave in mid frame, in each way, come back under the same id, and nothing is left behind or used after its end.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
command -v usb_stream_asan >/dev/null || {
    skip all 'usb_stream_asan is not in this guest: give it in VIDICON_VM_PROGRAMS'
    exit 0
}
modprobe xhci-pci 2>/dev/null
rounds=1
[ ! -f /share/long ] || rounds=3

# found FILE: did a sanitizer find something?
found() {
    grep -qE 'Sanitizer|runtime error' "$1"
}

# quiet COMMAND...: it succeeds, and no sanitizer speaks. What it said is in said.
quiet() {
    "$@" >"$scratch/said" 2>&1
    status=$?
    cat "$scratch/said"
    ! found "$scratch/said" && return $status
}

loud() {
    ! quiet "$@"
}

# listed ID: does the library list it?
listed() {
    vidicon list | grep -q "^$1 "
}

# leave HOW: the card goes while it is captured from.
leave() {
    before=$(value bulk_bytes "$(rig usb "$card")")
    leave_capturing "$1" $((before + 2000000)) usb_stream_asan "$id" YUYV 640x480 0 hold=1
}

pulled() {
    pull_camera 20 usb_stream_asan $id YUYV 320x240 0 hold=1 numbers=1
}

for card in 4 5; do
    speed=high
    [ $card = 4 ] || speed=super
    id=usb:VMRIG0000000000$card
    check $speed.plug rig plug $card || continue
    check $speed.listed await 10 listed $id || continue
    rig rate $card patient
    check $speed.stream quiet usb_stream_asan $id YUYV 640x480 20
    check $speed.caller quiet usb_stream_asan $id YUYV 640x480 20 caller=1
    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        for how in pull unplug fault; do
            check "$speed.$how.$round" quiet leave $how
            rig faults $card
            check "$speed.$how.$round.plug" rig plug $card
            check "$speed.$how.$round.same-id" await 10 listed $id
            check "$speed.$how.$round.back" quiet usb_stream_asan $id YUYV 640x480 3
        done
    done

    # The control: a block a frame that nobody gives back is found, and the program's status says so, too.
    check $speed.control.loud loud usb_stream_asan $id YUYV 640x480 5 leak=1
    check $speed.control.status test $status -ne 0
    check $speed.control.found found "$scratch/said"
    check $speed.control.blocks grep -q '320 byte(s) leaked in 5 allocation' "$scratch/said"
    rig unplug $card
done

id=usb:CAM1
if rig camera unplug >/dev/null; then
    for form in iso bulk; do
        words=
        [ $form = iso ] || words='ss bulk'
        # shellcheck disable=SC2086
        check camera.$form.plug rig camera plug $words || continue
        check camera.$form.listed await 10 listed $id
        check camera.$form.stream quiet usb_stream_asan $id YUYV 320x240 20 lossy=1
        round=0
        while [ $round -lt $rounds ]; do
            round=$((round + 1))
            check "camera.$form.pulled.$round" quiet pulled
            # shellcheck disable=SC2086
            check "camera.$form.pulled.$round.plug" rig camera plug $words
            check "camera.$form.pulled.$round.same-id" await 10 listed $id
            check "camera.$form.pulled.$round.back" quiet usb_stream_asan $id YUYV 320x240 3 lossy=1
        done
        rig camera unplug
    done
else
    skip camera 'the rig has no camera: libusbredirparser was not there when it was made'
fi
