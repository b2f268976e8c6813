# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 6.1
# long: 6.1 7 debug
# long-boot: more
# needs: private_check32 frame_check32
# 32-bit programs under a 64-bit kernel: the driver's own ioctls say the same, and pictures come.
. /suite/lib.sh

command -v private_check32 >/dev/null || {
    skip all 'this machine builds no 32-bit programs'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon 1
rig rate 0 patient
for index in 0 1; do
    node=$(node_of vidicon $index)
    check "private.64.$index" private_check "$node"
    cp "$scratch/check.out" "$scratch/private.64"
    check "private.32.$index" private_check32 "$node"
    cp "$scratch/check.out" "$scratch/private.32"
    check "private.same.$index" cmp "$scratch/private.64" "$scratch/private.32"
    await 20 private_check "$node" # its bad image has been looked at
done
video=$(node_of vidicon)
for memory in mmap userptr scatter read; do
    options=
    [ $memory != read ] || options=may-drop
    # shellcheck disable=SC2086
    check "stream.$memory" frame_check32 "$video" size=640x480 format=YUYV frames=10 \
        memory=$memory $options
done
rig rate 0 real
check unload rmmod vidicon
