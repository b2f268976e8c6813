#!/bin/sh
# SPDX-License-Identifier: MIT
# libpng, libyuv and libusb for Windows, which Debian does not have, out of its source packages, in the
# versions that are installed for this machine: the same picture gives the same file on both. Debian's
# patches are left out: they mend readers of files, and only writers are linked; libusb has none.
#   sh cmake/mingw-libraries.sh          builds them unless they are kept already; prints the folder
#   sh cmake/mingw-libraries.sh --where  prints it only if they are there
# The sources come by apt: addresses and keys are those of this machine's own configuration. zlib is
# the package libz-mingw-w64-dev.
set -eu

target=x86_64-w64-mingw32
cc=$target-gcc-posix cxx=$target-g++-posix ar=$target-ar

fail() {
    echo "mingw libraries: $*" >&2
    exit 1
}

source_of() {  # source_of PACKAGE: "NAME VERSION" of its source, without Debian's revision
    # shellcheck disable=SC2016
    found=$(dpkg-query -W -f='${source:Package} ${source:Version}' "$1" 2>/dev/null) && echo "${found%-*}"
}

if ! { png=$(source_of libpng-dev) && yuv=$(source_of libyuv-dev) &&
    usb=$(source_of libusb-1.0-0-dev) && compiler=$($cc -dumpversion 2>/dev/null); }; then
    [ "${1:-}" != --where ] || exit 0
    fail 'libpng-dev, libyuv-dev, libusb-1.0-0-dev and the compiler for Windows are not all installed'
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/mingw
kept=$cache/3-$(echo "$png $yuv $usb gcc $compiler" | tr -c 'A-Za-z0-9.+~\n-' '_')

if [ -f "$kept/ready" ]; then
    echo "$kept"
    exit 0
fi
[ "${1:-}" != --where ] || exit 0

mkdir -p "$cache"
work=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# ---- Sources ------------------------------------------------------------------------------

# apt with the machine's archives as archives of sources, in a folder of its own.
prepare_apt() {
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/apt/empty"
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sort -u | while read -r address release component; do
        echo "deb-src [signed-by=$keys] $address $release $component"
    done >"$work/apt/sources.list"
    [ -s "$work/apt/sources.list" ] || fail 'apt on this machine knows no archive'
    cat >"$work/apt/apt.conf" <<END
Dir::Etc::SourceList "$work/apt/sources.list";
Dir::Etc::SourceParts "$work/apt/empty";
Dir::State::Lists "$work/apt/lists";
Dir::Cache "$work/apt";
APT::Sandbox::User "";
Debug::NoLocking "true";
Acquire::Languages "none";
Acquire::Retries "3";
END
    APT_CONFIG=$work/apt/apt.conf apt-get update -qq >"$work/apt.log" 2>&1 ||
        fail "no lists of source packages: $(tail -n 1 "$work/apt.log")"
}

