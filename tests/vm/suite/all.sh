#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in the guest what /share/suites lists, one SUITE SECONDS a line, each in a shell of its own.
# shellcheck source=tests/vm/suite/leaks.sh
. /suite/leaks.sh

# What the machine itself lost while it started is not the driver's.
[ ! -w "$kmemleak" ] || echo clear >"$kmemleak"
while read -r suite seconds; do
    echo "vmr: $suite" >/dev/kmsg
    echo "$suite" >/share/running
    start=$(cut -d ' ' -f 1 /proc/uptime)
    timeout "$seconds" env suite="$suite" sh "/suite/$suite.sh" 3>>/share/lines \
        >>"/share/$suite.log" 2>&1 </dev/null
    status=$?
    [ $status -le 1 ] || echo "not ok $suite.end: the script ended with $status" >>/share/lines
    echo "$suite $start $(cut -d ' ' -f 1 /proc/uptime)" >>/share/times
done </share/suites
rm -f /share/running

[ ! -w "$kmemleak" ] || look_for_leaks /share/kmemleak.txt
echo "all of them" >/share/done
