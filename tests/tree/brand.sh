#!/bin/sh
# SPDX-License-Identifier: MIT
# The values of sdk/oem/brand.json stand nowhere else. Only what can be recognised is looked
# for: the product's and the vendor's name, the GUIDs (as text and as the first number of an
# initialiser), the PCI device id, the USB vendor id and the usual spellings of the id pairs.
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

check() {
    patterns >"$scratch/patterns"
    if [ "$(grep -c . "$scratch/patterns")" -lt 14 ] ||
        grep -qxE '(0x)?' "$scratch/patterns"; then
        echo "sdk/oem/brand.json: a value could not be read (one key and value to a line)"
    fi
    tree_files . | grep -vx 'sdk/oem/brand.json' | on_files grep -IniHFf "$scratch/patterns"
}

plant() {
    mkdir -p "$root/samples"
    printf 'static const int id = 0x%s;\n' "$(hex pci_device_id)" >"$root/samples/planted.c"
}

tree_main "$@"