# Any of Debian's revisions of it has the same: an archive soon has another one than was installed.
unpack() {  # unpack FOLDER NAME VERSION: as its author released it
    mkdir "$work/$1" "$work/$1.files"
    revision=$(APT_CONFIG=$work/apt/apt.conf apt-cache showsrc --only-source "$2" 2>>"$work/apt.log" |
        sed -n 's/^Version: //p' | grep -m 1 -xE "$(echo "$3" | sed 's/[.+]/\\&/g')(-[^-]*)?") ||
        fail "no source of $2 $3"
    (cd "$work/$1.files" && APT_CONFIG=$work/apt/apt.conf \
        apt-get source -qq --download-only --tar-only "$2=$revision") >>"$work/apt.log" 2>&1 ||
        fail "no source of $2 $3: $(tail -n 1 "$work/apt.log")"
    tar -x --strip-components=1 --no-same-owner -C "$work/$1" -f "$work/$1.files"/*.orig.tar.* ||
        fail "the source of $2 cannot be unpacked"
}

# ---- Build --------------------------------------------------------------------------------

# library NAME COMPILER FLAGS SOURCE...: lib/libNAME.a
library() {
    name=$1 compile="$2 $3 -O2 -c"
    shift 3
    mkdir -p "$work/lib" "$work/$name.objects"
    # shellcheck disable=SC2086
    printf '%s\n' "$@" | (cd "$work/$name.objects" &&
            xargs -P "$(nproc 2>/dev/null || echo 2)" -n 1 $compile) >"$work/$name.log" 2>&1 ||
        fail "$name does not compile: $(grep -m 1 error "$work/$name.log")"
    $ar crs "$work/lib/lib$name.a" "$work/$name.objects"/*.o
}

# libusb, which is under the LGPL: a DLL, so that whoever gets it can put another one in its place, with
# its licence and a word on where it comes from. The import library has the name that -static looks for.
usb_library() {
    from=$work/usb.source/libusb
    # What its configure script finds out on this system.
    printf '#define %s\n' '_GNU_SOURCE 1' '_WIN32_WINNT _WIN32_WINNT_VISTA' DEFAULT_VISIBILITY \
        'ENABLE_LOGGING 1' 'PLATFORM_WINDOWS 1' \
        'PRINTF_FORMAT(a, b) __attribute__((__format__(__gnu_printf__, a, b)))' \
        >"$work/usb.source/config.h"
    # The other names in it are those of 32-bit programs.
    grep -v @ "$from/libusb-1.0.def" >"$work/usb.source/libusb.def"
    mkdir -p "$work/bin" "$work/lib" "$work/include" "$work/share/libusb-1.0"
    $cc -shared -static-libgcc -O2 -s -I"$work/usb.source" -I"$from" "$from"/*.c \
        "$from"/os/*_windows.c "$from"/os/windows_*.c "$work/usb.source/libusb.def" \
        -o "$work/bin/libusb-1.0.dll" "-Wl,--no-insert-timestamp,--out-implib,$work/lib/libusb-1.0.a" \
        >"$work/usb.log" 2>&1 || fail "usb does not compile: $(grep -m 1 error "$work/usb.log")"
    cp "$from/libusb.h" "$work/include"
    cp "$work/usb.source/COPYING" "$work/share/libusb-1.0/COPYING.txt"
    cat >"$work/share/libusb-1.0/SOURCE.txt" <<END
libusb-1.0.dll is libusb under the GNU Lesser General Public License 2.1 or later (COPYING.txt): the
sources of Debian's package $usb as their authors released them, without Debian's changes,
built by cmake/mingw-libraries.sh of Vidicon with $cc $compiler.
END
}

[ -f /usr/$target/include/zlib.h ] || fail 'there is no zlib for Windows (libz-mingw-w64-dev)'
prepare_apt
# shellcheck disable=SC2086
unpack png.source $png
# shellcheck disable=SC2086
unpack yuv.source $yuv
# shellcheck disable=SC2086
unpack usb.source $usb

cp "$work/png.source/scripts/pnglibconf.h.prebuilt" "$work/png.source/pnglibconf.h"
rm "$work/png.source/pngtest.c"
library png "$cc" "-I../png.source -DPNG_INTEL_SSE_OPT=0" "$work/png.source"/png*.c
library yuv "$cxx" -I../yuv.source/include "$work/yuv.source/source"/*.cc
usb_library
cd "$work"

mkdir -p include
cp png.source/png.h png.source/pngconf.h png.source/pnglibconf.h include
cp -R yuv.source/include/libyuv yuv.source/include/libyuv.h include
# zlib lies beside them, so that one folder is enough.
cp /usr/$target/include/zlib.h /usr/$target/include/zconf.h include
cp /usr/$target/lib/libz.a lib
rm -rf apt png.source* yuv.source* usb.source* ./*.objects
: >ready
# Somebody else may have been quicker; theirs is as good.
mv -T "$work" "$kept" 2>/dev/null || true
[ -f "$kept/ready" ] || fail "$kept cannot be written"
echo "$kept"
