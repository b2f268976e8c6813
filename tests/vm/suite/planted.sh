#!/bin/sh
# SPDX-License-Identifier: MIT
# In a boot of its own: plants one bug and leaves; what the kernel says is judged outside.
bug=$1
case $bug in
failslab)
    # All allocations of one process fail, and it says so.
    cd /sys/kernel/debug/failslab || exit 1
    echo 100 >probability
    echo 1 >interval
    echo -1 >"times"
    echo Y >task-filter
    echo 2 >verbose
    sh -c 'echo 1 >/proc/self/make-it-fail; exec cat /proc/version' >/dev/null 2>&1
    ;;
leak)
    modprobe planted bug=leak
    # shellcheck source=tests/vm/suite/leaks.sh
    . /suite/leaks.sh
    look_for_leaks /share/kmemleak.txt
    ;;
*)
    modprobe planted "bug=$bug"
    ;;
esac
echo "all of them" >/share/done
