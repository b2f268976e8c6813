#!/bin/sh
# SPDX-License-Identifier: MIT
# No address of a package registry and no path of somebody's machine in any tracked file.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

# Written with brackets so that this file does not report itself.
hosts='(deb|security|snapshot|ftp)[.]debian[.]org|archive[.]ubuntu[.]com|ports[.]ubuntu[.]com'
hosts="$hosts|pypi[.]org|pythonhosted[.]org|crates[.]io|npmjs[.]|proxy[.]golang[.]org"
hosts="$hosts|(docker|ghcr|quay)[.]io|dl-cdn[.]alpine|download[.]fedoraproject"
paths="(^|[^A-Za-z0-9_.~}*?@-])/(work|root|home|tmp|farm)/[A-Za-z0-9._]"

check() {
    tree_files . | while IFS= read -r file; do
        # What runs in a guest knows where things are there.
        case $file in
        tests/vm/suite/* | tests/vm/guest/*) wrong=$hosts ;;
        *) wrong="$hosts|$paths" ;;
        esac
        grep -InE "$wrong" "$root/$file" | cut -c1-120 | sed "s,^,$file:," || true
    done
}

plant() {
    mkdir -p "$root/samples"
    printf 'cp x /%s/y\n' tmp >"$root/samples/planted.sh"
}

tree_main "$@"
