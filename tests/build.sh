#!/bin/sh
# SPDX-License-Identifier: MIT
# One preset, for tests/run.sh: sh tests/build.sh PRESET [TARGET...]
# Leaves build/logs/PRESET-build.log and, last of all, PRESET-build.status: the exit status and the seconds it took.
set -eu

cd "$(dirname "$0")/.."
preset=${1:?which preset?}
shift
logs=build/logs
mkdir -p $logs
rm -f "$logs/$preset-build.status"
started=$(date +%s)
status=0 linker='' wrap=''

# What the sanitizers bring goes into every program: this linker takes a third of the time for it.
case $preset in
asan | tsan) ! command -v ld.lld >/dev/null 2>&1 || linker=-fuse-ld=lld ;;
esac
# A build asks the tests' programs what they hold. Much address randomness upsets this sanitizer.
if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then
    wrap='setarch -R'
fi
{
    LDFLAGS="${LDFLAGS:-}${linker:+ $linker}" cmake --preset "$preset" &&
        $wrap timeout -k 30 1800 cmake --build --preset "$preset" -j "$(nproc 2>/dev/null || echo 2)" "$@"
} >"$logs/$preset-build.log" 2>&1 || status=$?
echo "$status $(($(date +%s) - started))" >"$logs/$preset-build.status.new"
mv "$logs/$preset-build.status.new" "$logs/$preset-build.status"
