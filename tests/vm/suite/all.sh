#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in the guest what /share/suites lists, one SUITE SECONDS a line, each in a shell of its own.
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
echo "all of them" >/share/done
