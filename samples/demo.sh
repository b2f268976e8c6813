#!/bin/sh
# SPDX-License-Identifier: MIT
# A demonstration: sh samples/demo.sh [--no-install] [--build DIR]
#   --no-install  never installs; says what is missing and stops
#   --build DIR   builds in DIR, build/demo unless given
# Installs what the build needs and the machine lacks, builds, and captures a picture and a clip
# from a simulated card: a program that behaves as the hardware does, behind the real core.
set -eu

cd "$(dirname "$0")/.."

may_install=yes build=build/demo
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) may_install=no ;;
    --build)
        shift
        build=${1:?--build needs a folder}
        ;;
    *)
        sed -n '3,7s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
    shift
done

now() {
    date +%s
}

# ---- what the machine must have: to build the library and the tool, nothing for tests ------

packages='gcc g++ libc6-dev cmake ninja-build pkg-config libconfig-dev libssl-dev zlib1g-dev
libpng-dev libyuv-dev libjansson-dev libudev-dev'

missing_packages() {
    for package in $packages; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            printf ' %s' "$package"
    done
}

install_missing() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        echo "No apt-get here. The build needs what these packages of Debian hold:"
        # shellcheck disable=SC2086
        echo "   " $packages
        return 0
    fi
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0

    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root='sudo -n'
        { command -v sudo && sudo -n true; } >/dev/null 2>&1 || may_install=no
    fi
    if [ $may_install = no ]; then
        echo "These packages are missing. Type this, then run the demonstration again:"
        echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing"
        exit 1
    fi

    echo "installing:$missing"
    mkdir -p "$build"
    log=$build/apt.log
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    # An index that cannot be refreshed may still do.
    $as_root apt-get update -qq >"$log" 2>&1 || true
    # shellcheck disable=SC2086
    $as_root apt-get install -y -qq --no-install-recommends $missing >>"$log" 2>&1 || {
        tail -n 20 "$log"
        echo "The installation failed, see $log"
        exit 1
    }
}

# ---- build ----------------------------------------------------------------------------------

build_tool() {
    log=$build/build.log
    mkdir -p "$build"
    # Newer compilers than ours may warn of more; that is no reason to show nothing.
    if ! {
        cmake --preset release -B "$build" -DVIDICON_TESTS=OFF -DVIDICON_BENCHMARKS=OFF \
            -DVIDICON_WERROR=OFF && cmake --build "$build"
    } >"$log" 2>&1; then
        grep -E 'error|CMake Error|FAILED' "$log" | head -n 20
        echo "The build failed, see $log"
        exit 1
    fi
}

begun=$(now)
install_missing
installed=$(now)
echo "building in $build"
build_tool
built=$(now)

# ---- capture --------------------------------------------------------------------------------

# The name of the program is the brand's.
name=$(sed -n 's/^ *"tool_name": *"\([^"]*\)".*/\1/p' sdk/oem/brand.json)
tool=$build/bin/$name
picture=$build/picture.png
clip=$build/clip.y4m

echo
"$tool" list --sim 1
echo
echo "A picture, as fast as the card can make it:"
echo
"$tool" capture 'sim:0?rate=max' -o "$picture"
echo
echo "A clip of two seconds, in real time:"
echo
"$tool" capture sim:0 --size 1280x720 --fps 60 --frames 120 -o "$clip"
echo
case $build in
/*) where= ;;
*) where=$PWD/ ;;
esac
echo "the picture   $where$picture"
echo "the clip      $where$clip"
echo "the tool      $where$tool"
ended=$(now)
echo "$((ended - begun)) s in all: $((installed - begun)) installing," \
    "$((built - installed)) building, $((ended - built)) capturing"
