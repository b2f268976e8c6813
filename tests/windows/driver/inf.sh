#!/bin/sh
# SPDX-License-Identifier: MIT
# inf.sh [--control] PACKAGE INF BRAND: every section and token that the INF refers to exists, every
# one that exists is referred to, every file is listed and there; names, ids and GUIDs are those of the
# brand description, the classes those that Windows knows.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need awk

brand() {  # brand FILE KEY
    sed -n "s/^ *\"$2\": *\"\(.*\)\",*\$/\1/p" "$1"
}

# says WHAT REGEX: a line of the INF, letters of either case.
says() {
    grep -qiE "$2" "$scratch/inf" || echo "does not say $1"
}

# The INF as it ships keeps the line's interrupt; with the lines for an OEM taken in it is whole, too.
check() {
    tr -d '\r' <"$1/$2" >"$scratch/inf"
    ! grep -iE '^[^;]*MSISupported' "$scratch/inf" >"$scratch/messages" ||
        echo "turns messages on: $(cat "$scratch/messages")"
    sed 's/^;\([[A-Z].*[],=].*\)/\1/' "$scratch/inf" >"$scratch/oem"
    grep -qE '^HKR,.*MSISupported,0x00010001,1$' "$scratch/oem" ||
        echo "does not show how messages are turned on"
    name=$(brand "$3" windows_driver_name)
    [ "$2" = "$name.inf" ] || echo "its name is not $name.inf"
    says "the vendor" "^Vendor *= *\"$(brand "$3" vendor_name)\"\$"
    says "the product" "^Card *= *\"$(brand "$3" product_name)\"\$"
    says "the device interface" "^Category[.]Own *= *\"[{]$(brand "$3" device_interface_guid)[}]\"\$"
    says "the PCI ids" "PCI.VEN_$(brand "$3" pci_vendor_id | cut -c3-)&DEV_$(brand "$3" pci_device_id |
        cut -c3-)\$"
    says "the subsystem" "&SUBSYS_$(brand "$3" pci_subsystem_id | cut -c3-)$(brand "$3" \
        pci_subsystem_vendor_id | cut -c3-)\$"
    says "the service" "^AddService *= *$(brand "$3" windows_service_name),"
    says "the catalogue" "^CatalogFile *= *${name}[.]cat\$"
    says "the media class" '^ClassGuid *= *[{]4d36e96c-e325-11ce-bfc1-08002be10318[}]$'
    says "KSCATEGORY_CAPTURE" '^Category[.]Capture *= *"[{]65e8773d-8f56-11d0-a3b9-00a0c9223196[}]"$'
    says "KSCATEGORY_VIDEO" '^Category[.]Video *= *"[{]6994ad05-93ef-11d0-a3cc-00a0c9223196[}]"$'
    says "ksproxy" '^Proxy *= *"[{]17cca71b-ecd7-11d0-b908-00a0c9223196[}]"$'
    sections "$1" <"$scratch/inf"
    sections "$1" <"$scratch/oem" | sed 's/^/with messages: line /'
}

