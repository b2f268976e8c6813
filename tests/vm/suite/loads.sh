# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: debug
# long: 6.1 debug
# seconds: 240
# long-seconds: 900
# needs: nothing
# Loaded, capturing, unloaded, many times; on the debug kernel, kmemleak looks when all is done.
. /suite/lib.sh

rounds=2 pictures=2
if [ -f /share/long ]; then
    rounds=10 pictures=10
    ! uname -r | grep -q debug || rounds=100
fi

# With a picture each second time (in long runs, each tenth), with nodes each second; else unloaded
# while the card boots.
load() {
    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        modprobe vidicon || return 1
        if [ $((round % 2)) -eq 0 ]; then
            await 30 node_of vidicon || return 1
        fi
        if [ $((round % pictures)) -eq 0 ]; then
            frame_check "$(node_of vidicon)" size=64x64 format=YUYV frames=3 may-drop || return 1
        fi
        rmmod vidicon || return 1
        ! node_of vidicon || return 1
    done
}

check loads load && note "$rounds times"
check again modprobe vidicon
check again.node await 30 node_of vidicon
check again.picture frame_check "$(node_of vidicon)" size=640x480 format=YUYV frames=3 may-drop
check unload rmmod vidicon
