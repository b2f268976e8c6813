# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Files that a check found good are not looked at again as long as nothing changes that it can see: their
# contents, their paths, its own rules. With VIDICON_LONG in the environment everything is looked at. To
# be sourced; tests/tree/known.sh has the proof. $scratch is the check's own folder.

known_folder=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/known

# known_unseen RULES: those of the files that standard input names, relative to the working folder, which
# were not found good by a check with these RULES: all that it goes by, a text.
known_unseen() {
    known_record=$known_folder/$(printf '%s\n' "$1" | sha256sum | cut -c 1-32)
    # shellcheck disable=SC2154
    xargs -r -d '\n' sha256sum >"$scratch/known"
    if [ -n "${VIDICON_LONG:-}" ] || [ ! -f "$known_record" ]; then
        sed 's/^[^ ]*  //' "$scratch/known"
    else
        LC_ALL=C awk 'NR == FNR { good[$0] = 1; next } !($0 in good) { sub(/^[^ ]*  /, ""); print }' \
            "$known_record" "$scratch/known"
    fi
}

# known_good RULES [FILE]: all of them are good, as they were when known_unseen read them, but for those
# that FILE names, one in a line.
known_good() {
    known_record=$known_folder/$(printf '%s\n' "$1" | sha256sum | cut -c 1-32)
    mkdir -p "$known_folder"
    # What is not asked for in a month belongs to rules that are no more.
    find "$known_folder" -type f -mtime +30 -delete
    LC_ALL=C awk -v bad="${2:-/dev/null}" '
        BEGIN { while ((getline name <bad) > 0) wrong[name] = 1 }
        { name = $0; sub(/^[^ ]*  /, "", name) }
        !(name in wrong)' "$scratch/known" >"$known_record.$$"
    mv "$known_record.$$" "$known_record"
}
