#!/bin/sh
# SPDX-License-Identifier: MIT
# The include rule: which layer may see which. A quoted name is looked up in the tree by its
# last parts; what is not in the tree is generated and must be on the list below.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

check() {
    tree_files '\.(c|h|cc|def|inc)$' >"$scratch/files"
    awk -v root="$root" '
    function layer(path) {
        if (path ~ /^drivers\/core\/vdh_(regs|layouts)\.def$/) return "tables"
        if (path == "drivers/core/vdh_layouts.h") return "layouts"
        if (path == "drivers/core/vdh_types.h") return "types"
        if (path == "drivers/firmware/vdh_default_image.h") return "image"
        if (path ~ /^drivers\/linux\/vdl_interface\.h$/) return "linux-interface"
        if (path ~ /^drivers\/windows\/vdw_interface\.h$/) return "windows-interface"
        if (path ~ /^drivers\/[a-z]+\//) { split(path, part, "/"); return part[2] }
        if (path ~ /^backends\/[a-z_]+\.h$/) return "contract"
        if (path ~ /^backends\/card\//) return "card"
        if (path ~ /^backends\/[a-z0-9]+\//) { split(path, part, "/"); return "backend-" part[2] }
        if (path ~ /^sdk\/include\//) return "public"
        if (path ~ /^sdk\/[a-z]+\//) { split(path, part, "/"); return "sdk-" part[2] }
        if (path ~ /^samples\//) return "samples"
        return "free"
    }
    BEGIN {
        sees["core"] = "core types tables layouts"
        sees["layouts"] = "types tables"
        sees["types"] = "none"
        sees["image"] = "types"
        sees["tables"] = "tables"
        sees["model"] = "model tables"
        sees["firmware"] = "firmware image types tables layouts"
        sees["linux"] = "linux linux-interface core types tables layouts image brand"
        sees["windows"] = "windows windows-interface core types tables layouts image brand"
        sees["linux-interface"] = "none"
        sees["windows-interface"] = "none"
        sees["public"] = "public"
        sees["contract"] = "public contract"
        sees["sdk-src"] = "sdk-src public contract brand list"
        sees["sdk-tools"] = "sdk-tools public brand"
        sees["sdk-bindings"] = "sdk-bindings public brand"
        sees["sdk-oem"] = "sdk-oem public brand"
        sees["samples"] = "samples public"
        common = " public contract brand "
        sees["card"] = "card core types tables layouts public contract"
        sees["backend-sim"] = "backend-sim card core types tables layouts image model" common
        sees["backend-usb"] = "backend-usb card core types tables layouts image" common
        sees["backend-v4l2"] = "backend-v4l2 linux-interface" common
        sees["backend-ks"] = "backend-ks windows-interface" common
        sees["backend-template"] = "backend-template" common
        generated["vidicon_brand.h"] = "brand"
        generated["backend_list.inc"] = "list"
        # Headers of the systems, and who may have which.
        system_name = "^(windows|winsock2|ks|ksmedia|ksproxy|setupapi|wdm|strmini|ntddk|process)\\.h$" \
            "|^(linux|asm|sys|net|netinet|arpa)\\/" \
            "|^(unistd|pthread|poll|fcntl|dlfcn|dirent|semaphore|sched)\\.h$"
        has_system = "^(types|linux|windows|linux-interface|windows-interface|firmware" \
            "|backend-(v4l2|ks|usb)|sdk-tools|sdk-bindings|samples)$"
        # The model is C11 without a system, but may order its memory writes.
        model_standard = "^(stdint|stddef|limits|stdbool|string|stdatomic)\\.h$"
        standard = "^(stdint|stddef|limits|stdbool)\\.h$"
    }
    { files[++count] = $0 }
    END {
        for (i = 1; i <= count; i++) {
            n = split(files[i], part, "/")
            name = part[n]
            known[name] = known[name] " " files[i]
        }
        for (i = 1; i <= count; i++) {
            file = files[i]
            own = layer(file)
            if (own == "free") continue
            if (!(own in sees)) { print file ": the folder has no line in tests/tree/includes.sh"; continue }
            while ((getline line < (root "/" file)) > 0) {
                if (line !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) continue
                name = line
                sub(/^[^<"]*[<"]/, "", name)
                sub(/[>"].*/, "", name)
                quoted = line ~ /include[ \t]*"/
                if (!quoted) {
                    if (name ~ /^vidicon\//) print file ": write \"" name "\" with quotes"
                    else if (own ~ /^(core|tables|layouts)$/ && file !~ /vdh_types\.h$/ && name !~ standard)
                        print file ": the core may not include <" name ">"
                    else if (own == "model" && name !~ model_standard)
                        print file ": the model may not include <" name ">"
                    else if (own == "public" && name !~ standard)
                        print file ": a public header may not include <" name ">"
                    else if (name ~ system_name && own !~ has_system && own !~ /^(core|tables|layouts)$/ &&
                             file !~ /\/platform_[a-z0-9_]*\.[ch]$/)
                        print file ": <" name "> belongs to a platform file"
                    continue
                }
                while (name ~ /^\.\.?\//) sub(/^\.\.?\//, "", name)
                if (name in generated) {
                    target = generated[name]
                } else {
                    last = name
                    sub(/.*\//, "", last)
                    target = ""
                    paths = split(known[last], candidate, " ")
                    for (k = 1; k <= paths; k++) {
                        tail = substr(candidate[k], length(candidate[k]) - length(name) + 1)
                        if (tail != name) continue
                        found = layer(candidate[k])
                        if (target == "" || found == own) target = found
                    }
                    if (target == "") { print file ": \"" name "\" is not in the tree"; continue }
                }
                if (index(" " sees[own] " ", " " target " ") == 0)
                    print file ": " own " may not see \"" name "\" (" target ")"
            }
            close(root "/" file)
        }
    }' "$scratch/files"
}

plant() {
    mkdir -p "$root/drivers/model" "$root/drivers/core"
    touch "$root/drivers/core/vdh_device.h"
    echo '#include "vdh_device.h"' >"$root/drivers/model/planted.c"
}

tree_main "$@"
