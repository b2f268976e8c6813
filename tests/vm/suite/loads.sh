# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: debug
# seconds: 90
# long-seconds: 500
# Loaded, capturing, unloaded, many times; on the debug kernel, kmemleak looks when all is done.
. /suite/lib.sh

rounds=4
if [ -f /share/long ]; then
    rounds=8
    ! uname -r | grep -q debug || rounds=100
fi

# Each fourth time without waiting for the nodes: unloaded while the card boots.
load() {
    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        modprobe vidicon || return 1
        if [ $((round % 4)) -ne 0 ]; then
            await 30 node_of vidicon || return 1
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
