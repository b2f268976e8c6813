# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7 debug
# long: 6.1 debug
# seconds: 300
# long-seconds: 800
# needs: nothing
# The card leaves in the middle of a capture, in each of three ways, and comes back: the program
# gets an error in time and no wrong picture before it, the driver lets go, the next capture is right again.
. /suite/lib.sh

modinfo vidicon >/dev/null 2>&1 || {
    skip all 'there is no driver'
    exit 0
}
check load modprobe vidicon || exit 0
rounds=1
if [ -f /share/long ]; then
    rounds=2
    uname -r | grep -q debug || rounds=34
fi

# The program has ended.
told() {
    ! kill -0 "$capture" 2>/dev/null
}

# More often than before this turn.
come_about() {
    [ "$(value unplug "$(rig injected 0)")" -gt "$injected" ]
}

# leave HOW: with a capture going on.
leave() {
    video=$(node_of vidicon) || return 1
    frame_check "$video" size=640x480 format=YUYV frames=1000000 may-drop >"$scratch/leave.out" 2>&1 &
    capture=$!
    sleep 0.5
    case $1 in
    fault)
        injected=$(value unplug "$(rig injected 0)")
        # A second ahead, so that a slow guest asks in time; if it does not, once more.
        for ahead in 60 300; do
            frame=$(value capture_produced "$(rig ledger 0)")
            rig faults 0 "unplug@frame=$((frame + ahead))" || return 1
            await $((ahead / 20)) come_about && break
        done
        come_about || {
            kill -9 $capture
            echo "the fault did not come about"
            return 1
        }
        ;;
    *) rig "$1" 0 || return 1 ;;
    esac
    await 20 told || {
        kill -9 $capture
        echo "the program was not told"
        return 1
    }
    cat "$scratch/leave.out"
    test "$(value bad "$(tail -n 1 "$scratch/leave.out")")" -eq 0
}

back() {
    rig faults 0
    rig plug 0 || return 1
    rig rate 0 patient
    await 20 node_of vidicon || return 1
    frame_check "$(node_of vidicon)" size=640x480 format=YUYV frames=5 || return 1
    rig rate 0 real
}

check node await 20 node_of vidicon
round=0
while [ $round -lt $rounds ]; do
    round=$((round + 1))
    for how in pull unplug fault; do
        check "$how.$round" leave $how
        check "$how.$round.back" back
    done
done
note "$((rounds * 3)) times"
check unload rmmod vidicon
