#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped driver, end to end: installed by its INF in a prefix to throw away, over stand-ins for
# stream.sys, hal.dll and ksuser.dll, read by the rig's own program, by the tool and by the
# conformance suite. Wants $here, $root, $mingw and $dev; works in this folder.
#   chain.sh driver    the driver by itself; chain.sh library  what stands above it. A prefix each.
set -u
part=$1
: "${here:?}" "${root:?}" "${mingw:?}" "${dev:?}"

# shellcheck source=tests/wine/prefix.sh
. "$here/prefix.sh"
wine_environment
WINEDLLOVERRIDES="$WINEDLLOVERRIDES;hal=n;ksuser=n"
work=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-chain.XXXXXX") || exit 1
trap 'wine_end; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
fail() {
    echo "not ok chain.$1: $2"
    exit 1
}

wine_begin "$work/prefix" || fail prefix 'it cannot be copied'
system=$WINEPREFIX/drive_c/windows/system32
rm -f "$system/hal.dll" "$system/ksuser.dll"
cp "$mingw/wine/hal.dll" "$mingw/wine/ksuser.dll" "$system" || fail standins 'they are not there'
cp "$mingw/wine/stream.sys" "$system/drivers" || fail standins 'stream.sys is not there'

# The package as it ships. Wine's installer does not know [SourceDisksFiles.amd64] and looks for the
# driver beside the INF, so it lies there too.
package=$WINEPREFIX/drive_c/package
cp -R "$dev/drivers/windows/package" "$package" || fail package 'it is not there'
cp "$package"/amd64/*.sys "$package" || fail package 'it has no driver'
cp "$dev/drivers/firmware/capture-1.0.vdfw" "$WINEPREFIX/drive_c/old.vdfw" ||
    fail image 'it is not there'
VIDICON_PACKAGE='C:\package' VIDICON_OLD_IMAGE='C:\old.vdfw'
export VIDICON_PACKAGE VIDICON_OLD_IMAGE

seconds=120
[ -z "${VIDICON_LONG:-}" ] || seconds=1200
if [ "$part" = driver ]; then
    sh "$here/suite.sh" chain.install 60 "$mingw/bin/wine_install.exe"
    sh "$here/suite.sh" chain.driver "$seconds" "$mingw/bin/wine_chain.exe"
    sh "$here/suite.sh" chain.heard 60 "$mingw/bin/wine_heard.exe"
    cp "$WINEPREFIX/drive_c/standin.log" chain.standin.log 2>/dev/null
    exit 0
fi
sh "$here/suite.sh" chain.again 60 "$mingw/bin/wine_install.exe" >chain.again.lines
grep '^not ok ' chain.again.lines

# ---- The library's backend ----

tool() {  # tool NAME WANTED ARGUMENT...: what it prints has a line like that
    name=$1 wanted=$2
    shift 2
    timeout -k 5 60 wine "$mingw/bin/vidicon.exe" "$@" 2>&1 </dev/null | tr -d '\r' \
        >"chain.tool.$name.log"
    if grep -q "$wanted" "chain.tool.$name.log"; then
        echo "ok chain.tool.$name"
    else
        echo "not ok chain.tool.$name: no \"$wanted\" in chain.tool.$name.log"
    fi
}

tool list '^ks:[^ ]*  *present ' list
tool info '^  runs  *[0-9][0-9.]* from ram' info ks:
tool capture '^  produced = delivered' capture ks: --frames 20 --size 640x480 -o chain.raw
if [ "$(wc -c <chain.raw)" -eq $((20 * 640 * 480 * 2)) ]; then
    echo 'ok chain.tool.bytes'
else
    echo 'not ok chain.tool.bytes: 20 frames of 640x480 are not in the file'
fi
rm -f chain.raw

# Pictures first: the controls keep their values from one test to the next, as on a real card. Two runs, one
# row of the published matrix.
suite="$mingw/bin/conformance.exe --device=ks: --rig=standin"
row='--row=the card, Windows driver under Wine'
rm -rf rows ks.json
mkdir rows
# shellcheck disable=SC2086
sh "$here/suite.sh" conformance.ks 60 $suite "$row" --matrix=ks-pictures.json \
    '--gtest_filter=Pictures.*'
# shellcheck disable=SC2086
sh "$here/suite.sh" conformance.ks "$seconds" $suite "$row" --matrix=ks.json \
    "--gtest_filter=-Pictures.*"
{
    tr -d '\r' <ks-pictures.json | sed '/^]/,$d; /^{"case"/s/}$/},/'
    tr -d '\r' <ks.json | sed '1,/^"cases"/d'
} >rows/wine-ks.json 2>chain.row.log
# It has every published case, none failed, and each that does not apply has a reason; the control
# takes a case away, and lets one fail.
for kind in check control; do
    if sh "$root/tests/conformance/matrix.sh" --$kind "$root/docs/conformance.md" rows \
        >chain.row.$kind.log 2>&1; then
        echo "ok conformance.ks.row.$kind"
    else
        echo "not ok conformance.ks.row.$kind: $(grep FAILED chain.row.$kind.log | head -n 1)"
    fi
done

# Negative controls: answers of the library falsified on their way to the suite, which must say so.
for lie in flip-pixel:Pictures.NumbersFollowOneAnother lose-frame:Delivery.Waits \
    hide-drop:Accounts.FifoOverflow; do
    # shellcheck disable=SC2086
    VIDICON_CONFORMANCE_BREAK=${lie%:*} sh "$here/suite.sh" "chain.${lie%:*}" 60 $suite \
        "--gtest_filter=${lie#*:}" >chain.control.lines
    if grep -q '^not ok [^ ]*: [^ ]*[.]cc:[0-9]' chain.control.lines; then
        echo "ok conformance.ks.control.${lie%:*}"
    else
        echo "not ok conformance.ks.control.${lie%:*}: it passed: $(head -n 1 chain.control.lines)"
    fi
done
cp "$WINEPREFIX/drive_c/standin.log" conformance.standin.log 2>/dev/null
exit 0
