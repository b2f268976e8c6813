# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7 debug
# seconds: 300
# long-seconds: 800
# The card leaves in the middle of a capture, in each of three ways, and comes back: the program
# gets an error in time, the driver lets go, the next capture is right again.
. /suite/lib.sh

modinfo vidicon >/dev/null 2>&1 || {
    skip all 'there is no driver'
    exit 0
}
check load modprobe vidicon || exit 0
rounds=1
if [ -f /share/long ]; then
    rounds=2
    ! uname -r | grep -q '^6\.1\..*amd64' || rounds=34
fi

# leave HOW: with a capture going on.
leave() {
    video=$(node_of vidicon) || return 1
    frame_check "$video" size=640x480 format=YUYV frames=1000000 may-drop >"$scratch/leave.out" 2>&1 &
    capture=$!
    sleep 1
    case $1 in
    fault)
        # Three seconds ahead, so that a slow guest asks in time.
        frame=$(value capture_produced "$(rig ledger 0)")
        rig faults 0 "unplug@frame=$((frame + 180))" || return 1
        await 60 sh -c 'rig injected 0 | grep -q "^unplug=[1-9]"' || {
            kill -9 $capture
            echo "the fault did not come about"
            return 1
        }
        ;;
    *) rig "$1" 0 || return 1 ;;
    esac
    await 20 sh -c "! kill -0 $capture" || {
        kill -9 $capture
        echo "the program was not told"
        return 1
    }
    cat "$scratch/leave.out"
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
