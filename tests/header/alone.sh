#!/bin/sh
# SPDX-License-Identifier: MIT
# alone.sh [--control] COMPILER STANDARD INCLUDE_DIR: each public header compiles alone, twice
# in a row, in that language, with warnings as errors. The headers need <stdint.h>, so C90 is
# out. A C++ standard is tried with a function template around, to catch names that are
# reserved there. Exit status 77: there is no such compiler.
set -eu

control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
compiler=$1 standard=$2 include=$3

command -v "$compiler" >/dev/null 2>&1 || { echo "skipped: no $compiler"; exit 77; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$include/vidicon" "$scratch/vidicon"

flags="-std=$standard -pedantic-errors -Wall -Wextra -Wundef -Werror -fsyntax-only"
case $standard in
c++98) suffix=cc flags="$flags -Wno-long-long" ;; # vendors' C++98 has 64-bit integers
c++*) suffix=cc flags="$flags -Wold-style-cast" ;;
*) suffix=c flags="$flags -Wstrict-prototypes" ;;
esac

if [ $control = yes ]; then
    printf '%s\n' '#ifndef P_H' '#define P_H' 'size_t planted(uint32_t count);' '#endif' \
        >"$scratch/vidicon/planted.h"
fi

status=0
count=0
for header in "$scratch"/vidicon/*.h; do
    name=vidicon/$(basename "$header")
    printf '#include "%s"\n#include "%s"\ntypedef int own_type_of_test;\n' "$name" "$name" \
        >"$scratch/one.$suffix"
    # shellcheck disable=SC2086
    $compiler $flags -I"$scratch" "$scratch/one.$suffix" || {
        echo "$name does not compile alone: $compiler -std=$standard"
        status=1
    }
    count=$((count + 1))
done 2>"$scratch/errors"

if [ $control = yes ]; then
    grep -q 'planted' "$scratch/errors" || { echo "the planted header was not reported"; exit 1; }
    exit 0
fi
cat "$scratch/errors"
echo "$count headers, $compiler -std=$standard"
[ $count -gt 0 ] && exit $status
