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

# Once or always it is not started: a wine that ends without a word, so often.
stub=$(mktemp -d "$PWD/stub.XXXXXX") || exit 1
wine=$(command -v wine)
cat >"$stub/wine" <<END
#!/bin/sh
left=\$(cat "$stub/left")
[ "\$left" -gt 0 ] || exec "$wine" "\$@"
echo \$((left - 1)) >"$stub/left"
exit 1
END
chmod +x "$stub/wine"
unstarted() {  # unstarted NAME TIMES LINE: the last line of a sound test
    echo "$2" >"$stub/left"
    said=$(PATH="$stub:$PATH" sh "$here/suite.sh" "planted.$1" 20 "$mingw/bin/wine_planted.exe" \
        "--gtest_filter=Planted.Passes" | tail -n 1)
    case $said in
    "$3"*) echo "ok wine.control.$1" ;;
    *) echo "not ok wine.control.$1: it was reported as \"$said\"" ;;
    esac
}

unstarted started-late 1 'ok planted.started-late.Planted.Passes'
unstarted never-started 2 'not ok planted.never-started: ended with status 1'
rm -rf "$stub"
