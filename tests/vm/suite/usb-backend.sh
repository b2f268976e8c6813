# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1
# plain: 6.1
# seconds: 150
# long-seconds: 600
# needs: usb_stream guest_stream hotplug vidicon libvidicon
# The library's own USB backend on the USB card, at high speed (card 4) and at SuperSpeed (card 5), in a guest
# without udev: firmware, the return under the other id, every byte of every picture, faults, unplugging, and
# the same id behind it.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v usb_stream >/dev/null || {
    skip all 'the backend is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}
modprobe xhci-pci 2>/dev/null
frames=20 rounds=1
[ ! -f /share/long ] || frames=300 rounds=5

# listed ID: does the library list it?
listed() {
    vidicon list | grep -q "^$1 "
}

# told WHAT: has the watching program said so?
told() {
    grep -q "$id.*$1" "$scratch/hotplug.$card"
}

# stream NAME COMMAND...: pictures that are all right.
stream() {
    stream_name=$speed.$1
    shift
    check "$stream_name" "$@" && note "$stream_name: $(tail -n 1 "$scratch/check.out")"
}

# soon ID: is the first frame there within a second of opening? One of three times, as the host may be busy.
soon() {
    for turn in 1 2 3; do
        usb_stream "$1" YUYV 640x480 1 >"$scratch/soon.out" || return 1
        echo "$turn: $(cat "$scratch/soon.out")"
        test "$(value first_ms "$(cat "$scratch/soon.out")")" -ge 1000 || return 0
    done
    return 1
}

# leave HOW: the card goes while it is captured from.
leave() {
    before=$(value bulk_bytes "$(rig usb "$card")")
    leave_capturing "$1" $((before + 2000000)) usb_stream "$id" YUYV 640x480 0 hold=1
}

for card in 4 5; do
    speed=high link=480 ways=pull
    [ $card = 4 ] || speed=super link=5000 ways='unplug fault'
    [ ! -f /share/long ] || ways='pull unplug fault'
    id=usb:VMRIG0000000000$card
    hotplug 600 >>"$scratch/hotplug.$card" 2>&1 &
    watcher=$!
    sleep 1
    check $speed.plug rig plug $card || continue
    check $speed.link await 10 sh -c "grep -q '^$link$' /sys/bus/usb/devices/*-*/speed"
    check $speed.listed await 10 listed $id || continue
    connects=$(value connects "$(rig usb $card)")
    rig rate $card patient
    stream upload usb_stream $id YUYV 640x480 3
    check $speed.comes-back test "$(value connects "$(rig usb $card)")" -eq $((connects + 1))
    stream frames guest_stream $id 640x480 $frames 4
    # Nothing is copied, nothing allocated.
    stream caller usb_stream $id YUYV 640x480 30 caller=1
    answer=$(tail -n 1 "$scratch/check.out")
    check $speed.no-copy test "$(value copies "$answer")" -eq 0 -a "$(value copied_bytes "$answer")" -eq 0
    check $speed.no-allocation test "$(value allocations "$answer")" -eq 0
    check $speed.first-frame soon $id
    [ $card = 4 ] || stream 1080p guest_stream $id 1920x1080 $((frames / 4)) 4
    if [ $card = 5 ] && [ -f /share/long ]; then
        # 1080p30 over a link as fast as SuperSpeed is, in the card's own time: nothing is lost. Over one that is too
        # slow for it much is: the control.
        rig limit $card 400000000
        begun=$(value model_ns "$(rig now $card)")
        stream 1080p30 usb_stream $id YUYV 1920x1080 150 interval=333333 buffers=8
        check $speed.1080p30.rate test $((($(value model_ns "$(rig now $card)") - begun) / 1000000)) -ge 4900
        rig limit $card 100000000
        usb_stream $id YUYV 1920x1080 60 interval=333333 buffers=8 lossy=1 >"$scratch/last.out"
        cat "$scratch/last.out"
        check $speed.1080p30.control test "$(value dropped "$(tail -n 1 "$scratch/last.out")")" -ge 10
        rig limit $card 0
    fi

    # A picture that is another one: the comparison's control.
    rig faults $card 'control-change@frame=4,control=0,value=10'
    check $speed.control.found sh -c "! guest_stream $id 640x480 10 4"
    check $speed.control.count test "$(value bad "$(tail -n 1 "$scratch/check.out")")" -ge 5
    rig faults $card

    usb_stream $id YUYV 640x480 20 plant=1 >"$scratch/last.out"
    check $speed.control.allocations test "$(value allocations "$(cat "$scratch/last.out")")" -ge 20

    # What is damaged on the wire is lost, with its cause, and so may be what was on its way with it.
    for fault in usb-short usb-stall; do
        packet=$(($(value good "$(rig ledger $card)") + $(value usb "$(rig ledger $card)") + 5))
        rig faults $card "$fault@packet=$packet"
        injected=$(value $fault "$(rig injected $card)")
        usb_stream $id YUYV 640x480 20 lossy=1 >"$scratch/last.out"
        cat "$scratch/last.out"
        check "$speed.$fault" test $(($(value $fault "$(rig injected $card)") - injected)) -eq 1 \
            -a "$(value frames "$(cat "$scratch/last.out")")" -eq 20 -a "$(value bus "$(cat "$scratch/last.out")")" -ge 1 \
            -a "$(value bus "$(cat "$scratch/last.out")")" -le 3
        rig faults $card
    done

    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        for how in $ways; do
            check "$speed.$how.$round" leave $how
            rig faults $card
            check "$speed.$how.$round.plug" rig plug $card
            check "$speed.$how.$round.same-id" await 10 listed $id
            stream "$how.$round.back" guest_stream $id 640x480 3 4
        done
    done
    check $speed.refused test "$(value refused "$(rig usb $card)")" -eq 0
    # One that was away for less than a second may have gone unnoticed; not so this.
    check $speed.hotplug.came await 5 told arrived
    check $speed.hotplug.lives kill -0 $watcher
    cat "$scratch/hotplug.$card"
    : >"$scratch/hotplug.$card"
    rig unplug $card
    check $speed.hotplug.left await 8 told removed
    cat "$scratch/hotplug.$card"
    kill $watcher
    wait $watcher
    check $speed.gone await 5 sh -c "! vidicon list | grep -q '^$id '"
done
