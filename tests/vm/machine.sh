# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# One machine: the server with the cards, and QEMU around a kernel. To be sourced after debian.sh,
# with this folder in $here.
# shellcheck disable=SC2154

# machine_build SOURCE BUILD LOG: the server and the guest's programs; sets vm_server and vm_qemu.
machine_build() {
    {
        [ -f "$2/build.ninja" ] ||
            cmake -S "$1/tests/vm" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release
        cmake --build "$2" --target vidicon_vm
    } >"$3" 2>&1 || return 1
    vm_server=$2/bin/vidicon_vmserver
    vm_qemu=$("$here/qemu.sh" 2>>"$3") || return 1
    vm_programs=$2/vm
}

# machine_files: what every guest has: our programs, firmware, and the tools that fit $KERNEL_NAME.
machine_files() {
    "$here/tools.sh" trixie
    "$here/images.sh"
    echo "$vm_programs"/*
}

# machine_kernel NAME: sets KERNEL_NAME and so on, see kernel.sh.
machine_kernel() {
    case $1 in
    debug)
        machine_assignments=$("$here/debug_kernel.sh") || return 1
        machine_memory=640 machine_low=''
        ;;
    *)
        machine_assignments=$("$here/kernel.sh" "$1") || return 1
        machine_memory=1024 machine_low=''
        ;;
    esac
    # Most of this one's memory lies above 4 GiB, and a kernel takes from there first.
    [ "$1" != 7 ] || machine_low=,max-ram-below-4g=384M
    eval "$machine_assignments"
}

# machine_server FOLDER SECONDS: starts the cards; sets server_pid. FOLDER gets the sockets, a
# results folder `share` and the logs.
machine_server() {
    mkdir -p "$1/share"
    "$vm_server" "$1" "$2" "$1/share" 2>"$1/server.log" &
    server_pid=$!
    machine_tries=100
    while [ ! -S "$1/control.sock" ]; do
        machine_tries=$((machine_tries - 1))
        if [ $machine_tries -eq 0 ] || ! kill -0 "$server_pid" 2>/dev/null; then
            cat "$1/server.log" >&2
            return 1
        fi
        sleep 0.05
    done
}

# A busy host makes an emulated processor stand for longer than a kernel believes; a guest that
# really hangs is ended by its suite's time. What guards one program from another costs an emulated
# processor much and guards nothing here.
machine_patience='no_timer_check watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300 mitigations=off'

# An emulator carries out rep movsb byte by byte: without these a kernel copies in greater pieces.
machine_processor=max,erms=off,fsrm=off

# machine_clock FOLDER: the emulated counter is the host's own, and the server has measured it. A kernel that
# measures it anew on a busy host may be wrong by half; and one that trusts it need not ask a
# timer's registers for the time, each time by way of the emulator. Where instructions are counted, the counter
# is their time in nanoseconds.
machine_clock() {
    if [ "$machine_processors" = "$machine_counted" ]; then
        printf 'tsc=reliable tsc_early_khz=1000000'
        return 0
    fi
    [ ! -s "$1/tsc_khz" ] || printf 'tsc=reliable tsc_early_khz=%s' "$(cat "$1/tsc_khz")"
}

# What a guest has, in megabytes. Kmemleak looks through all of it.
machine_memory=1024

# Two processors that run at the same time; or one whose time is the number of its instructions.
machine_processors='-smp 2 -accel tcg,thread=multi'
machine_counted='-smp 1 -accel tcg -icount shift=1,sleep=on'

# machine_run FOLDER SECONDS IMAGE INITRD APPEND ARGUMENT...: QEMU to its end, or SECONDS. With
# machine_behind=yes it has no terminal, and machine_kill from a trap ends it.
machine_run() {
    machine_folder=$1 machine_seconds=$2 machine_image=$3 machine_initrd=$4 machine_append=$5
    shift 5
    # shellcheck disable=SC2086
    set -- ${machine_before:-} timeout --foreground -k 5 "$machine_seconds" "$vm_qemu" \
        -M pc,memory-backend=memory${machine_low:-} -m $machine_memory -cpu $machine_processor $machine_processors \
        -object memory-backend-memfd,id=memory,size=${machine_memory}M,share=on \
        -pidfile "$machine_folder/qemu.pid" -display none -nodefaults -no-reboot \
        -kernel "$machine_image" -initrd "$machine_initrd" \
        -append "console=ttyS0 panic=-1 oops=panic log_buf_len=1M $machine_patience $(machine_clock "$machine_folder") $machine_append" \
        -qmp "unix:$machine_folder/qmp.sock,server=on,wait=off" \
        -virtfs "local,path=$machine_folder/share,mount_tag=share,security_model=none" \
        -virtfs "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap" \
        -device virtio-serial-pci -chardev "socket,id=rig,path=$machine_folder/control.sock" \
        -device virtserialport,chardev=rig,name=vidicon.rig \
        "$@"
    if [ "${machine_behind:-}" = yes ]; then
        "$@" &
        machine_pid=$!
        wait "$machine_pid"
    else
        "$@"
    fi
}

machine_kill() {
    [ -z "${machine_pid:-}" ] || kill "$machine_pid" 2>/dev/null || true
    machine_end
}

# The card that is in from the beginning.
machine_card() {
    printf '%s' '{"driver":"vfio-user-pci","id":"card0","bus":"pci.0",' \
        "\"socket\":{\"type\":\"unix\",\"path\":\"$1/card0.sock\"}}"
}

machine_end() {
    [ -n "${server_pid:-}" ] || return 0
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}
