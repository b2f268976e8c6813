# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 7
# long: 6.1 7 debug
# seconds: 150
# long-boot: more
# needs: fault_check libvidicon
# The machine sleeps and wakes: while the card streams, while it loses its power in the middle of
# that, and while nobody uses it. The devices really go through the kernel's sleep; the test level
# "devices" then wakes them again, since nothing in a guest could.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v fault_check >/dev/null || {
    skip all 'the library is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon
check awake modprobe awake || exit 0
echo 2 >/sys/module/suspend/parameters/pm_test_delay
check level sh -c 'echo devices >/sys/power/pm_test && grep -q "\[devices\]" /sys/power/pm_test'
rig rate 0 patient

# A capture goes on for 30 frames behind the sleep, with --long for 480 in all.
frames=30 woken=$scratch/woken
[ ! -f /share/long ] || frames=480 woken=

slept() {
    slept_before=$(dmesg | grep -c 'suspend debug')
    echo freeze >/sys/power/state && [ "$(dmesg | grep -c 'suspend debug')" -gt "$slept_before" ]
}

# streams: a capture that began after $captures were counted has brought some frames.
streams() {
    streams_now=$(rig ledger 0)
    [ "$(value captures "$streams_now")" -gt "$captures" ] &&
        [ "$(value capture_good "$streams_now")" -gt 5 ]
}

# through NAME COMMAND: a capture goes on over a sleep; COMMAND comes before it.
through() {
    captures=$(value captures "$(rig ledger 0)")
    rm -f "$scratch/woken"
    # shellcheck disable=SC2086
    fault_check frames $frames $woken >"$scratch/through" 2>&1 &
    capture=$!
    await 20 streams
    [ -z "$2" ] || $2
    check "$1.sleeps" slept
    touch "$scratch/woken"
    check "$1.goes-on" wait $capture
    cat "$scratch/through"
    # It was not over before: the engine ran once more.
    check "$1.anew" test "$(value captures "$(rig ledger 0)")" -gt $((captures + 1))
    note "$1: $(tail -n 1 "$scratch/through")"
}

# The card's power goes a second from now, when the machine sleeps.
power_goes() {
    now=$(value model_ns "$(rig now 0)")
    rig faults 0 "power-cut@time=$((now / 1000 + 1500000))"
}

for round in 1 2; do
    through "streaming.$round" ''
done
cuts=$(value power-cut "$(rig injected 0)")
through power-cut power_goes
check power-cut.injected test "$(value power-cut "$(rig injected 0)")" -gt "$cuts"
rig faults 0
check idle.sleeps slept
# The card boots behind a sleep; until then the driver knows of no formats.
await 20 grep -qx 'ready 1' /sys/kernel/debug/vidicon/*/state
check idle.picture frame_check "$(node_of vidicon)" size=640x480 format=YUYV frames=5
echo none >/sys/power/pm_test
check unload rmmod vidicon
rmmod awake
