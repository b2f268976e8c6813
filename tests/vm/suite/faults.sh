# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 6.12
# long: 6.12 debug
# seconds: 300
# long-seconds: 900
# long-boot: more
# needs: fault_check libvidicon
# Every fault of a PCI card under the driver, through the library: what was lost has the cause that
# the model's ledger has, no picture called good is wrong, an end has a name; then all works again.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v fault_check >/dev/null || {
    skip all 'the library is not in this guest: give its programs in VIDICON_VM_PROGRAMS'
    exit 0
}
check load modprobe vidicon || exit 0
check node await 20 node_of vidicon

# These wait for the card's time-outs, twenty seconds or fifty; their kinds have quicker ones, too.
late='boot-never-ready reg-stuck.ready power-cut.then-never-ready'
[ ! -f /share/long ] || late=
for fault in $(fault_check list); do
    case " $late " in *" $fault "*) continue ;; esac
    echo "at $(cut -d ' ' -f 1 /proc/uptime)"
    check "$fault" fault_check "$fault" && note "$fault: $(tail -n 1 "$scratch/check.out")"
done

# The controls: a fault that never came, and pictures that were spoilt on the way.
check control.not-injected sh -c '! fault_check irq-late unarmed'
rig flip 0 7
check control.wrong-picture sh -c '! fault_check fifo-overflow'
rig flip 0 0

steps=
if [ -f /share/long ]; then
    steps=20
    uname -r | grep -q debug || steps=40
fi
for place in probe start stop; do
    few=4
    # A stop writes two or three times; the second one is among six places.
    [ $place != stop ] || few=6
    check "unplug.$place" fault_check unplugs $place ${steps:-$few} &&
        note "unplug.$place: $(tail -n 1 "$scratch/check.out")"
done
rig rate 0 real
check unload rmmod vidicon
