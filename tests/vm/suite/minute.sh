# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# boot: alone
# plain: none
# kernels: 6.1 6.12 7
# seconds: 240
# needs: guest_stream
# Sixty seconds of 1080p60 in real time, on a host that does nothing else: every byte of every picture, nothing lost,
# nothing copied, at most one interrupt a picture. Then as fast as the card goes.
. /suite/lib.sh

command -v guest_stream >/dev/null || {
    skip all 'the program is not in this guest: give it in VIDICON_VM_PROGRAMS'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon
video=$(node_of vidicon)

# grown NAME: by how much a value of the ledger grew.
grown() {
    echo $(($(value "$1" "$after") - $(value "$1" "$before")))
}

before=$(rig ledger 0)
check 1080p60 guest_stream "v4l2:$video" 1920x1080 3600 16
after=$(rig ledger 0)
note "1080p60: $(tail -n 1 "$scratch/check.out")"
note "1080p60: $(grown interrupts) interrupts, $(grown produced) frames, of them without a buffer $(grown no_buffer)"
check 1080p60.card-lost-none test "$(grown produced)" -eq "$(grown good)"
check 1080p60.interrupts test "$(grown interrupts)" -le $(($(grown produced) + 3))

# The control: the same with bits turned over must not pass.
rig flip 0 50
check control.flips-are-found sh -c "! guest_stream v4l2:$video 1920x1080 120 16"
found=$(value bad "$(tail -n 1 "$scratch/check.out")")
rig flip 0 0
check control.flips-found test "${found:-0}" -ge 2
note "flips found: ${found:-0}"

# Here only the queue of descriptors limits.
rig rate 0 max
before=$(rig ledger 0)
begun=$(cut -d ' ' -f 1 /proc/uptime)
check full-speed frame_check "$video" size=1920x1080 format=YUYV frames=3600 buffers=16 may-drop any-picture
ended=$(cut -d ' ' -f 1 /proc/uptime)
after=$(rig ledger 0)
note "full speed: $(tail -n 1 "$scratch/check.out")"
note "full speed: $(awk "BEGIN { s = $ended - $begun; printf \"%.2f GB/s, %.0f interrupts/s, %.0f frames/s\", \
    $(grown dma_bytes) / s / 1e9, $(grown interrupts) / s, $(grown good) / s }")"
check full-speed.interrupts test "$(grown interrupts)" -le $(($(grown produced) + 3))
rig rate 0 real
check unload rmmod vidicon
