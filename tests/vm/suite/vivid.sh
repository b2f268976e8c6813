# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 6.1
# long: 6.1
# seconds: 120
# needs: nothing
# The kernel's own test device, which nobody here wrote: the guest's V4L2 and our programs work on
# it.
. /suite/lib.sh

check load modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x3 vid_cap_nr=20
check node await 10 test -c /dev/video20
check capture frame_check /dev/video20 format=YUYV frames=20 any-picture may-drop
note "$(tail -n 1 "$scratch/check.out")"
# The control: vivid's bars are not ours.
check control.other-picture sh -c '! frame_check /dev/video20 format=YUYV frames=2'
check unload rmmod vivid
