#!/bin/sh
# SPDX-License-Identifier: MIT
# cmake/tidy_cached.sh asks again whenever anything changed that clang-tidy can see, and never forgets a complaint.
set -eu
root=$1
compiler=$(command -v clang || command -v cc) || { echo "skipped: no compiler"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME="$scratch/cache"
mkdir "$scratch/tree"
cd "$scratch/tree"

# In place of clang-tidy: notes that it was asked, and does not like the word.
# shellcheck disable=SC2016
printf '#!/bin/sh\necho asked >>"%s/asked"\n! grep -q wrong "$2"\n' "$scratch" >"$scratch/checker"
chmod +x "$scratch/checker"

n=0
expect() {  # expect WHAT STATUS ASKED [ARGUMENT]: by now it was asked so often
    n=$((n + 1))
    status=0
    sh "$root/cmake/tidy_cached.sh" "$scratch/checker" "${4:---quiet}" "$PWD/a.c" -- \
        "$compiler" -MD -MT a.o -MF a.d -DMORE=1 -o a.o -c "$PWD/a.c" >"$scratch/out" 2>&1 || status=1
    asked=$(wc -l <"$scratch/asked")
    [ "$status $asked" = "$2 $3" ] || {
        echo "FAILED: $1: status $status, asked $asked times; not $2, $3"
        cat "$scratch/out"
        exit 1
    }
}

echo '#define ONE 1' >a.h
printf '#include "a.h"\nint one = ONE;\n' >a.c
echo 'Checks: a' >.clang-tidy
expect 'first' 0 1
expect 'nothing changed' 0 1
printf '#include "a.h"\nint one = ONE; /* why */\n' >a.c
expect 'another comment' 0 2
echo '#define TWO 2' >>a.h
expect 'a macro that nobody uses' 0 3
echo 'Checks: b' >.clang-tidy
expect 'other rules' 0 4
expect 'another option' 0 5 --all
expect 'nothing changed since' 0 5
touch -d '2001-01-01' "$scratch/checker"
expect 'another checker' 0 6
mv "$scratch/tree" "$scratch/other"
cd "$scratch/other"
expect 'the same in another folder' 0 6
mv a.h b.h
echo '#include "b.h"' >a.h
expect 'the same in another file' 0 7
mv b.h a.h
echo 'int wrong;' >>a.c
expect 'a complaint' 1 8
expect 'the same complaint' 1 9
echo '#include "none.h"' >>a.h
expect 'what cannot be read' 1 10
sed -i /wrong/d a.c
expect 'what cannot be read, and no complaint' 0 11
expect 'that again' 0 12
if [ -e a.o ] || [ -e a.d ]; then
    echo "FAILED: it compiled"
    exit 1
fi
echo "$n cases"
