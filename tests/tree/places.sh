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
    # What runs in a guest knows where things are there.
    tree_files . | grep -E '^tests/vm/(suite|guest)/' | on_files grep -InHE "$hosts" >"$scratch/found"
    tree_files . | grep -vE '^tests/vm/(suite|guest)/' |
        on_files grep -InHE "$hosts|$paths" >>"$scratch/found"
    cut -c1-160 "$scratch/found"
}

plant() {
    mkdir -p "$root/samples"
    printf 'cp x /%s/y\n' tmp >"$root/samples/planted.sh"
}

tree_main "$@"
