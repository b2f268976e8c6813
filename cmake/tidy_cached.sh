#!/bin/sh
# SPDX-License-Identifier: MIT
# tidy_cached.sh CLANG-TIDY OPTION... SOURCE -- COMPILER ARGUMENT...: clang-tidy, unless it had nothing to say about the
# very same text before. That is what it sees after the preprocessor, comments and macros included; where the tree
# stands, which has the highest rule file above the source, is none of it.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/tidy
program=$1

# What to look at, then what it is compiled with: that, made a preprocessor's command, is at the end.
split=0
for argument; do
    [ "$argument" != -- ] || break
    split=$((split + 1))
done
preprocessed() {
    shift $((split + 1))
    count=$# drop=0
    while [ $count -gt 0 ]; do
        argument=$1
        shift
        count=$((count - 1))
        if [ $drop -eq 1 ]; then
            drop=0
            continue
        fi
        case $argument in
        -c | -MD | -MMD) ;;
        -o | -MT | -MF | -MQ) drop=1 ;;
        *) set -- "$@" "$argument" ;;
        esac
    done
    "$@" -E -CC -dD
}

source= tree=
rules() {  # every rule file above the source
    n=0
    for argument; do
        n=$((n + 1))
        [ $n -ne $split ] || source=$argument
    done
    folder=$(dirname "$source")
    while [ "$folder" != / ] && [ "$folder" != . ]; do
        if [ -f "$folder/.clang-tidy" ]; then
            cat "$folder/.clang-tidy"
            tree=$folder
        fi
        folder=$(dirname "$folder")
    done
}

key=$({
    stat -L -c '%n %s %Y' "$(command -v "$program")"
    cat "$0"
    rules "$@"
    {
        echo "$@" | sed 's/ -- .*//'
        preprocessed "$@" || echo "no text: $$"
    } | sed "s,$(echo "${tree:-none}" | sed 's/[][\\.*^$,]/\\&/g'),.,g"
} 2>/dev/null | sha256sum | cut -d' ' -f1)
stamp=$cache/$key

if [ -f "$stamp" ]; then
    touch "$stamp" # what is not seen for long goes: see tests/run.sh
    exit 0
fi
"$@"
mkdir -p "$cache"
: >"$stamp"
