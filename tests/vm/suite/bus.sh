# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain: 6.1
# long: 6.1 debug
# long-boot: more
# needs: nothing
# The bare card, without its driver: found, mapped, read, written, pulled out and put in again.
. /suite/lib.sh

check enumerated card_check find
check registers card_check registers
check ports card_check ports
check rig.ping rig ping
check rig.refuses sh -c '! rig faults 0 nonsense && ! rig ledger 9 && ! rig frobnicate'

rig pull 0
check pulled.reads-ones card_check gone
rig plug 0
await 10 card_check find
check plugged.registers card_check registers
rig unplug 0
check unplugged.not-there await 10 sh -c '! card_check find'
rig plug 0
await 10 card_check find
check replugged.registers card_check registers
reads=$(value reads "$(rig ledger 0)")
check unplug-fault.armed rig faults 0 "unplug@read=$((reads + 1))"
check unplug-fault.reads-ones card_check gone
check unplug-fault.counted sh -c 'rig injected 0 | grep -q "^unplug=[1-9]"'
rig faults 0
rig plug 0
await 10 card_check find
check power.registers card_check registers
