# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1 6.12 7
# plain: 6.12
# seconds: 300
# long-seconds: 900
# long-boot: conformance
# needs: v4l
# v4l2-compliance of the kernel's own age, on the driver's nodes: no failure and no warning. It streams by mmap, USERPTR
# and dma-bufs, with --long in every format.
. /suite/lib.sh

modinfo vidicon >/dev/null 2>&1 || {
    skip all 'there is no driver'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon
note "v4l-utils $(cat /opt/v4l/version)"

# comply NAME NODE OPTION...
comply() {
    comply_name=$1
    shift
    /opt/v4l/v4l2-compliance -d "$@" >"$scratch/comply.out" 2>&1
    cat "$scratch/comply.out"
    total=$(tail -n 1 "$scratch/comply.out")
    case $total in
    Total*' Failed: 0, Warnings: 0') ok "$comply_name" ;;
    *) not_ok "$comply_name" "$(grep -E 'fail:|warn:' "$scratch/comply.out" | head -n 1) $total" ;;
    esac
    note "$comply_name: $total"
}

rig rate 0 patient
video=$(node_of vidicon 0)
meta=$(node_of vidicon 1)
formats=
[ ! -f /share/long ] || formats=-f
# With -s it does all that it does without, and streams besides.
# shellcheck disable=SC2086
comply streaming "$video" -s10 $formats
[ -z "$meta" ] || comply metadata "$meta"
rig rate 0 real
check unload rmmod vidicon
