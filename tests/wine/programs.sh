#!/bin/sh
# SPDX-License-Identifier: MIT
# The tool and the samples as Windows programs, on the simulated card: what they print and write must
# be what the Linux programs print and write. Wants $here, $mingw and $dev; works in this folder.
set -u
: "${here:?}" "${mingw:?}" "${dev:?}"

card='sim:0?rate=max'

# both NAME PROGRAM ARGUMENT...: the same words from both, line ends aside. A signal is "unstable" for
# so short a time that a program may see it or not.
both() {
    name=$1 program=$2
    shift 2
    timeout -k 5 60 "$dev/bin/$program" "$@" >"$name.linux" 2>&1
    linux=$?
    timeout -k 5 60 wine "$mingw/bin/$program.exe" "$@" 2>&1 </dev/null |
        tr -d '\r' >"$name.windows"
    sed -i '/signal changed, it is unstable/d' "$name.linux" "$name.windows"
    if [ $linux -ne 0 ]; then
        echo "not ok programs.$name: the Linux program ends with status $linux"
    elif ! cmp -s "$name.linux" "$name.windows"; then
        echo "not ok programs.$name: the two differ, see $name.linux and $name.windows"
    else
        echo "ok programs.$name"
    fi
}

# capture NAME ARGUMENT...: both write NAME.raw, byte for byte the same.
capture() {
    name=$1
    shift
    timeout -k 5 60 "$dev/bin/vidicon" capture "$@" -o "$name.linux.raw" >"$name.linux" 2>&1
    timeout -k 5 60 wine "$mingw/bin/vidicon.exe" capture "$@" -o "$name.windows.raw" \
        >"$name.windows" 2>&1 </dev/null
    if [ ! -s "$name.linux.raw" ]; then
        echo "not ok programs.$name: the Linux program wrote nothing"
    elif ! cmp "$name.linux.raw" "$name.windows.raw" >"$name.cmp" 2>&1; then
        echo "not ok programs.$name: $(head -n 1 "$name.cmp")"
    else
        echo "ok programs.$name"
    fi
    rm -f "$name".*.raw
}

# file NAME OUTPUT COMMAND...: both write OUTPUT, in a folder each, byte for byte the same; a sample also
# prints the same words. The tool's table has latencies in it.
file() {
    name=$1 output=$2 program=$3
    shift 3
    rm -rf "$name.files"
    mkdir -p "$name.files/linux" "$name.files/windows"
    (cd "$name.files/linux" && timeout -k 5 60 "$dev/bin/$program" "$@") >"$name.linux" 2>&1
    (cd "$name.files/windows" && timeout -k 5 60 wine "$mingw/bin/$program.exe" "$@" </dev/null) \
        2>&1 | tr -d '\r' >"$name.windows"
    if [ ! -s "$name.files/linux/$output" ]; then
        echo "not ok programs.$name: the Linux program wrote nothing"
    elif ! cmp "$name.files/linux/$output" "$name.files/windows/$output" >"$name.cmp" 2>&1; then
        echo "not ok programs.$name: $(head -n 1 "$name.cmp")"
    elif [ "$program" != vidicon ] && ! cmp -s "$name.linux" "$name.windows"; then
        echo "not ok programs.$name: the words differ, see $name.linux and $name.windows"
    else
        echo "ok programs.$name"
        rm -rf "$name.files"
    fi
}

# says NAME STATUS WORDS ARGUMENT...: the tool as a Windows program ends so and says that.
says() {
    name=$1 wanted=$2 words=$3
    shift 3
    timeout -k 5 60 wine "$mingw/bin/vidicon.exe" "$@" >"$name.windows" 2>&1 </dev/null
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "not ok programs.$name: it ends with status $status, see $name.windows"
    elif ! grep -q "$words" "$name.windows"; then
        echo "not ok programs.$name: no \"$words\" in $name.windows"
    else
        echo "ok programs.$name"
    fi
}

both version vidicon --version
both list vidicon list --sim 2
both info vidicon info "$card"
both help vidicon --help
capture capture-yuyv "$card" --frames 20
capture capture-nv12 "$card" --frames 5 --format NV12
capture capture-rgb24 "$card" --frames 3 --format RGB24
capture capture-ports 'sim:0?rate=max&body=ports' --frames 5
both sample-list list --sim 2
both sample-controls controls sim:0 Brightness=140 Gain=20
both sample-caller-buffers caller_buffers "$card" 50
both sample-eventloop eventloop "$card" 50
both sample-hotplug hotplug 2 "sim:0?faults=signal-loss@time=300000,ms=200"

# The real libusb, which finds no bus under Wine; a library without that backend has other words.
if [ -f "$mingw/bin/libusb-1.0.dll" ]; then
    says usb-list 0 '^No capture device found' list
    says usb-open 3 '^vidicon: usb:any: no such device is plugged in' info usb:any
else
    for name in usb-list usb-open; do
        echo "skip programs.$name: $(tail -n 1 libraries.log)"
    done
fi

# Pictures and clips need libraries that Debian has for Linux only.
if [ -f "$mingw/bin/snapshot.exe" ] && [ -f "$mingw/bin/record.exe" ]; then
    file sample-snapshot picture.png snapshot "$card" picture.png
    file sample-record clip.y4m record "$card" clip.y4m 20
    file capture-png picture.png vidicon capture "$card" --frames 1 -o picture.png
    file capture-y4m clip.y4m vidicon capture "$card" --frames 5 --format NV12 -o clip.y4m
    file capture-png-rgb picture.png vidicon capture 'sim:0?rate=max&body=ports' --frames 1 \
        --format RGB24 -o picture.png
else
    for name in sample-snapshot sample-record capture-png capture-y4m capture-png-rgb; do
        echo "skip programs.$name: $(tail -n 1 libraries.log)"
    done
fi
