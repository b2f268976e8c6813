# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# boot: counted
# plain: 6.1
# seconds: 200
# long-seconds: 600
# What a frame costs, in a machine that counts instructions (one is two nanoseconds of its time): a bare loop, the
# library, and with --long what others use. Of each two runs, of which one takes more frames: the rest is no frame's.
. /suite/lib.sh

command -v guest_bench >/dev/null || {
    skip all 'the benchmark is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}
size=640x480 width=640 height=480
few=30 many=150 rounds=1
[ ! -f /share/long ] || few=60 many=360 rounds=3

# once WAY DEVICE FRAMES: microseconds of processor time of one run.
once() {
    case $1 in
    bare) set -- guest_bench bare "$2" $size "$3" ;;
    bare-both) set -- guest_bench bare "$2" $size "$3" "$records" ;;
    vidicon) set -- guest_bench library "v4l2:$2?metadata=off" $size "$3" ;;
    vidicon-both) set -- guest_bench library "v4l2:$2" $size "$3" ;;
    planted) set -- guest_bench planted "v4l2:$2?metadata=off" $size "$3" ;;
    v4l2-ctl)
        set -- /opt/v4l/v4l2-ctl -d "$2" --set-fmt-video=width=$width,height=$height,pixelformat=YUYV \
            --stream-mmap=4 "--stream-count=$3"
        ;;
    ffmpeg)
        set -- host_run /usr/bin/ffmpeg -nostdin -loglevel error -f v4l2 -input_format yuyv422 \
            -video_size $size -i "$2" -frames:v "$3" -c copy -f null -
        ;;
    gstreamer)
        set -- host_run /usr/bin/env GST_REGISTRY=$scratch/registry.bin \
            GST_PLUGIN_SYSTEM_PATH_1_0=$scratch/plugins GST_REGISTRY_FORK=no \
            /usr/bin/gst-launch-1.0 -q v4l2src "device=$2" "num-buffers=$3" \
            ! "video/x-raw,format=YUY2,width=$width,height=$height" ! fakesink
        ;;
    opencv) set -- host_run $scratch/peer_opencv "$2" $width $height "$3" ;;
    esac
    guest_bench spent "$@"
}

# measure WAY DEVICE: instructions a frame, the middle of the rounds; 0 if it does not run.
measure() {
    turn=0
    : >"$scratch/figures"
    while [ $turn -lt $rounds ]; do
        turn=$((turn + 1))
        first=$(once "$1" "$2" $few) && second=$(once "$1" "$2" $many) || break
        echo $(((second - first) * 500 / (many - few))) >>"$scratch/figures"
    done
    echo "$1 $2: $(tr '\n' ' ' <"$scratch/figures")" >&2
    if [ "$(wc -l <"$scratch/figures")" -eq $rounds ]; then
        sort -n "$scratch/figures" | sed -n "$(((rounds + 1) / 2))p"
    else
        echo 0
    fi
}

# peers: those that are on the host, made ready.
peers() {
    echo v4l2-ctl
    host_run /usr/bin/env ffmpeg -version >/dev/null 2>&1 && echo ffmpeg
    plugins=$(host_run /usr/bin/env find /usr/lib -name libgstvideo4linux2.so | head -n 1)
    if [ -n "$plugins" ] && [ -x /host/usr/bin/gst-launch-1.0 ]; then
        mkdir -p $scratch/plugins
        for plugin in libgstvideo4linux2.so libgstcoreelements.so; do
            ln -s "${plugins%/*}/$plugin" $scratch/plugins/
        done
        echo gstreamer
    fi
    if [ -f /share/peer_opencv ]; then
        cp /share/peer_opencv $scratch/ && echo opencv
    fi
}

# row WAY FIGURE BARE
row() {
    echo "| $1 | $2 | $(($2 * 100 / $3 / 100)).$(printf %02d $(($2 * 100 / $3 % 100))) |" >>/share/performance.md
}

# of NAME DEVICE WAY...: the table of one device, and what it must hold.
of() {
    name=$1 device=$2
    shift 2
    for way; do # what a first run fetches and writes is not counted
        case $way in ffmpeg | gstreamer | opencv) once "$way" "$device" 5 >/dev/null ;; esac
    done
    bare=$(measure bare "$device")
    own=$(measure vidicon "$device")
    check "$name.runs" test "$bare" -gt 1000 -a "$own" -gt 1000 || return 0
    printf '| %s, %s YUYV, Linux %s | instructions/frame | of the bare loop |\n| --- | --- | --- |\n' \
        "$name" $size "$(uname -r)" >>/share/performance.md
    row 'bare loop: poll, DQBUF, QBUF' "$bare" "$bare"
    row Vidicon "$own" "$bare"
    note "$name: bare loop $bare instructions a frame, Vidicon $own"
    check "$name.at-most-1.05-of-bare" test $((own * 100)) -le $((bare * 105))
    planted=$(measure planted "$device")
    note "$name: with a tenth planted $planted"
    check "$name.control.planted-is-noticed" test $((planted * 100)) -gt $((bare * 105))
    for way; do
        figure=$(measure "$way" "$device")
        check "$name.$way.runs" test "$figure" -gt 1000 || continue
        row "$way" "$figure" "$bare"
        note "$name: $way $figure"
        check "$name.below-$way" test "$own" -lt "$figure"
    done
    if [ -n "$records" ]; then
        both=$(measure bare-both "$device")
        own=$(measure vidicon-both "$device")
        check "$name.records.runs" test "$both" -gt 1000 -a "$own" -gt 1000 || return 0
        row 'bare loop over both nodes' "$both" "$bare"
        row 'Vidicon, records read' "$own" "$bare"
        note "$name: with records, bare loop $both, Vidicon $own"
    fi
    echo >>/share/performance.md
}

ways=
[ ! -f /share/long ] || ways=$(peers)
rm -f /share/performance.md

records=
check vivid.load modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x3 vid_cap_nr=20 || exit 0
check vivid.node await 10 test -c /dev/video20
# shellcheck disable=SC2086
of vivid /dev/video20 $ways
check vivid.unload rmmod vivid

check card.load modprobe vidicon || exit 0
check card.node await 20 node_of vidicon
records=$(node_of vidicon 1)
# shellcheck disable=SC2086
of card "$(node_of vidicon)" $ways
check card.unload rmmod vidicon
