# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the suite's scripts, in the guest; all.sh sets $suite. Lines of results go to descriptor 3,
# all else to the log.

scratch=/tmp # seen as such by programs of the host, too

# shellcheck disable=SC2154
ok() {
    echo "ok $suite.$1" >&3
}

not_ok() {
    echo "not ok $suite.$1: $2" >&3
    failures=$((${failures:-0} + 1))
}

skip() {
    echo "skip $suite.$1: $2" >&3
}

# note TEXT: a figure for the person who reads.
note() {
    echo "# $suite: $*" >&3
}

# check NAME COMMAND...: one test; what the command says last is the reason if it fails.
check() {
    check_name=$1
    shift
    echo "== $check_name: $*"
    if "$@" >"$scratch/check.out" 2>&1; then
        cat "$scratch/check.out"
        ok "$check_name"
        return 0
    fi
    cat "$scratch/check.out"
    not_ok "$check_name" "$(tail -n 1 "$scratch/check.out" | tr -d '\r' | cut -c 1-160)"
    return 1
}

# again_if PATTERN PROGRAM...: once more if it said that; what it said last is said.
again_if() {
    again_pattern=$1
    shift
    again_status=0
    "$@" >"$scratch/again.out" 2>&1 || again_status=$?
    if grep -q "$again_pattern" "$scratch/again.out"; then
        "$@"
        return
    fi
    cat "$scratch/again.out"
    return $again_status
}

# value NAME ANSWER: NAME=NUMBER out of what the rig answered.
value() {
    echo " $2" | sed -n "s/.* $1=\([0-9]*\).*/\1/p"
}

# add_cases FROM TO: the cases of one row of the matrix to another's.
add_cases() {
    grep '^{"case"' "$1" >>"$2"
}

# uptime_is: sets uptime to the whole seconds since the start; a program for it costs the debug kernel much.
uptime_is() {
    IFS=. read -r uptime _ </proc/uptime
}

# await SECONDS COMMAND...: until it succeeds.
await() {
    uptime_is
    await_end=$((uptime + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        uptime_is
        [ "$uptime" -lt "$await_end" ] || return 1
        sleep 0.2
    done
}

# side_by_side COMMAND WORD...: the command for each word, at the same time, each with a scratch folder and a log of its own.
# Their lines come in order.
side_by_side() {
    side_command=$1
    shift
    side_scratch=$scratch side_all=
    for side_word; do
        scratch=$side_scratch/$side_word
        mkdir -p "$scratch"
        "$side_command" "$side_word" 3>"$scratch/lines" >"/share/$suite.$side_word.log" 2>&1 &
        side_all="$side_all $!"
    done
    scratch=$side_scratch
    for side_one in $side_all; do
        wait "$side_one"
        side_status=$?
        cat "$scratch/$1/lines" >&3
        [ $side_status -eq 0 ] || not_ok "$1.end" "it ended with $side_status"
        shift
    done
}

# leave_capturing HOW BYTES PROGRAM...: the USB card $card goes while the program captures from it, once it
# has sent BYTES in all: by a fault, or as the rig is told. Says what the program said, and has its status.
# shellcheck disable=SC2154
leave_capturing() {
    leave_how=$1
    leave_bytes=$2
    shift 2
    "$@" >"$scratch/leave.out" 2>&1 &
    leave_program=$!
    await 20 sh -c "test \$(rig usb $card | sed 's/.*bulk_bytes=\([0-9]*\).*/\1/') -gt $leave_bytes" || {
        kill -9 $leave_program
        cat "$scratch/leave.out"
        echo 'no frame came'
        return 1
    }
    if [ "$leave_how" = fault ]; then
        rig faults "$card" "unplug@frame=$(($(value capture_produced "$(rig ledger "$card")") + 40))" || return 1
    else
        rig "$leave_how" "$card" || return 1
    fi
    await_told 20
}

# pull_camera SECONDS PROGRAM...: the UVC camera is gone at once while the program, which says something for each frame,
# captures from it, and it ends in so many seconds. Says what the program said, and has its status.
pull_camera() {
    pull_seconds=$1
    shift
    # What the one before said must not pass for this one's.
    : >"$scratch/leave.out"
    "$@" >>"$scratch/leave.out" 2>&1 &
    leave_program=$!
    await 20 grep -q ' ' "$scratch/leave.out"
    rig camera pull
    await_told "$pull_seconds"
}

# await_told SECONDS: the program that was left has ended; what it said, and its status.
await_told() {
    await "$1" sh -c "! kill -0 $leave_program" || {
        kill -9 $leave_program
        echo 'the program was not told'
        return 1
    }
    cat "$scratch/leave.out"
    wait $leave_program
}

# The video node of a driver, or nothing.
node_of() {
    for node in /sys/class/video4linux/video*; do
        [ -e "$node" ] || continue
        read -r node_index 2>/dev/null <"$node/index" && [ "$node_index" = "${2:-0}" ] || continue
        driver=$(readlink "$node/device/driver" 2>/dev/null)
        [ "${driver##*/}" = "$1" ] || continue
        echo "/dev/${node##*/}"
        return 0
    done
    return 1
}
