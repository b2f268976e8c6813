#!/bin/sh
# SPDX-License-Identifier: MIT
# consume.sh WAY BUILD_DIR CONSUMER_DIR: installs the build into a scratch folder, moves that,
# and builds and runs the consumer against it. WAY is cmake-shared, cmake-static,
# pkgconfig-shared, pkgconfig-static, or control: the consumer without the installed tree must
# not build, or the other ways may have found a Vidicon of the machine.
set -eu

way=$1 build=$2 consumer=$3
cmake=${CMAKE:-cmake}
CC=${CC:-cc}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$cmake" --install "$build" --prefix "$scratch/first" >"$scratch/log"
mv "$scratch/first" "$scratch/moved"
prefix=$scratch/moved

by_cmake() {  # by_cmake TARGET PREFIX
    if ! { "$cmake" -S "$consumer" -B "$scratch/build" -DCONSUMER_TARGET="$1" \
        -DCMAKE_C_COMPILER="$CC" -DCMAKE_PREFIX_PATH="$2" &&
        "$cmake" --build "$scratch/build"; } >"$scratch/log" 2>&1; then
        tail -n 20 "$scratch/log"
        return 1
    fi
}

by_pkgconfig() {  # by_pkgconfig [--static]
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name vidicon.pc)")
    export PKG_CONFIG_PATH
    libdir=$(pkg-config --variable=libdir vidicon)
    # A static link means our archive, not the whole C library.
    [ $# -eq 0 ] || rm "$libdir"/libvidicon.so*
    mkdir "$scratch/build"
    # shellcheck disable=SC2046
    "$CC" -o "$scratch/build/consumer" "$consumer/main.c" $(pkg-config --cflags --libs "$@" vidicon)
    LD_LIBRARY_PATH=$libdir
    export LD_LIBRARY_PATH
}

case $way in
cmake-shared) by_cmake vidicon::vidicon "$prefix" ;;
cmake-static) by_cmake vidicon::vidicon_static "$prefix" ;;
pkgconfig-shared | pkgconfig-static)
    command -v pkg-config >/dev/null 2>&1 || { echo "skipped: no pkg-config"; exit 77; }
    case $way in
    *static) by_pkgconfig --static ;;
    *) by_pkgconfig ;;
    esac
    ;;
control)
    if by_cmake vidicon::vidicon "$scratch/nowhere" >/dev/null; then
        echo "a Vidicon was found although none was offered"
        exit 1
    fi
    exit 0
    ;;
esac

"$scratch/build/consumer"
case $way in
*shared) ldd "$scratch/build/consumer" | grep -q libvidicon ;;
*static) ! ldd "$scratch/build/consumer" | grep libvidicon ;;
esac
