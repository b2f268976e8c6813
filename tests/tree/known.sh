#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/support/known.sh names a file again whenever anything changed that a check can see, and whatever
# was never found good.
set -eu
root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME="$scratch/cache"
unset VIDICON_LONG
# shellcheck source=tests/support/known.sh
. "$root/tests/support/known.sh"
mkdir "$scratch/tree"
cd "$scratch/tree"

n=0
expect() {  # expect WHAT FILES [RULES]: these are to be looked at
    n=$((n + 1))
    named=$(find . -name '*.c' | sed 's,^\./,,' | sort | known_unseen "${3:-rules}" | tr '\n' ' ')
    [ "$named" = "$2" ] || { echo "FAILED: $1: \"$named\" and not \"$2\""; exit 1; }
}

echo one >a.c
echo two >b.c
expect 'first' 'a.c b.c '
expect 'nobody found them good' 'a.c b.c '
known_good rules
expect 'known' ''
expect 'other rules' 'a.c b.c ' 'other rules'
echo more >>b.c
expect 'another text' 'b.c '
expect 'which nobody found good' 'b.c '
echo b.c >"$scratch/bad"
known_good rules "$scratch/bad"
expect 'which is bad' 'b.c '
touch -d '2001-01-01' a.c
expect 'another date' 'b.c '
mv a.c c.c
expect 'another name' 'b.c c.c '
known_good rules
expect 'known again' ''
VIDICON_LONG=1
expect 'everything' 'b.c c.c '
unset VIDICON_LONG
mv b.c t && mv c.c b.c && mv t c.c
expect 'each has the other name' 'b.c c.c '
echo "$n cases"
