# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1 6.12 7
# plain: none
# seconds: 400
# long-boot: conformance
# needs: v4l conformance vivid_check libvidicon
# The conformance suite on the kernel's vivid, and vivid's own error injection through the library.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
if ! command -v conformance >/dev/null || ! command -v vivid_check >/dev/null; then
    skip all 'the library is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
fi

# One with a scaler, one without, and one whose planes have memory of their own; none with controls
# that break it.
check load modprobe vivid n_devs=3 node_types=0x1,0x1,0x1 input_types=3,3,3 num_inputs=1,1,1 \
    ccs_cap_mode=-1,1,1 multiplanar=1,1,2 vid_cap_nr=20,21,22 no_error_inj=1 || exit 0
check node await 10 test -c /dev/video22

row="vivid, Linux $(uname -r | cut -d . -f 1,2)"

# conform NAME DEVICE RIG FILTER: the suite, one line for all of it.
conform() {
    conformance "--device=v4l2:$2" "--rig=$3" "--row=$row" "--matrix=/share/$1.json" --limit=60 \
        "--gtest_filter=$4" >"/share/$1.txt" 2>&1
    conform_status=$?
    conform_passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "/share/$1.txt")
    if [ $conform_status -eq 0 ] && [ "${conform_passed:-0}" -gt 0 ]; then
        ok "$1"
        note "$1: $conform_passed cases pass, $(grep -c '^\[  SKIPPED \].*ms)' "/share/$1.txt") do not apply"
    else
        not_ok "$1" "$(sed -n 's/^\[  FAILED  \] \([A-Z][^ ]*\).*/\1/p' "/share/$1.txt" | sort -u | tr '\n' ' ')"
    fi
}

# thrice NAME DEVICE FILTER: once in three times is enough for what a machine under load spoils.
thrice() {
    for attempt in 1 2 3; do
        conformance "--device=v4l2:$2" --rig=plain --limit=60 "--row=$row" "--matrix=/share/$1.json" \
            "--gtest_filter=$3" >"/share/$1.$attempt.txt" 2>&1 && ok "$1" && return 0
    done
    not_ok "$1" 'three times'
}

# vivid scales up to 16384 x 8640: four such buffers are more than the guest has.
# Its thread, when late, leaves frames out while it has buffers.
conform scaler /dev/video20 plain '-Pictures.EveryFormatAtThreeSizes:Accounts.Starvation*'
conform plain /dev/video21 plain '-Accounts.Starvation*:Unplug.ByTheRig*'
check planes.caps sh -c '/opt/v4l/v4l2-ctl -d /dev/video22 --info | grep -q "Video Capture Multiplanar"'
# vivid lets NV16M begin behind the start of its memory, which the backend does not serve.
conform planes /dev/video22 plain '-Pictures.EveryFormatAtThreeSizes:Accounts.Starvation*'
thrice starvation /dev/video21 'Accounts.Starvation*'
modprobe -r vivid
check load.faults modprobe vivid n_devs=1 node_types=0x1 input_types=3 num_inputs=1 \
    vid_cap_nr=20 || exit 0
check node.faults await 10 test -c /dev/video20
conform unplug /dev/video20 vivid 'Unplug.ByTheRig*'
# Together they are vivid's row of the matrix.
cp /share/plain.json /share/vivid.json
add_cases /share/starvation.json /share/vivid.json
add_cases /share/unplug.json /share/vivid.json
# The library counts from 0 whatever a driver begins with: that vivid really begins 128 before the wrap
# is asked of another program.
numbers() {
    /opt/v4l/v4l2-ctl -d /dev/video20 -c "wrap_sequence_number=$1" --stream-mmap --stream-count=2 \
        --verbose 2>&1 | grep -E 'seq: *42949'
}
check wrap-sequence.injected numbers 1
not_numbers() {
    ! numbers "$1"
}
check control.wrap-sequence not_numbers 0
check control.wrap-timestamp sh -c '! vivid_check v4l2:/dev/video20 wrap-unarmed'
for fault in dropped error-flag wrap-sequence wrap-timestamp wrap-nothing reqbufs qbuf queue-error disconnect; do
    check "fault.$fault" vivid_check v4l2:/dev/video20 $fault
    note "$fault: $(tail -n 1 /tmp/check.out)"
done
# The control: without an injection the fault's own check must not be content.
check control.nothing-dropped sh -c 'rmmod vivid; modprobe vivid n_devs=1 node_types=0x1 \
    input_types=3 num_inputs=1 vid_cap_nr=20 no_error_inj=1; sleep 1
    ! vivid_check v4l2:/dev/video20 dropped'
check unload rmmod vivid
