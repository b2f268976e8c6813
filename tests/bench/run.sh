#!/bin/sh
# SPDX-License-Identifier: MIT
# The benchmark, with its peers, in interleaved rounds:
#   run.sh FOLDER                  the table, in Markdown; FOLDER holds vidicon_bench and the peers
#   run.sh --write PAGE FOLDER     puts it into a page, between its two marks
#   run.sh --gates [--control] FOLDER   a short run, and whether it is good enough
# With --control the program copies each frame byte by byte, which the gates must notice.
set -eu

mode=table page='' control=''
while [ $# -gt 1 ]; do
    case $1 in
    --gates) mode=gates ;;
    --control) control=yes ;;
    --write)
        mode=write page=$2
        shift
        ;;
    *) exit 2 ;;
    esac
    shift
done
bin=${1:?}
program=$bin/vidicon_bench
[ -z "$control" ] || program=${program}_planted
rounds=5 repetitions=3 time=0.1
[ $mode != gates ] || rounds=3
[ -z "$control" ] || rounds=1 # what is planted is far beyond any noise
[ "${VIDICON_LONG:-}" = "" ] || [ $mode = gates ] || { rounds=9 time=0.3; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

# name, counter, value: one to a line, from the program's JSON. run FILTER [REPETITIONS]
run() {
    "$program" --benchmark_filter="$1" --benchmark_min_time=$time --benchmark_format=json \
        --benchmark_repetitions="${2:-$repetitions}" --benchmark_report_aggregates_only=true \
        --benchmark_enable_random_interleaving=true 2>"$scratch/err" >"$scratch/json" || {
        cat "$scratch/err"
        exit 1
    }
    if grep -q '"error_occurred": true' "$scratch/json"; then
        grep '"error_message"' "$scratch/json"
        exit 1
    fi
    single=
    [ "${2:-}" != 1 ] || single=median # of one there are no aggregates
    awk -v kind="$single" '
        /"run_name":/ { split($0, part, "\""); name = part[4]; sub(/\/(iterations|process_time|real_time).*/, "", name) }
        /"aggregate_name":/ { split($0, part, "\""); kind = part[4] }
        /"(real_time|frame_s|switches|bytes|open_s)":/ && kind == "median" {
            split($0, part, "\""); value = $2; sub(/,/, "", value)
            print name, part[2], value
        }' "$scratch/json"
}

round=1
while [ $round -le $rounds ]; do
    filter='^(bare|wait|callback|handle|4k_wait|4k_memcpy|4k_lines|4k_memset)/'
    [ $mode != gates ] || filter='^(bare|wait|callback|handle|4k_wait|4k_memcpy|4k_lines)/'
    run "$filter" | sed "s/^/$round /" >>"$log"
    for peer in gstreamer:50000 aravis:500; do
        [ -x "$bin/peer_${peer%:*}" ] || continue
        echo "$round ${peer%:*} frame_s $("$bin/peer_${peer%:*}" ${peer#*:})" >>"$log"
    done
    if [ $mode != gates ]; then
        run '^open_to_first_frame/' | sed "s/^/$round /" >>"$log"
        for cards in 1 2 4 8 16; do # a process for each, or memory is used again
            run "^cards/$cards/" 1 | sed "s/^/$round /" >>"$log"
        done
    fi
    round=$((round + 1))
done

table() {
    awk -v gates="$1" '
        function median(name, what,    n, i, j, t, list) {
            n = 0
            for (i = 1; i <= rounds; i++)
                if ((i, name, what) in value) list[++n] = value[i, name, what]
            for (i = 1; i <= n; i++)
                for (j = i + 1; j <= n; j++)
                    if (list[j] < list[i]) { t = list[i]; list[i] = list[j]; list[j] = t }
            return n ? list[int((n + 1) / 2)] : -1
        }
        function micro(x) { return x < 0 ? "not there" : sprintf("%.2f", x * 1e6) }
        { value[$1, $2, $3] = $4 + 0; if ($1 > rounds) rounds = $1 }
        END {
            split("wait callback handle", paths, " ")
            for (k in paths)
                for (i = 1; i <= rounds; i++)
                    if ((i, paths[k], "frame_s") in value) {
                        added = value[i, paths[k], "frame_s"] - value[i, "bare", "frame_s"]
                        value[i, paths[k], "added"] = added
                        if (!(k in best) || added < best[k]) best[k] = added
                    }
            gst = median("gstreamer", "frame_s")
            for (i = 1; i <= rounds; i++) {
                if ((i, "4k_lines", "frame_s") in value)
                    value[i, "4k", "lines"] = value[i, "4k_wait", "frame_s"] / value[i, "4k_lines", "frame_s"]
                r = value[i, "4k_wait", "frame_s"] / value[i, "4k_memcpy", "frame_s"]
                value[i, "4k", "ratio"] = r
                if (ratio == "" || r < ratio) ratio = r
            }
            if (gates) {
                for (k = 1; k <= 3; k++)
                    printf "added on the %s path: %.0f ns at best, %.0f in the middle (bare loop %.0f)\n", paths[k],
                           best[k] * 1e9, median(paths[k], "added") * 1e9, median("bare", "frame_s") * 1e9
                printf "GStreamer: %s\n", (gst < 0 ? "not there" : sprintf("%.0f ns", gst * 1e9))
                once = median("4k", "lines")
                printf "4K: %.2f of memcpy at best, %.2f of writing its bytes once in the middle\n", ratio, once
                bad = 0
                # Three system calls a frame belong to the handle, and they cost what the machine takes.
                for (k = 1; k <= 3; k++)
                    if (!(k in best) || best[k] > (paths[k] == "handle" ? 1.5e-6 : 1e-6)) {
                        print "FAILED: more than allowed on the " paths[k] " path"
                        bad = 1
                    }
                if (gst > 0 && best[1] > gst / 10) { print "FAILED: more than a tenth of GStreamer"; bad = 1 }
                if (ratio > 1.5) { print "FAILED: a 4K frame costs far more than a copy of it"; bad = 1 }
                if (once < 0 || once > 1.15) { print "FAILED: a 4K frame costs more than writing it once"; bad = 1 }
                exit bad
            }
            if (median("cards/16", "bytes") < 0 || median("handle", "added") < 0 || \
                median("open_to_first_frame", "real_time") < 0) {
                print "a figure is missing" > "/dev/stderr"
                exit 1
            }
            print "| 64 x 64, as fast as it goes | CPU us/frame | added to the bare loop | of GStreamer | waits/frame |"
            print "| --- | --- | --- | --- | --- |"
            printf "| bare loop over the model | %s | | | |\n", micro(median("bare", "frame_s"))
            for (k = 1; k <= 3; k++) {
                a = median(paths[k], "added")
                printf "| %s | %s | %s | %s | %.3f |\n", paths[k], micro(median(paths[k], "frame_s")),
                       micro(a), (gst > 0 ? sprintf("%.1f %%", 100 * a / gst) : ""), median(paths[k], "switches")
            }
            printf "| peer: GStreamer, pooled appsrc to appsink | %s | | | |\n", micro(gst)
            printf "| peer: Aravis, fake camera at 1000 frames/s | %s | | | |\n", micro(median("aravis", "frame_s"))
            print ""
            print "| 3840 x 2160 YUYV | CPU us/frame | at 60 frames/s |"
            print "| --- | --- | --- |"
            f = median("4k_wait", "frame_s")
            printf "| captured from the pattern | %s | %.1f %% of a processor |\n", micro(f), f * 6000
            f = median("4k_memcpy", "frame_s")
            printf "| memcpy of the same bytes | %s | %.1f %% |\n", micro(f), f * 6000
            f = median("4k_lines", "frame_s")
            printf "| the same bytes, each line from one in the cache | %s | %.1f %% |\n", micro(f), f * 6000
            f = median("4k_memset", "frame_s")
            printf "| memset of the same bytes | %s | %.1f %% |\n", micro(f), f * 6000
            printf "| ratio, captured to memcpy | %.2f | |\n", median("4k", "ratio")
            printf "| ratio, captured to lines | %.2f | |\n", median("4k", "lines")
            print ""
            print "| cards in one process | CPU us/frame | open to first frame, ms a card | memory a card and stream, KiB |"
            print "| --- | --- | --- | --- |"
            for (n = 1; n <= 16; n *= 2)
                printf "| %d | %s | %.2f | %.0f |\n", n, micro(median("cards/" n, "frame_s")),
                       median("cards/" n, "open_s") * 1e3, median("cards/" n, "bytes") / 1024
            print ""
            printf "Open to first frame, again and again in one process: %.2f ms.\n",
                   median("open_to_first_frame", "real_time") / 1e6
        }' "$log"
}

case $mode in
gates)
    [ -x "$bin/peer_gstreamer" ] || { echo "skipped: no GStreamer to compare with"; exit 77; }
    status=0
    table 1 >"$scratch/verdict" || status=$?
    cat "$scratch/verdict"
    if [ -n "$control" ]; then
        for gate in 'more than allowed on the wait' 'more than allowed on the callback' \
            'more than allowed on the handle' 'a 4K frame costs far more' 'a 4K frame costs more'; do
            grep -q "^FAILED: $gate" "$scratch/verdict" || {
                echo "FAILED: the planted copy was not noticed: $gate"
                exit 1
            }
        done
        echo "the planted copy was noticed"
        exit 0
    fi
    exit $status
    ;;
table)
    table 0
    ;;
write)
    table 0 >"$scratch/table"
    awk -v table="$scratch/table" '
        /^<!-- table: / { print; while ((getline line < table) > 0) print line; skip = 1 }
        /^<!-- end of table/ { skip = 0 }
        !skip { print }' "$page" >"$scratch/page"
    cat "$scratch/page" >"$page"
    cat "$scratch/table"
    ;;
esac
