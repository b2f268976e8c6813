#!/bin/sh
# SPDX-License-Identifier: MIT
# doxygen_check.sh [--control] DOXYGEN DOXYFILE: no warning. With --control a header in the place of all,
# with a docstring that names a parameter which is not there, must be reported.
set -eu

control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

{
    cat "$2"
    echo "OUTPUT_DIRECTORY = $scratch"
    echo "GENERATE_HTML = NO"
    echo "GENERATE_XML = YES"
    echo "HAVE_DOT = NO"
    if [ $control = yes ]; then
        echo "INPUT = $scratch/planted.h"
        echo "USE_MDFILE_AS_MAINPAGE ="
    fi
} >"$scratch/Doxyfile"

if [ $control = no ]; then
    exec_status=0
    "$1" "$scratch/Doxyfile" 2>"$scratch/warnings" || exec_status=$?
    cat "$scratch/warnings"
    if [ $exec_status -ne 0 ] || [ -s "$scratch/warnings" ]; then
        exit 1
    fi
    # Nothing to warn about, since nothing was read?
    grep -q '<name>vdc_context_create</name>' "$scratch"/xml/*.xml
    exit
fi

cat >"$scratch/planted.h" <<'H'
/** @file
 * A header that is wrong. */

/** Does something.
 * @param missing  there is no such parameter */
int vdc_planted(int other);

struct vdc_planted_struct {
    int undocumented;
};
H
if "$1" "$scratch/Doxyfile" 2>"$scratch/warnings"; then
    echo "warnings did not fail the run"
    exit 1
fi
for mistake in missing undocumented; do
    # Internal declarations may stand without a docstring.
    [ $mistake = missing ] || grep -q '^EXTRACT_ALL *= *NO' "$scratch/Doxyfile" || continue
    grep "planted" "$scratch/warnings" | grep -q "$mistake" || {
        echo "not reported: $mistake"
        exit 1
    }
done
