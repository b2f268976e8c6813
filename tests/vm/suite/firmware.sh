# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7
# long: 7 debug
# seconds: 200
# long-seconds: 300
# long-boot: more
# needs: firmware firmware_check libvidicon
# Firmware through the driver: stored with progress, tried, committed, rolled back, refused by name,
# with a flash and a power that fail; and a file in /lib/firmware.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
images=/opt/firmware
place=/lib/firmware/vidicon
command -v firmware_check >/dev/null || {
    skip all 'the library is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}

# anew [IMAGE]: card and driver as when they were new, with that file for the driver.
anew() {
    ! grep -q '^vidicon ' /proc/modules || rmmod vidicon || return 1
    rig erase 0 || return 1
    mkdir -p $place
    rm -f $place/capture.vdfw
    [ -z "${1:-}" ] || cp "$images/$1" $place/capture.vdfw
    modprobe vidicon && await 30 node_of vidicon
}

# Nothing in flash, then a whole life of it; refusals and failures at its end.
check anew anew
for test in busy load; do
    check $test firmware_check $images $test
done
check anew.twice anew
check twice firmware_check $images twice
check anew.flash anew
for test in cycle refused flash-stuck power-cut trial; do
    check $test firmware_check $images $test
done

# file NAME IMAGE VERSION STATE: what becomes of a file; states as in vdl_interface.h.
file() {
    if check "file.$1" anew "$2"; then
        check "file.$1.runs" firmware_check $images "$3"
        private_check "$(node_of vidicon)" >"$scratch/private"
        check "file.$1.told" grep "^firmware: runs 1, .* file $4," "$scratch/private"
    fi
}
file newer capture-1.2.vdfw 1.2 1
file older capture-1.0.vdfw 1.1 2
file bad body.vdfw 1.1 3
check file.bad.named sh -c 'dmesg | grep "vidicon/capture.vdfw: refused: [^ ]"'
# The control: the version that is not there is not found.
check control.version sh -c "! firmware_check $images 1.2"
check last anew
check unload rmmod vidicon
