#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh LOADER ARGUMENT...: runs scenarios. A loader that the compiler could not make is a skip.
set -eu
[ -x "$1" ] || {
    echo "skipped: no $1"
    exit 77
}
exec "$@"
