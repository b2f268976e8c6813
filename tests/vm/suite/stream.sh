# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7
# long: 6.1 6.12 7 debug
# seconds: 300
# long-seconds: 900
# long-boot: more
# needs: nothing
# The driver on the card: loaded, streaming, each picture compared, faults at their place, unloaded.
. /suite/lib.sh

modinfo vidicon >/dev/null 2>&1 || {
    skip all 'there is no driver'
    exit 0
}
refused=$(value count "$(rig refused 0)") # others asked for DMA to nowhere before
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon
video=$(node_of vidicon)
[ -n "$video" ] || exit 0

frames=30
[ ! -f /share/long ] || frames=600

# stream NAME OPTION...: pictures that are all right.
stream() {
    stream_name=$1
    shift
    check "$stream_name" frame_check "$video" "$@" && note "$stream_name: $(tail -n 1 "$scratch/check.out")"
}

# As it would be in life; on a busy machine an emulated guest may be too slow for it.
stream real-time size=1920x1080 format=YUYV frames=30 may-drop
rig rate 0 patient
rig segments 0
stream mmap.1080p60 size=1920x1080 format=YUYV frames=$frames
answer=$(rig segments 0)
note "segments: $answer"
# The card writes above 4 GiB where there is memory, which machine.sh gives to Linux 7.
case $(uname -r) in
7.*) check mmap.above-4g test "$(value high "$answer")" -gt 0 ;;
*) check mmap.below-4g test "$(value high "$answer")" -eq 0 ;;
esac
stream mmap.uyvy size=640x480 format=UYVY frames=10
stream mmap.nv12 size=1280x720 format=NV12 frames=10
stream mmap.rgb24 size=640x480 format=RGB24 frames=10
stream mmap.grey size=640x480 format=GREY frames=10
stream read size=640x480 format=YUYV frames=10 memory=read may-drop
stream userptr size=1920x1080 format=YUYV frames=10 memory=userptr

# Frames over pages that do not adjoin: 1080p has 1012.5 of them, and one more with an odd start.
rig segments 0
stream scatter size=1920x1080 format=YUYV frames=10 memory=scatter
answer=$(rig segments 0)
check scatter.segments test "$(value min "$answer")" -ge 950
note "scattered: segments of a frame $answer"
rig segments 0
stream scatter.odd size=1920x1080 format=YUYV frames=10 memory=scatter offset=1236
answer=$(rig segments 0)
check scatter.odd.segments test "$(value min "$answer")" -ge 950

# Every interrupt is for a frame, or for the beginning and end of captures.
before=$(rig ledger 0)
stream interrupts size=1280x720 format=YUYV frames=30
after=$(rig ledger 0)
interrupts=$(($(value interrupts "$after") - $(value interrupts "$before")))
produced=$(($(value produced "$after") - $(value produced "$before")))
check interrupts.at-most-one-a-frame test $interrupts -le $((produced + 3))
note "interrupts $interrupts for $produced frames"

# The control: what is turned over on the way must be found, each of them.
before=$(value count "$(rig flipped 0)")
rig flip 0 5
frame_check "$video" size=640x480 format=YUYV frames=20 >"$scratch/flip.out"
rig flip 0 0
flipped=$(($(value count "$(rig flipped 0)") - before))
found=$(value bad "$(tail -n 1 "$scratch/flip.out")")
check control.flips-injected test $flipped -ge 4
check control.flips-found test "$found" -ge 4 -a "$found" -le $flipped
note "flipped $flipped, found $found (those behind the last picture asked for are not looked at)"

# A program that knows nothing of Vidicon: what the model sends is what it gets, byte for byte.
# Small pieces over the shared folder cost much, and so does ffmpeg with all its libraries: it is started once.
head -c 614400 /dev/urandom >"$scratch/clip.raw"
cp "$scratch/clip.raw" /share/clip.raw
check ffmpeg.clip rig clip 0 YUYV 640 480 clip.raw
if host_run /usr/bin/env sh -c 'command -v ffmpeg' >/dev/null 2>&1; then
    check ffmpeg.captures host_run /usr/bin/env ffmpeg -nostdin -loglevel error -y -f v4l2 \
        -input_format yuyv422 -video_size 640x480 -i "$video" -frames:v 1 -f rawvideo "$scratch/ffmpeg.raw"
    check ffmpeg.byte-equal cmp "$scratch/clip.raw" "$scratch/ffmpeg.raw"
else
    skip ffmpeg.captures 'no ffmpeg on the host'
fi
check clip frame_check "$video" size=640x480 format=YUYV frames=2 any-picture "save=$scratch/last.raw"
check clip.byte-equal cmp "$scratch/clip.raw" "$scratch/last.raw"
check pattern rig clip 0 none

# Full speed: the descriptors are what limits.
rig rate 0 max
before=$(rig ledger 0)
stream full-speed size=1920x1080 format=YUYV frames=60 buffers=8 may-drop any-picture
after=$(rig ledger 0)
note "full speed: $(($(value interrupts "$after") - $(value interrupts "$before"))) interrupts"
rig rate 0 real

check unload rmmod vidicon
# Without messages it takes the line.
card=$(card_check where)
echo 0 >"/sys/bus/pci/devices/$card/msi_bus"
check intx.load modprobe vidicon
check intx.node await 20 node_of vidicon
rig rate 0 patient
stream intx.stream size=640x480 format=YUYV frames=10
check intx.line grep -E 'IO-APIC.*vidicon' /proc/interrupts
rig rate 0 real
check intx.unload rmmod vidicon
echo 1 >"/sys/bus/pci/devices/$card/msi_bus"
check no-dma-outside test "$(value count "$(rig refused 0)")" -eq "$refused"
