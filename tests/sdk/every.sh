#!/bin/sh
# SPDX-License-Identifier: MIT
# every.sh [--control] ROOT: no public function is left out where all are called wrongly (test_errors.cc) and, if it takes
# a device or a stream, where the device is gone (test_gone.cc). The control: one more name must be missed there.
set -eu
more=
if [ "$1" = --control ]; then
    more=vdc_device_planted
    shift
fi
here=$1/tests/sdk
names=$(grep -oE '^vdc_[a-z_]+' "$1/sdk/vidicon.symbols")
[ "$(echo "$names" | wc -l)" -ge 50 ] || { echo "the names were not found"; exit 1; }

missed=$(
    for name in $names $more; do
        case $name in
        vdc_version | vdc_version_text) continue ;; # nothing can be wrong
        esac
        grep -q "$name(" "$here/test_errors.cc" || echo "test_errors.cc: no $name"
        case $name in
        vdc_device_open) ;; # there is no device yet
        vdc_device_* | vdc_stream_*)
            grep -q "$name(" "$here/test_gone.cc" "$here/fixture.h" || echo "test_gone.cc: no $name"
            ;;
        esac
    done
)
if [ -n "$more" ]; then
    echo "$missed"
    [ "$(echo "$missed" | grep -c "$more")" -eq 2 ]
    exit
fi
[ -z "$missed" ] || { echo "$missed"; exit 1; }
