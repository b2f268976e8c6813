# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1
# plain: 6.1
# seconds: 120
# long-seconds: 900
# The USB card, at high speed (card 4) and at SuperSpeed (card 5), by a bare libusb loop over the
# guest's own controller: firmware, the return under the other id, every byte of every picture,
# speed limits, faults compared with the ledger, unplugging.
. /suite/lib.sh

command -v usb_check >/dev/null || {
    skip all 'no usb_check: libusb was not there when the guest was made'
    exit 0
}
modprobe xhci-pci 2>/dev/null
rounds=1
[ ! -f /share/long ] || rounds=10
image=/opt/firmware/capture-1.1.vdfw

# frames NAME OPTION...: pictures of the card at $speed that are all right.
frames() {
    frames_name=$speed.$1
    shift
    check "$frames_name" usb_check "$speed" $image "$@" &&
        note "$frames_name: $(tail -n 1 "$scratch/check.out")"
}

# last NAME: of what usb_check said at its end.
last() {
    value "$1" "$(tail -n 1 "$scratch/last.out")"
}

# One fault, and what is found of it: fault KIND WHAT LEAST MOST. Of frames only good ones count, so
# that as many come as were asked for.
fault() {
    ledger=$(rig ledger "$card")
    before=$(value "$1" "$(rig injected "$card")")
    packet=$(($(value good "$ledger") + $(value usb "$ledger") + 5))
    rig faults "$card" "$1@packet=$packet"
    usb_check "$speed" $image frames=40 transfer=262144 >"$scratch/last.out"
    status=$?
    cat "$scratch/last.out"
    check "$speed.$1.injected" test $(($(value "$1" "$(rig injected "$card")") - before)) -eq 1
    rig faults $card
    check "$speed.$1.found" test $status -eq 0 -a "$(last "$2")" -ge "$3" -a "$(last "$2")" -le "$4"
    check "$speed.$1.recovers" test "$(last bad)" -eq 0 -a "$(last frames)" -ge 40
    check "$speed.$1.ledger" test $(($(value usb "$(rig ledger "$card")") - $(value usb "$ledger"))) -ge 1
}

# After a capture that nobody disturbed: what came is what the model says it sent.
agree() {
    before=$(rig ledger "$card")
    usb_check "$speed" $image frames=20 >"$scratch/last.out"
    cat "$scratch/last.out"
    after=$(rig ledger "$card")
    # The ledger's losses on the bus are those frames that were made, but not read before the stop.
    sent=$(($(value good "$after") - $(value good "$before")))
    check "$speed.ledger.good" test "$(last frames)" -ge 20 -a "$(last frames)" -le $sent -a $sent -le $(($(last frames) + 2))
    check "$speed.ledger.fifo" test "$(last lost)" -eq $(($(value fifo "$after") - $(value fifo "$before")))
}

# leave HOW: the card goes while it is captured from.
leave() {
    leave_capturing "$1" "$sent" usb_check "$speed" $image frames=1000000 verify=0 hold=1
}

# at SPEED: all of it, for the card of that speed.
at() {
    speed=$1 card=4 limit=53000000
    [ $speed = high ] || card=5 limit=400000000
    check $speed.plug rig plug $card || return 0
    connects=$(value connects "$(rig usb $card)")
    frames boot frames=3 event=1
    check $speed.comes-back test "$(value connects "$(rig usb $card)")" -eq $((connects + 1))
    rig rate $card patient
    frames frames frames=20
    frames small-transfers frames=5 transfer=16384 count=16
    frames devmem frames=5 transfer=262144 devmem=1
    agree

    fault usb-corrupt damaged 1 1
    fault usb-short damaged 1 1
    fault usb-stall stalls 1 8

    # A request that is never answered ends by its time-out, and the next one is answered.
    rig hang $card 1
    check $speed.hang sh -c "! usb_check $speed $image frames=1"
    check $speed.hang.counted test "$(value hung "$(rig usb $card)")" -eq 1
    frames hang.after frames=1

    # No faster than the bus.
    rig limit $card $limit
    rig rate $card real
    usb_check $speed $image width=1920 frames=10 verify=0 transfer=262144 >"$scratch/last.out"
    cat "$scratch/last.out"
    check $speed.limit test "$(last kb_per_s)" -gt 0 -a "$(last kb_per_s)" -le $((limit * 102 / 100000))
    note "$speed: $(last kb_per_s) of $((limit / 1000)) kB/s"
    rig limit $card 0
    rig rate $card patient

    # A picture that is another one: the comparison's control.
    rig faults $card 'control-change@frame=4,control=0,value=10'
    usb_check $speed $image frames=10 >"$scratch/last.out"
    check $speed.control.found test "$(last bad)" -ge 6
    rig faults $card

    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        for how in pull unplug fault; do
            sent=$(value bulk_bytes "$(rig usb $card)")
            check "$speed.$how.$round" leave $how
            rig faults $card
            check "$speed.$how.$round.plug" rig plug $card
            frames "$how.$round.back" frames=3
        done
    done
    answer=$(rig usb $card)
    check $speed.nothing-refused test "$(value refused "$answer")" -eq 0
    note "$speed: $answer"
    return 0
}
side_by_side at high super
