#!/bin/sh
# SPDX-License-Identifier: MIT
# One GoogleTest program under Wine, as a whole: suite.sh NAME SECONDS PROGRAM [ARGUMENT...]
# Writes NAME.xml and NAME.log in the present folder, and one line a test on stdout. A program that
# crashes, hangs or ends without a report is a failure of the test that it was in. One that Wine does not start at
# all, which is seen now and then, is started once more.
set -u

name=$1 seconds=$2
shift 2
start() {
    rm -f "$name.xml"
    timeout -k 5 "$seconds" wine "$@" "--gtest_output=xml:$name.xml" >"$name.log" 2>&1 </dev/null
    status=$?
}

start "$@"
# A program says that it runs before anything of its own can go wrong. Wine says why it does not start one if it is asked.
if [ ! -s "$name.xml" ] && [ ! -s "$name.log" ] && [ $status -ne 124 ] && [ $status -ne 137 ]; then
    echo "# $name: Wine ended with status $status and did not start it: once more"
    WINEDEBUG=err+all start "$@"
fi

if [ ! -s "$name.xml" ]; then
    # Whatever began and was not reported as ended.
    inside=$(sed -n 's/^\[ RUN      \] \([^ ]*\).*/\1/p' "$name.log" | tail -n 1 | tr -d '\r')
    case $status in
    124 | 137) why="did not end within $seconds s" ;;
    0) why='ended without a report' ;;
    *) why="ended with status $status and without a report" ;;
    esac
    echo "not ok $name: $why${inside:+, in $inside}"
    exit 0
fi
awk -v program="$name" -v status="$status" '
    function value(key,    at) {
        if (!match($0, " " key "=\"[^\"]*\"")) return ""
        at = RSTART + length(key) + 3
        return substr($0, at, RSTART + RLENGTH - 1 - at)
    }
    function report() {
        if (test == "") return
        if (failed) print "not ok " test ": " why
        else if (skipped) print "ok " test " (does not apply: " why ")"
        else print "ok " test
        count++
        failures += failed
        test = ""
    }
    /<testcase / {
        report()
        test = program "." value("classname") "." value("name")
        failed = skipped = 0
        why = ""
    }
    /<failure / { if (!failed) why = value("message"); failed = 1 }
    /<skipped / { if (!failed) why = value("message"); skipped = 1 }
    END {
        report()
        if (count == 0) print "not ok " program ": no tests"
        else if (status != 0 && !failures)
            print "not ok " program ": all tests passed, then it ended with status " status
    }
' "$name.xml" >"$name.said"
# In one piece: others write there, too.
flock suite.lock sed 's/&#x0A;/ /g; s/&#xA;/ /g; s/&lt;/</g; s/&gt;/>/g; s/&apos;/'"'"'/g; s/&quot;/"/g; s/&amp;/\&/g' "$name.said"
