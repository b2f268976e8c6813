#!/bin/sh
# SPDX-License-Identifier: MIT
# Negative controls of suite.sh: planted.exe must be reported, and its sound test must not.
# Wants $here and $mingw.
set -u
: "${here:?}" "${mingw:?}" "${dev:?}"

# control NAME SECONDS TEST LINE: the program's one line begins with LINE.
control() {
    said=$(sh "$here/suite.sh" "planted.$1" "$2" "$mingw/bin/wine_planted.exe" \
        "--gtest_filter=Planted.$3")
    case $said in
    "$4"*) echo "ok wine.control.$1" ;;
    *) echo "not ok wine.control.$1: it was reported as \"$said\"" ;;
    esac
}

control passing-test 20 Passes 'ok planted.passing-test.Planted.Passes'
control failing-test 20 Fails 'not ok planted.failing-test.Planted.Fails: '
control crash 20 Crashes 'not ok planted.crash: ended with status '
control hang 4 Hangs 'not ok planted.hang: did not end within 4 s, in Planted.Hangs'
control no-tests 20 Nothing 'not ok planted.no-tests: no tests'
