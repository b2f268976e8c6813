# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# boot: counted
# kernels: 6.1
# plain: 6.1
# seconds: 200
# long-seconds: 900
# needs: firmware usb_stream libvidicon
# What a megabyte of pictures costs over USB, in a machine that counts instructions: a bare libusb loop with the best transfers
# that usb-bench found, and the library beside it in the same run, with ordinary memory and with the controller's own
# (libusb_dev_mem_alloc). Instructions are gated; speeds are the emulator's and only told.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v usb_check >/dev/null && command -v usb_stream >/dev/null || {
    skip all 'no usb_check or usb_stream in this guest'
    exit 0
}
modprobe xhci-pci 2>/dev/null
# Four buffers of 1080p are more than the 16 MB that usbfs lends without this.
echo 64 >/sys/module/usbcore/parameters/usbfs_memory_mb
image=/opt/firmware/capture-1.1.vdfw
id=usb:VMRIG00000000005
frames=30 turns=3 asked=640x480
[ ! -f /share/long ] || frames=110 turns=5 asked=1920x1080
# Into mapped memory a frame costs little, and a look at the card's clock each 2 s is a part of it: counted are 300, from where that is so.
many=300 settled=320

# run WAY: one run, its last line.
run() {
    case $1 in
    bare-ordinary) usb_check super $image width=1920 frames=$((frames - 10)) verify=0 transfer=4194304 count=2 devmem=0 ;;
    bare-mapped) usb_check super $image width=1920 frames=$many verify=0 transfer=4194304 count=2 devmem=1 ;;
    ordinary) usb_stream $id YUYV 1920x1080 $frames caller=1 lossy=1 ;;
    mapped) usb_stream "$id?devmem=on" YUYV 1920x1080 $((settled + many)) lossy=1 warm=$settled ;;
    planted) usb_stream "$id?devmem=on" YUYV 1920x1080 $((settled + many)) lossy=1 warm=$settled plant=1 ;;
    esac >"$scratch/run.out" 2>&1 || return 1
    tail -n 1 "$scratch/run.out"
}

# middle WAY NAME: of the turns; 0 if one of them did not run.
middle() {
    if test "$(wc -l <"$scratch/$2.$1")" -eq $turns; then
        sort -n "$scratch/$2.$1" | sed -n "$(((turns + 1) / 2))p"
    else
        echo 0
    fi
}

# take_turns WAY...: one after the other, as a host has better and worse minutes. Instructions and speeds are kept for middle().
take_turns() {
    for way; do
        : >"$scratch/figures.$way"
        : >"$scratch/speeds.$way"
    done
    turn=0
    while [ $turn -lt $turns ]; do
        turn=$((turn + 1))
        for way; do
            answer=$(run "$way") || continue
            echo "$way: $answer"
            echo $(($(value cpu_ns_per_mb "$answer") / 2)) >>"$scratch/figures.$way"
            value kb_per_s "$answer" >>"$scratch/speeds.$way"
        done
    done
}

# result WAY: $figure, instructions a megabyte, and $speed, kB/s; by the middle of the turns, since a host that is late with the
# transfers adds wakings, or takes one away.
result() {
    figure=$(middle "$1" figures) speed=$(middle "$1" speeds)
    test "$figure" -gt 0
}

# row TITLE BARE
row() {
    echo "| $1 | $figure | $((figure * 100 / $2 / 100)).$(printf %02d $((figure * 100 / $2 % 100))) | $((speed / 1000)) |" \
        >>/share/performance.md
}

# at_most BARE HUNDREDTHS
at_most() {
    echo "$figure instructions a megabyte, $1 of the bare loop, limit $2 hundredths"
    test $((figure * 100)) -le $(($1 * $2))
}

check plug rig plug 5 || exit 0
check boot usb_check super $image frames=3
rig rate 5 max
printf '| USB card at SuperSpeed, 1920x1080 YUYV, Linux %s | instructions/MB | of the bare loop | MB/s |\n| --- | --- | --- | --- |\n' \
    "$(uname -r)" >>/share/performance.md
# Into the controller's memory nothing is copied: what is left is one transfer a frame. The thread that waits for frames handles it as
# the loop does, without the kernel's timer that the loop has; what the library adds is a twentieth of that. A frame handed
# from thread to thread would be half as much again, a copy a hundred times.
for memory in ordinary mapped; do
    take_turns bare-$memory $memory
    check $memory.bare result bare-$memory || continue
    bare=$figure
    row "bare libusb loop, $memory memory" "$bare"
    note "$memory memory: bare loop $bare instructions a megabyte, $speed kB/s"
    check $memory.runs result $memory || continue
    row "Vidicon, $memory memory" "$bare"
    note "$memory memory: Vidicon $figure, $speed kB/s"
    check $memory.limit at_most "$bare" 105
done
echo >>/share/performance.md

# Nothing is asked of the card for a frame: a longer run has no more requests, but for the clock's: up to one each 50 ms
# for a second, then at most one each 500 ms, however slow the machine is; and a second request where the two clocks disagree,
# which they do here, as a card at its fastest has a time of its own. All of the longer run counts.
hundredths() {
    read -r hundredths_now _ </proc/uptime
    echo "${hundredths_now%.*}${hundredths_now#*.}"
}
controls() {
    controls_before=$(value controls "$(rig usb 5)") controls_begun=$(hundredths)
    usb_stream $id YUYV $asked "$1" caller=1 lossy=1 >"$scratch/run.out" || return 1
    echo "$(($(value controls "$(rig usb 5)") - controls_before)) $(($(hundredths) - controls_begun))"
}
short=$(controls 10)
long=$(controls 250)
later=$((${long#* } - 100))
[ $later -gt 0 ] || later=0
spare=$((30 + later / 25))
check controls test "$((${long% *} - ${short% *}))" -le "$spare"
note "control requests: ${short% *} in a run of 10 frames, ${long% *} of 250, up to $spare of them not the frames'"

# The controls: a block taken a frame shows where none are allowed, and 4 KB written into it in the figure that has the limit.
more_than() {
    ! at_most "$@"
}
answer=$(run planted)
figure=$(($(value cpu_ns_per_mb "$answer") / 2))
note "mapped memory: with a block planted $figure"
check control.more-is-noticed more_than "$bare" 105
check control.planted-is-noticed test "$(value allocations "$answer")" -ge $((2 * many))
rig unplug 5
