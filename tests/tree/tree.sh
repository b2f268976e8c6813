# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the checks of the tree share; sourced by each. A check defines
#   check   writes one line for each violation below $root to standard output
#   plant   puts violations below $root, each in a file whose name holds "planted"
# and ends with: tree_main "$@". Run as "NAME.sh ROOT" a violation fails; run as
# "NAME.sh --control ROOT" the plant goes into a scratch copy and must be reported.
set -eu

# tree_files REGEX: the files below $root that git would track, as paths relative to $root.
tree_files() {
    (
        cd "$root"
        # git refuses a tree of another owner; then everything but the builds is looked at.
        if ! git ls-files -co --exclude-standard 2>/dev/null || [ ! -e .git ]; then
            find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
        fi
    ) | while IFS= read -r file; do
        [ -f "$root/$file" ] && printf '%s\n' "$file"
    done | LC_ALL=C sort -u | grep -E "$1" || true
}

# on_files COMMAND...: with the files that standard input names as further arguments, in $root. Many at
# once: a process for each file is what takes long. What the command complains about is in the report.
on_files() {
    (cd "$root" && tr '\n' '\0' | xargs -0 -r "$@" 2>&1) || true
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
    # A check of nothing would always pass.
    if [ "$(tree_files . | wc -l)" -lt 30 ]; then
        echo "$root: the files of the tree were not found"
        return 1
    fi
    if [ $control = no ]; then
        check >"$scratch/report"
        cat "$scratch/report"
        [ ! -s "$scratch/report" ]
        return
    fi

    mkdir "$scratch/tree"
    tree_copy "$scratch/tree"
    root=$scratch/tree
    tree_files planted >"$scratch/before"
    plant
    check >"$scratch/report"
    tree_files planted | LC_ALL=C comm -13 "$scratch/before" - >"$scratch/planted"
    [ -s "$scratch/planted" ] || { echo "nothing was planted"; return 1; }
    while IFS= read -r file; do
        if ! grep -F -m 1 "$file" "$scratch/report"; then
            echo "what was planted in $file was not reported; the report is:"
            cat "$scratch/report"
            return 1
        fi
    done <"$scratch/planted"
}
