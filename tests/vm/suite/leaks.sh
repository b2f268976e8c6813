# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Kmemleak's looks at a guest, where a kernel has it. To be sourced. It tells only when it is asked, on the second look at the
# earliest, which compares with the sums that the first one took, and not of what is younger than five seconds.
kmemleak=/sys/kernel/debug/kmemleak

# look_for_leaks FILE: of all that was lost before. One that gave up by itself refuses to look, and has nothing to tell.
look_for_leaks() {
    looked_first=$(cut -d . -f 1 /proc/uptime)
    echo scan >$kmemleak || echo 'it refuses to look' >>"$1"
    looked_for=$(($(cut -d . -f 1 /proc/uptime) - looked_first))
    [ $looked_for -ge 6 ] || sleep $((6 - looked_for))
    echo scan >$kmemleak || echo 'it refuses to look' >>"$1"
    cat $kmemleak >>"$1"
}
