#!/bin/sh
# SPDX-License-Identifier: MIT
# update.sh [BUILD_DIR]: writes sdk/vidicon.symbols and tests/abi/sizes.def anew from the public
# headers, adds what is new to tests/abi/values.def and, given BUILD_DIR (of preset dev), the ABI dump of this version from the library
# there. For the author of a change to the ABI, who then reads the difference and commits it.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-}
include=$top/sdk/include
# shellcheck source=tests/abi/names.sh
. "$top/tests/abi/names.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

{
    echo "# SPDX-License-Identifier: MIT"
    public_functions "$include"
} >"$top/sdk/vidicon.symbols"

# Sizes are found without running anything, so that a cross compiler can be asked too: the
# size is the length of an array, which nm prints.
sizes() {  # sizes COMPILER
    {
        echo '#include "vidicon/vidicon.h"'
        echo '#include "vidicon/service.h"'
        public_structs "$include" | sed 's/.*/char size_of_&[sizeof(&)];/'
    } >"$scratch/sizes.c"
    "$1" -fno-common -I"$include" -S -o "$scratch/sizes.s" "$scratch/sizes.c"
    awk '/^_?size_of_/ { sub(/^_?size_of_/, ""); sub(/:.*/, ""); name = $0 }
         /\.(zero|space)/ && name != "" { print name, $2; name = "" }' "$scratch/sizes.s" | sort
}

sizes gcc >"$scratch/wide"
sizes i686-w64-mingw32-gcc >"$scratch/narrow"
{
    echo "/* SPDX-License-Identifier: MIT */"
    echo "/* Bytes of each public struct on 64-bit systems and on 32-bit Windows. */"
    join "$scratch/wide" "$scratch/narrow" | sed 's/\(.*\) \(.*\) \(.*\)/VDC_SIZE(\1, \2, \3)/'
} >"$top/tests/abi/sizes.def"

# A number is for ever: what is listed stays as it is, and check.sh tells if the headers differ.
values=$top/tests/abi/values.def
public_values "$include" >"$scratch/names"
sed -n 's/^VDC_VALUE(\([A-Z0-9_]*\),.*/\1/p' "$values" | sort >"$scratch/listed"
{
    printf '#include <stdio.h>\n#include "vidicon/service.h"\nint main(void)\n{\n'
    comm -13 "$scratch/listed" "$scratch/names" |
        sed 's/.*/printf("VDC_VALUE(&, %lld)\\n", (long long)(&));/'
    echo "}"
} >"$scratch/values.c"
gcc -I"$include" -o "$scratch/values" "$scratch/values.c"
"$scratch/values" >"$scratch/added"
{
    grep '^/\*' "$values"
    { grep '^VDC_VALUE' "$values" || true; cat "$scratch/added"; } | sort
} >"$scratch/values.def"
cp "$scratch/values.def" "$values"

[ -n "$build" ] || exit 0
version=$(sed -n 's/^project(vidicon VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
dump "$build/lib/libvidicon.so" "$include" "$top/tests/abi/vidicon-$version.abi"
