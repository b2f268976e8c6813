#!/bin/sh
# SPDX-License-Identifier: MIT
# run_fuzzer.sh PROGRAM RUNS [CORPUS]: a bounded libFuzzer run. New inputs go to a scratch
# folder, so that a run never changes the tree; a crash leaves its input beside the program.
# The counter test: a fuzzer that ran nothing is a failure.
set -eu

program=$1 runs=$2 corpus=${3:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -n "${VIDICON_FUZZ_SECONDS:-}" ]; then
    limit=-max_total_time=$VIDICON_FUZZ_SECONDS
else
    limit=-runs=$runs
fi
"$program" "$limit" -seed=1 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$program." "$scratch" ${corpus:+"$corpus"} >"$scratch.log" 2>&1 || {
    tail -n 60 "$scratch.log"
    rm -f "$scratch.log"
    exit 1
}
done_runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch.log")
rm -f "$scratch.log"
echo "executed ${done_runs:-0} inputs"
[ "${done_runs:-0}" -ge 100 ]
