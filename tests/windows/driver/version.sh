#!/bin/sh
# SPDX-License-Identifier: MIT
# version.sh [--control] CPU SYS BRAND VERSION: the version resource says what the brand description
# and the release say.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need objdump objcopy strings sed

brand() {  # brand FILE KEY
    sed -n "s/^ *\"$2\": *\"\(.*\)\",*\$/\1/p" "$1"
}

check() {
    sys=$2 brand=$3 version=$4
    strings -e l "$sys" >"$scratch/words"
    for pair in "CompanyName:$(brand "$brand" vendor_name)" \
        "ProductName:$(brand "$brand" product_name)" \
        "OriginalFilename:$(brand "$brand" windows_driver_name).sys" \
        "FileVersion:$version.0" "ProductVersion:$version"; do
        awk -v key="${pair%%:*}" -v value="${pair#*:}" '
            before == key { found = 1; if ($0 != value) print key " is " $0 ", not " value }
            { before = $0 }
            END { if (!found) print "no " key }' "$scratch/words"
    done
}

plant() {
    "$1-w64-mingw32-objcopy" --remove-section .rsrc "$2" "$scratch/bare.sys" 2>/dev/null
    planted "no CompanyName" "$1" "$scratch/bare.sys" "$3" "$4"
    planted "FileVersion is" "$1" "$2" "$3" 99.9
    sed 's/"vendor_name": ".*"/"vendor_name": "Somebody"/' "$3" >"$scratch/brand.json"
    planted "CompanyName is" "$1" "$2" "$scratch/brand.json" "$4"
}

check_main "$@"
