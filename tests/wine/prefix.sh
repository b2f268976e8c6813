# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Wine's prefixes, to be sourced. One is made for each version of Wine and kept in the user's cache;
# a run works in a copy. What is Wine's own file there is a link to it: 3 MB instead of 700.

wine_cache=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/wine

# Sets the environment of every Wine program: no display, no debugger that waits, no Mono, no HTML.
wine_environment() {
    unset DISPLAY WAYLAND_DISPLAY
    WINEDLLOVERRIDES='winedbg.exe=d;mscoree=;mshtml='
    WINEDEBUG=${WINEDEBUG:--all}
    WINEARCH=win64
    export WINEDLLOVERRIDES WINEDEBUG WINEARCH
}

# wine_template: makes the kept prefix unless there is one, and prints its path.
wine_template() {
    version=$(wine --version 2>/dev/null | tr -c 'A-Za-z0-9.-' '_')
    template=$wine_cache/prefix-3-$version
    if [ ! -f "$template/ready" ]; then
        mkdir -p "$wine_cache"
        fresh=$(mktemp -d "$wine_cache/new.XXXXXX") || return 1
        wine_make_template "$fresh" || {
            rm -rf "$fresh"
            return 1
        }
        # Somebody else may have been quicker; theirs is as good.
        mv -T "$fresh" "$template" 2>/dev/null || rm -rf "$fresh"
    fi
    printf '%s\n' "$template"
}

wine_make_template() {  # wine_make_template FOLDER
    WINEPREFIX=$1/prefix timeout -k 5 180 wineboot -i >"$1/log" 2>&1 || return 1
    # Windows that nobody sees need no display: notices of devices come to one.
    WINEPREFIX=$1/prefix timeout -k 5 60 wine reg add 'HKCU\Software\Wine\Drivers' /v Graphics \
        /d null /f >>"$1/log" 2>&1 || return 1
    WINEPREFIX=$1/prefix timeout -k 5 60 wineserver -w || return 1
    windows=$1/prefix/drive_c/windows
    [ -f "$windows/system32/kernel32.dll" ] || return 1
    # An update would write through the links.
    echo disable >"$1/prefix/.update-timestamp"
    # The user's folders are links to the real home; here nobody has one.
    find "$1/prefix/drive_c/users" -type l -exec sh -c \
        'for link; do rm "$link" && mkdir "$link"; done' sh {} +
    rm -f "$1"/prefix/dosdevices/com*
    for own in /usr/lib/*/wine/x86_64-windows /usr/lib/wine/x86_64-windows \
        /usr/lib64/wine/x86_64-windows /opt/wine*/lib*/wine/x86_64-windows /usr/share/wine/nls; do
        [ -d "$own" ] || continue
        find "$windows" -type f | while read -r file; do
            name=${file##*/}
            if cmp -s "$file" "$own/$name"; then ln -sf "$own/$name" "$file"; fi
        done
    done
    : >"$1/ready"
}

# wine_begin FOLDER: a prefix to throw away, and its server. Sets WINEPREFIX.
wine_begin() {
    cp -a "$(wine_template)/prefix" "$1" || return 1
    WINEPREFIX=$1
    export WINEPREFIX
    wineserver -p
}

# wine_end: ends all that runs in WINEPREFIX, and removes it.
wine_end() {
    [ -d "${WINEPREFIX:-}" ] || return 0
    timeout -k 5 30 wineserver -k >/dev/null 2>&1
    timeout -k 5 30 wineserver -w >/dev/null 2>&1
    rm -rf "$WINEPREFIX"
    unset WINEPREFIX
}
