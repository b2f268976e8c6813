#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped driver, end to end: installed by its INF in a prefix to throw away, over stand-ins for
# stream.sys, hal.dll and ksuser.dll, read by the rig's own program, by the tool and by the
# conformance suite. Wants $here, $mingw and $dev; works in this folder.
set -u
: "${here:?}" "${mingw:?}" "${dev:?}"

# shellcheck source=tests/wine/prefix.sh
. "$here/prefix.sh"
wine_environment
WINEDLLOVERRIDES="$WINEDLLOVERRIDES;hal=n;ksuser=n"
work=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-chain.XXXXXX") || exit 1
trap 'wine_end; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
wine_begin "$work/prefix" || {
    echo 'not ok chain.prefix: it cannot be copied'
    exit 1
}
system=$WINEPREFIX/drive_c/windows/system32
rm -f "$system/hal.dll" "$system/ksuser.dll"
cp "$mingw/wine/hal.dll" "$mingw/wine/ksuser.dll" "$system" &&
    cp "$mingw/wine/stream.sys" "$system/drivers" || exit 1

# The package as it ships. Wine's installer does not know [SourceDisksFiles.amd64] and looks for the
# driver beside the INF, so it lies there too.
package=$WINEPREFIX/drive_c/package
cp -R "$dev/drivers/windows/package" "$package" && cp "$package"/amd64/*.sys "$package" || exit 1
cp "$dev/drivers/firmware/capture-1.0.vdfw" "$WINEPREFIX/drive_c/old.vdfw" || exit 1
VIDICON_PACKAGE='C:\package' VIDICON_OLD_IMAGE='C:\old.vdfw'
export VIDICON_PACKAGE VIDICON_OLD_IMAGE

seconds=120
[ "${VIDICON_LONG:-0}" != 1 ] || seconds=600
sh "$here/suite.sh" chain.install 60 "$mingw/bin/wine_install.exe"
sh "$here/suite.sh" chain.driver "$seconds" "$mingw/bin/wine_chain.exe"
cp "$WINEPREFIX/drive_c/standin.log" chain.standin.log 2>/dev/null
exit 0