# sections PACKAGE: of the INF at standard input.
sections() {
    awk -v package="$1" '
    function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
    function refer(to, from) { if (to != "") referred[tolower(trim(to))] = from }
    function tokens(s, t) {
        while (match(s, /%[^%]+%/)) {
            t = tolower(substr(s, RSTART + 1, RLENGTH - 2))
            if (t !~ /^[0-9]+$/) used[t] = NR
            s = substr(s, RSTART + RLENGTH)
        }
    }
    function there(file) { return system("test -f \"" package "/" file "\"") == 0 }
    BEGIN {
        n = split("version destinationdirs sourcedisksnames manufacturer strings", w, " ")
        for (i = 1; i <= n; i++) root[w[i]] = 1
    }
    { sub(/^[ \t]*;.*/, ""); line = trim($0) }
    line == "" { next }
    line ~ /@[A-Z_]+@/ { print NR ": not filled in: " line }
    line ~ /^\[.*\]$/ {
        section = tolower(substr(line, 2, length(line) - 2))
        if (section in defined) print NR ": section twice: " section
        defined[section] = NR
        next
    }
    {
        equal = index(line, "=")
        key = equal ? tolower(trim(substr(line, 1, equal - 1))) : ""
        value = equal ? trim(substr(line, equal + 1)) : line
        tokens(section == "strings" ? value : line)
    }
    section == "strings" { strings[key] = NR; next }
    section == "manufacturer" {
        n = split(value, part, ",")
        for (i = 2; i <= n; i++) refer(part[1] "." trim(part[i]), NR)
        next
    }
    section ~ /^models/ {
        n = split(value, part, ",")
        install[tolower(trim(part[1]))] = NR
        if (trim(part[2]) !~ /^PCI\\VEN_[0-9A-F]+&DEV_[0-9A-F]+(&SUBSYS_[0-9A-F]+)?$/)
            print NR ": no PCI id: " part[2]
        next
    }
    section ~ /^sourcedisksfiles/ {
        n = split(value, part, ",")
        disk[section "/" trim(part[1])] = NR
        listed[key] = 1
        if (!there(trim(part[2]) "/" key)) print NR ": not in the package: " trim(part[2]) "/" key
        root[section] = 1
        next
    }
    section == "sourcedisksnames" { disks[key] = 1; next }
    key == "copyfiles" { refer(value, NR); copies[tolower(value)] = 1; next }
    key == "addreg" { refer(value, NR); next }
    key == "addinterface" { split(value, part, ","); refer(part[3], NR); next }
    key == "addservice" { split(value, part, ","); refer(part[3], NR); next }
    key == "servicebinary" {
        file = value
        sub(/.*\\/, "", file)
        binary[tolower(file)] = NR
        next
    }
    key == "catalogfile" { if (!there(value)) print NR ": not in the package: " value; next }
    equal { next }
    { if (section in copies || section ~ /[.]files$/) copied[tolower(line)] = NR }
    END {
        for (s in install) {
            found = 0
            for (d in defined)
                if (d == s ".nt" || index(d, s ".nt.") == 1) { found = 1; root[d] = 1 }
            if (!found) print install[s] ": no section: " s ".nt"
        }
        for (s in referred) if (!(s in defined)) print referred[s] ": no section: " s
        for (s in defined)
            if (!(s in root) && !(s in referred)) print defined[s] ": nothing refers to section " s
        for (t in used) if (!(t in strings)) print used[t] ": no string: " t
        for (t in strings) if (!(t in used)) print strings[t] ": nothing uses string " t
        for (f in copied) if (!(f in listed)) print copied[f] ": in no SourceDisksFiles: " f
        for (f in binary) if (!(f in copied)) print binary[f] ": the service is not copied: " f
        for (f in disk) { split(f, part, "/"); if (!(part[2] in disks)) print disk[f] ": no disk " part[2] }
        if (length(defined) < 10) print "its sections were not found"
    }'
}

# try WHAT SED-SCRIPT: in a copy of the INF.
try() {
    mkdir -p "$scratch/package"
    cp -r "$package/." "$scratch/package/"
    sed "$2" "$package/$inf" >"$scratch/package/$inf"
    planted "$1" "$scratch/package" "$inf" "$brand"
    rm -rf "$scratch/package"
}

plant() {
    package=$1 inf=$2 brand=$3
    try "no section: card.files" 's/^\[Card.Files\]/[Card.File]/'
    try "nothing refers to section" 's/^\[Card.Files\]/[Card.File]/'
    try "no section: card.service" 's/^\[Card.Service\]/[Card.Servise]/'
    try "no section: models.ntamd64" 's/^\[Models.NTamd64\]/[Models.NTamd46]/'
    try "no string: vendor" 's/^Vendor *=/Vendr =/'
    try "nothing uses string" 's/^Vendor *=/Vendr =/'
    try "in no SourceDisksFiles" 's/\(.*\)[.]sys = 1,\(.*\)/\1.sis = 1,\2/'
    try "not in the package" 's/= 1,amd64/= 1,arm64/'
    try "not filled in" 's/^Signature.*/& @VIDICON@/'
    try "no PCI id" 's/PCI.VEN_/PCI,VEN_/'
    try "the service is not copied" 's/^ServiceBinary.*/ServiceBinary = %12%\\other.sys/'
    try "its sections were not found" 's/.*//'
    try "not in the package: other.cat" 's/^CatalogFile.*/CatalogFile = other.cat/'
    try "turns messages on" 's/^;HKR/HKR/'
    try "does not show how messages" '/^;HKR/d'
    try "no section: card.messages" 's/^;\[Card.Messages\]/;[Card.Message]/'
    try "does not say the catalogue" 's/^CatalogFile.*/CatalogFile = other.cat/'
    try "does not say the device interface" 's/^\(Category.Own *= *"{\)./\1x/'
    try "does not say the PCI ids" 's/&DEV_[0-9A-F]*/\&DEV_FFFF/'
    try "does not say KSCATEGORY_CAPTURE" 's/65E8773D/65E8773E/'
    try "does not say the vendor" 's/^Vendor *=.*/Vendor = "Somebody"/'
    try "does not say the service" 's/^AddService *= */&x/'
}

check_main "$@"
