# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# boot: counted
# kernels: 6.1
# plain: 6.1
# seconds: 200
# long-seconds: 600
# needs: usb_stream peer_libuvc vidicon libvidicon
# The library beside libuvc on the same camera, in a machine that counts instructions: what a frame costs each, isochronous and
# bulk; and what each makes of a frame that is cut short, and of a camera that is pulled out. What libuvc does there is only told.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v usb_stream >/dev/null && command -v peer_libuvc >/dev/null || {
    skip all 'no usb_stream or peer_libuvc in this guest'
    exit 0
}
rig camera unplug >/dev/null || {
    skip all 'the rig has no camera: libusbredirparser was not there when it was made'
    exit 0
}
modprobe xhci-pci 2>/dev/null
id=usb:CAM1 frames=40 turns=3
[ ! -f /share/long ] || frames=160 turns=5
# Of libuvc's, in hundredths.
limit=50

# plug WORD...: and until it is there.
plug() {
    rig camera plug "$@" && await 10 sh -c "vidicon list | grep -q '^$id '"
}

# once WHO: a run without comparison, its last line of figures.
once() {
    case $1 in
    vidicon) usb_stream $id YUYV 320x240 $frames lossy=1 buffers=16 interval=333333 ;;
    ordinary) usb_stream "$id?devmem=off" YUYV 320x240 $frames lossy=1 buffers=16 interval=333333 ;;
    libuvc) peer_libuvc 320x240 $frames ;;
    esac 2>/dev/null | grep '^frames='
}

# measure WHO...: in turns, added to what was measured before; sets $mean_WHO, instructions a frame of its process. Now and then one
# turn is a third dearer, as the bus is asked for packets all the same when a frame comes late.
measure() {
    turn=0
    while [ $turn -lt $turns ]; do
        turn=$((turn + 1))
        for who; do
            answer=$(once "$who") || return 1
            echo "$who: $answer"
            figure=$(($(value cpu_ns_per_frame "$answer") / 2))
            test $figure -gt 1000 || return 1
            eval "sum_$who=\$((sum_$who + figure))"
        done
    done
    measured=$((measured + turns))
    for who; do
        eval "mean_$who=\$((sum_$who / measured))"
    done
}

# at_most FIGURE OF LIMIT
at_most() {
    echo "$1 instructions a frame, libuvc $2, limit $3 hundredths"
    test $(($1 * 100)) -le $(($2 * $3))
}

printf '| UVC camera at high speed, 320x240 YUYV, Linux %s | libuvc, instructions/frame | Vidicon | of libuvc |\n| --- | --- | --- | --- |\n' \
    "$(uname -r)" >>/share/performance.md
for form in bulk iso; do
    words=$form
    [ $form = bulk ] || words=
    # shellcheck disable=SC2086
    check $form.plug plug $words || continue
    # The control is in it: without the controller's memory it costs more, and that must show.
    measured=0 sum_libuvc=0 sum_vidicon=0 sum_ordinary=0
    check $form.runs measure libuvc vidicon ordinary || continue
    # That it is too much is only believed of twice as many.
    # shellcheck disable=SC2154
    [ $((mean_vidicon * 100)) -le $((mean_libuvc * limit)) ] || measure libuvc vidicon ordinary
    echo "| $form | $mean_libuvc | $mean_vidicon | 0.$(printf %02d $((mean_vidicon * 100 / mean_libuvc))) |" >>/share/performance.md
    # shellcheck disable=SC2154
    note "$form: libuvc $mean_libuvc instructions a frame, Vidicon $mean_vidicon, into ordinary memory $mean_ordinary"
    check $form.limit at_most "$mean_vidicon" "$mean_libuvc" "$limit"
    check $form.control.copies-are-seen test "$mean_ordinary" -gt $((mean_vidicon + mean_vidicon / 20))
done
echo >>/share/performance.md

# A frame that is cut in half on its way.
for who in libuvc vidicon; do
    check short.$who.plug plug bulk 3:4:1 || continue
    case $who in
    libuvc)
        peer_libuvc 320x240 10 compare >"$scratch/short.out" 2>/dev/null
        note "a frame cut short: libuvc: $(grep '^frames=' "$scratch/short.out")"
        ;;
    vidicon)
        usb_stream $id YUYV 320x240 10 lossy=1 compare=1 interval=333333 >"$scratch/short.out"
        answer=$(tail -n 1 "$scratch/short.out")
        note "a frame cut short: Vidicon: $answer"
        check short.vidicon test "$(value bad "$answer")" -eq 0 -a "$(value bus "$answer")" -eq 1 -a "$(value lost "$answer")" -eq 1
        ;;
    esac
done

# pulled COMMAND...: it captures, the camera is pulled out. 0 if it ended by itself, without a signal, in 20 s.
pulled() {
    plug bulk || return 1
    "$@" >"$scratch/pulled.out" 2>&1 &
    capture=$!
    sleep 1
    rig camera pull
    await 20 sh -c "! kill -0 $capture" || {
        kill -9 $capture
        echo 'it never ended'
        return 1
    }
    wait $capture
    status=$?
    cat "$scratch/pulled.out"
    echo "ended with $status"
    test $status -eq 0
}
check pulled.vidicon pulled usb_stream $id YUYV 320x240 0 hold=1
if pulled peer_libuvc 320x240 0 hold >"$scratch/peer.out" 2>&1; then
    note 'a camera pulled out: libuvc told nothing, and could be closed'
else
    note "a camera pulled out: libuvc told nothing; then: $(tail -n 1 "$scratch/peer.out")"
fi
rig camera unplug
