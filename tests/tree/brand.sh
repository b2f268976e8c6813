#!/bin/sh
# SPDX-License-Identifier: MIT
# The values of sdk/oem/brand.json stand nowhere else. Only what can be recognised is looked
# for: the product's and the vendor's name, the GUIDs (as text and as the first number of an
# initialiser), the PCI device id, the USB vendor id and the usual spellings of the id pairs; in the
# texts of what is shipped also the first word of the product's name, and the tool's with a command.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

value() {
    sed -n "s/^ *\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" "$root/sdk/oem/brand.json"
}

hex() {
    value "$1" | sed 's/^0x//'
}

patterns() {
    value product_name
    value vendor_name
    for guid in $(value device_interface_guid) $(value property_set_guid); do
        echo "$guid"
        echo "0x${guid%%-*}"
    done
    echo "0x$(hex pci_device_id)"
    echo "0x$(hex usb_vendor_id)"
    echo "$(hex pci_vendor_id):$(hex pci_device_id)"
    echo "VEN_$(hex pci_vendor_id)&DEV_$(hex pci_device_id)"
    for product in $(hex usb_boot_product_id) $(hex usb_product_id); do
        echo "$(hex usb_vendor_id):$product"
        echo "VID_$(hex usb_vendor_id)&PID_$product"
    done
}

# The same for texts: a regular expression of what may not be between quotes.
text_pattern() {
    commands=$(sed -n 's/.*TOOL_NAME " \([a-z][a-z]*\).*/\1/p' "$root/sdk/tools/tool_main.c" |
        sort -u | paste -sd '|' -)
    product=$(value product_name)
    printf '%s(%s|%s (%s))%s\n' '^[^/*]*"([^"]|\\")*\b' "${product%% *}" "$(value tool_name)" \
        "${commands:?}" '\b'
}

check() {
    patterns >"$scratch/patterns"
    if [ "$(grep -c . "$scratch/patterns")" -lt 14 ] ||
        grep -qxE '(0x)?' "$scratch/patterns"; then
        echo "sdk/oem/brand.json: a value could not be read (one key and value to a line)"
    fi
    tree_files . | grep -vx 'sdk/oem/brand.json' | on_files grep -IniHFf "$scratch/patterns"
    text_pattern >"$scratch/texts" || echo "sdk/tools/tool_main.c: no commands were found"
    tree_files '^(backends|drivers|sdk)/.*\.(c|h|def)$' | on_files grep -nHEf "$scratch/texts"
}

plant() {
    mkdir -p "$root/samples" "$root/sdk/src"
    printf 'static const int id = 0x%s;\n' "$(hex pci_device_id)" >"$root/samples/planted.c"
    printf 'puts("try \\"%s list\\"");\n' "$(value tool_name)" >"$root/sdk/src/planted_1.c"
    printf 'puts("try %s list");\n' "$(value tool_name)" >"$root/sdk/src/planted_2.c"
    printf 'puts("no %s card");\n' "$(value product_name | sed 's/ .*//')" \
        >"$root/sdk/src/planted_3.c"
}

tree_main "$@"
