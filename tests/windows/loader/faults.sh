#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.sh LOADER ARGUMENT...: every fault that a card on PCI can have is injected under the driver;
# and a run that injects none is found out.
set -eu
[ -x "$1" ] || {
    echo "skipped: no $1"
    exit 77
}
if "$@" --faults boot.plain >/dev/null; then
    echo "a run without faults passes for one with all of them"
    exit 1
fi
exec "$@" --faults fault. unplug. bootfault. firmware.flash-stuck firmware.power-cut
