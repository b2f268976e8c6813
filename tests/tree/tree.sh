# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the checks of the tree share; sourced by each. A check defines
#   check   writes one line for each violation below $root to standard output
#   plant   puts one violation, in a file whose name holds "planted", below $root
# and ends with: tree_main "$@". Run as "NAME.sh ROOT" a violation fails; run as
# "NAME.sh --control ROOT" the plant goes into a scratch copy and must be reported.
set -eu

# tree_files REGEX: the files below $root that git would track, as paths relative to $root.
tree_files() {
    (
        cd "$root"
        if [ -e .git ] && command -v git >/dev/null 2>&1; then
            git ls-files -co --exclude-standard
        else
            find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
        fi
    ) | while IFS= read -r file; do
        [ -f "$root/$file" ] && printf '%s\n' "$file"
    done | LC_ALL=C sort -u | grep -E "$1" || true
}

tree_copy() {
    tree_files . | (cd "$root" && tar -cf - -T -) | (cd "$1" && tar -xf -)
}

tree_main() {
    control=no
    if [ "$1" = --control ]; then
        control=yes
        shift
    fi
    root=$1
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    if [ $control = no ]; then
        check >"$scratch/report"
        cat "$scratch/report"
        [ ! -s "$scratch/report" ]
        return
    fi

    mkdir "$scratch/tree"
    tree_copy "$scratch/tree"
    root=$scratch/tree
    plant
    check >"$scratch/report"
    if ! grep -q planted "$scratch/report"; then
        echo "the planted violation was not reported; the report is:"
        cat "$scratch/report"
        return 1
    fi
    echo "reported: $(grep -m 1 planted "$scratch/report")"
}
