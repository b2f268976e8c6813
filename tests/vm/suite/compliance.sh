# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1 6.12 7
# plain: 6.1
# seconds: 300
# long-seconds: 900
# v4l2-compliance of the kernel's own age, on the driver's nodes: no failure and no warning.
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
comply plain "$video"
comply streaming "$video" -s10
[ -z "$meta" ] || comply metadata "$meta"
[ ! -f /share/long ] || comply all-formats "$video" -f
rig rate 0 real
check unload rmmod vidicon
