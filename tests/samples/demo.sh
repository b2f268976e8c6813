#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh PART ROOT BUILD_DIR: the demonstration, part by part, on a machine that is made up by
# programs of the same names in front of the path.
#   lint      shellcheck has nothing to complain of
#   missing   without root it prints what to type, installs nothing, stops
#   install   as root it installs what is missing, and says so
#   broken    a build that fails is told, with its log
#   whole     it really builds and captures
set -eu

part=$1 root=$2 build=$3
demo=$root/samples/demo.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"

pretend() {  # pretend NAME LINE: a program of that name
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

run_demo() {  # run_demo WANTED_STATUS ARGUMENT...
    wanted=$1
    shift
    status=0
    PATH=$scratch/bin:$PATH sh "$demo" "$@" >"$scratch/out" 2>&1 || status=$?
    if [ $status -ne "$wanted" ]; then
        cat "$scratch/out"
        echo "status $status, not $wanted"
        exit 1
    fi
}

expect() {  # expect TEXT: in the output
    grep -qF -e "$1" "$scratch/out" || {
        cat "$scratch/out"
        echo "\"$1\" is missing above"
        exit 1
    }
}

case $part in
lint)
    command -v shellcheck >/dev/null 2>&1 || { echo "skipped: no shellcheck"; exit 77; }
    shellcheck "$demo" "$0" "$(dirname "$0")"/page.sh "$(dirname "$0")"/alone.sh
    ;;
missing)
    pretend apt-get "echo \"\$*\" >>'$scratch/apt'"
    pretend dpkg-query 'case $* in *libyuv*) exit 1 ;; *) echo "install ok installed" ;; esac'
    pretend id 'echo 1000'
    pretend sudo 'exit 1'
    run_demo 1 --build "$scratch/build"
    expect 'sudo apt-get update && sudo apt-get install --no-install-recommends libyuv-dev'
    run_demo 1 --build "$scratch/build" --no-install
    pretend id 'echo 0'
    run_demo 1 --build "$scratch/build" --no-install
    [ ! -e "$scratch/apt" ]
    [ ! -e "$scratch/build" ]
    run_demo 2 --wander
    expect '--no-install'
    ;;
install)
    pretend apt-get "echo \"\$*\" >>'$scratch/apt'"
    pretend dpkg-query 'case $* in *libyuv*|*libpng*) exit 1 ;; *) echo "install ok installed" ;; esac'
    pretend id 'echo 0'
    pretend cmake 'exit 1'
    run_demo 1 --build "$scratch/build"
    expect 'installing: libpng-dev libyuv-dev'
    grep -q '^update' "$scratch/apt"
    grep -q '^install .* libpng-dev libyuv-dev$' "$scratch/apt"
    # What only tests need is not asked for.
    ! grep -E 'gtest|benchmark|valgrind|clang' "$scratch/apt"
    pretend apt-get 'exit 100'
    run_demo 1 --build "$scratch/build"
    expect 'The installation failed'
    ;;
broken)
    pretend dpkg-query 'echo "install ok installed"'
    pretend cmake 'echo "x.c:1: error: planted" >&2; exit 1'
    run_demo 1 --build "$scratch/build"
    expect 'error: planted'
    expect "$scratch/build/build.log"
    ;;
whole)
    run_demo 0 --no-install --build "$build"
    expect 'every frame is explained'
    expect "$build/picture.png"
    expect '120 written to'
    # The size of a picture lies in its header.
    size=$(od -An -tu1 -j16 -N8 "$build/picture.png" | tr -s ' ')
    [ "$size" = ' 0 0 7 128 0 0 4 56' ] || { echo "the picture's size is$size"; exit 1; }
    [ "$(head -c 26 "$build/clip.y4m")" = 'YUV4MPEG2 W1280 H720 F60:1' ]
    cat "$scratch/out"
    ;;
esac
