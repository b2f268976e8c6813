#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in the guest what /share/suites lists, one SUITE SECONDS a line, each in a shell of its own.
# What the machine itself lost while it started is not the driver's.
[ ! -w /sys/kernel/debug/kmemleak ] || echo clear >/sys/kernel/debug/kmemleak
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

# Kmemleak tells only when it is asked, and not of what is younger than five seconds. One that gave up
# by itself refuses to look, and has nothing to tell.
scan() {
    sleep "$1"
    echo scan >/sys/kernel/debug/kmemleak || echo 'it refuses to look' >>/share/kmemleak.txt
}
if [ -w /sys/kernel/debug/kmemleak ]; then
    scan 6
    scan 1
    cat /sys/kernel/debug/kmemleak >>/share/kmemleak.txt
fi
echo "all of them" >/share/done
