#!/bin/sh
# SPDX-License-Identifier: MIT
# A planted defect must make its program fail, and be named: control.sh TEXT PROGRAM [ARGUMENT...]
set -eu
text=$1
shift
status=0
said=$("$@" 2>&1) || status=$?
if [ $status -eq 0 ] || ! printf '%s\n' "$said" | grep -q "$text"; then
    printf '%s\n' "$said"
    echo "FAILED: exit status $status, and no \"$text\""
    exit 1
fi
echo "reported: $text (exit status $status)"
