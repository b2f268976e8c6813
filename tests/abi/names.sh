# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the public headers declare; sourced by the other scripts here, which have $scratch.
LC_ALL=C
export LC_ALL

# public_functions INCLUDE_DIR: the names in VDC_API declarations, sorted.
public_functions() {
    cat "$1"/vidicon/*.h | sed -n 's/^VDC_API([^)]*) *\([a-z0-9_]*\)(.*/\1/p' | sort
}

# public_structs INCLUDE_DIR: the structs with a body, sorted.
public_structs() {
    cat "$1"/vidicon/*.h | sed -n 's/^typedef struct \([a-z0-9_]*\) {.*/\1/p' | sort
}

# public_values INCLUDE_DIR: the enumerators, and the macros that are one number, sorted.
public_values() {
    # Comments go, directives stay.
    cat "$1"/vidicon/*.h | gcc -w -fpreprocessed -dD -E -P - >"$scratch/bare"
    {
        tr '\n' ' ' <"$scratch/bare" | grep -o 'enum [a-z_]* *{[^}]*}' | tr '{,' '\n\n' |
            sed -n 's/^ *\(VDC_[A-Z0-9_]*\).*/\1/p'
        sed -n 's/^#define \(VDC_[A-Z0-9_]*\)[ \\].*/\1/p' "$scratch/bare" |
            grep -vE '_(INIT|DECLS)$|^VDC_(CALL|VERSION.*)$'
    } | sort
}

# dump LIBRARY INCLUDE_DIR FILE: the ABI of the library, without places of this machine.
dump() {
    abidw --exported-interfaces-only --no-show-locs --no-comp-dir-path --no-corpus-path \
        --drop-private-types --headers-dir "$2" "$1" |
        sed "s,path='[^']*/\([a-z]*/[^/']*/[^/']*\)',path='\1'," >"$3"
}
