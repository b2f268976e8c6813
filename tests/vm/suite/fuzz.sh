# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: debug
# long: debug
# seconds: 240
# long-seconds: 600
# needs: v4l ioctl_fuzz32
# Ioctls that are nearly right, for both nodes at once, by 64- and 32-bit programs. What the kernel
# says of it is judged outside; here the driver must still work, and much must have been reached.
. /suite/lib.sh

check load modprobe vidicon || exit 0
check node await 30 node_of vidicon 1
seconds=2
[ ! -f /share/long ] || seconds=90
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

# fuzz PROGRAM: three processes, two of them on the picture node.
fuzz() {
    video=$(node_of vidicon)
    (
        echo 1000 >/proc/self/oom_score_adj
        exec "$1" $seconds "$seed" "$video" "$(node_of vidicon 1)" "$video"
    )
}

# The card has been told anything: its own first input and the timing that is detected there, then a
# picture.
works() {
    video=$(node_of vidicon) || return 1
    await 20 /opt/v4l/v4l2-ctl -d "$video" --set-input 0 || return 1
    await 20 /opt/v4l/v4l2-ctl -d "$video" --set-dv-bt-timings query || return 1
    frame_check "$video" size=640x480 format=YUYV frames=10 any-picture may-drop && return 0
    /opt/v4l/v4l2-ctl -d "$video" --all --log-status 2>&1
    private_check "$video" 2>&1
    return 1
}

# As when it was new.
again() {
    rmmod vidicon && rig power 0 && modprobe vidicon && await 30 node_of vidicon || return 1
    rig rate 0 patient
    frame_check "$(node_of vidicon)" size=640x480 format=YUYV frames=5
}

for program in ioctl_fuzz ioctl_fuzz32; do
    if ! command -v $program >/dev/null; then
        skip $program 'this machine builds no 32-bit programs'
        continue
    fi
    if check $program fuzz $program; then
        note "$(tail -n 1 "$scratch/check.out"), seed $seed, $seconds s"
    else
        note "seed $seed"
    fi
    check $program.works works
    [ ! -f /share/long ] || check $program.again again
    rig rate 0 real
done
[ -f /share/long ] || check again again
rig rate 0 real
check unload rmmod vidicon
