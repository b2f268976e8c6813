# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7
# long: 6.12 debug
# seconds: 120
# long-boot: more
# needs: nothing
# Several cards: each has its nodes, both stream at once, one leaves and the others go on.
. /suite/lib.sh

# nodes: the picture nodes of all cards.
nodes() {
    for node in /sys/class/video4linux/video*; do
        [ "$(cat "$node/index" 2>/dev/null)" = 0 ] || continue
        driver=$(readlink "$node/device/driver" 2>/dev/null)
        [ "${driver##*/}" != vidicon ] || echo "/dev/${node##*/}"
    done
}

are() {
    [ "$(nodes | wc -l)" -eq "$1" ]
}

# both FRAMES NODE...: each in a process of its own, all right.
both() {
    both_frames=$1 both_bad=0 both_all=
    shift
    for both_node; do
        frame_check "$both_node" size=640x480 format=YUYV "frames=$both_frames" &
        both_all="$both_all $!"
    done
    for both_one in $both_all; do
        wait "$both_one" || both_bad=1
    done
    return $both_bad
}

# serials: two, and not the same.
serials() {
    serials_all=$(cat /sys/kernel/debug/vidicon/*/state | grep '^serial')
    echo "$serials_all"
    [ "$(echo "$serials_all" | wc -l)" -eq 2 ] && [ "$(echo "$serials_all" | sort -u | wc -l)" -eq 2 ]
}

check load modprobe vidicon || exit 0
check first await 20 are 1
check second.plugs rig plug 1
check second await 20 are 2 || exit 0
rig rate 0 patient
rig rate 1 patient
# shellcheck disable=SC2046
check both-stream both 60 $(nodes)
check serials serials

first=$(nodes | head -n 1)
frame_check "$first" size=640x480 format=YUYV frames=300 >"$scratch/goes-on" 2>&1 &
goes_on=$!
sleep 1
check second.leaves rig unplug 1
check one.is-left await 20 are 1
wait $goes_on
check other.goes-on test $? -eq 0
cat "$scratch/goes-on"
rig rate 0 real
check unload rmmod vidicon
