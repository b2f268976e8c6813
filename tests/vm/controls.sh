# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The debug kernel's checkers, each against a bug planted for it, each in a boot of its own: after a
# first report a kernel says nothing more that can be relied on. To be sourced by run.sh.
# shellcheck disable=SC2154

# What must be found in the kernel's log, by bug. "none" is the control of the controls.
control_bugs='use-after-free out-of-bounds locks-crossed sleep-in-atomic leak shift-too-far
dma-mismatch warning failslab none'

control_finds() {
    case $1 in
    use-after-free) echo 'KASAN: (slab-)?use-after-free' ;;
    out-of-bounds) echo 'KASAN: slab-out-of-bounds' ;;
    locks-crossed) echo 'possible circular locking dependency detected' ;;
    sleep-in-atomic) echo 'BUG: (scheduling while atomic|sleeping function called)' ;;
    leak) echo 'kmemleak: [1-9][0-9]* new suspected memory leak' ;;
    shift-too-far) echo 'UBSAN: shift-out-of-bounds' ;;
    dma-mismatch) echo 'DMA-API: .*different size' ;;
    warning) echo 'WARNING: .*planted' ;;
    failslab) echo 'FAULT_INJECTION: forcing a failure' ;;
    esac
}

# control_boot BUG FOLDER: one boot, and its line.
control_boot() {
    control_bug=$1 control_folder=$2
    mkdir -p "$control_folder/share"
    machine_kernel debug
    machine_processors='-smp 1 -accel tcg' machine_memory=384
    machine_server "$control_folder" 630
    machine_run "$control_folder" 600 "$KERNEL_IMAGE" "$work/planted-initrd" \
        "quiet vmr=planted vmr_bug=$control_bug" -serial "file:$control_folder/console.log" \
        >"$control_folder/qemu.log" 2>&1 </dev/null || true
    machine_end
    cat "$control_folder/console.log" "$control_folder/share/dmesg.txt" 2>/dev/null |
        tr -d '\r' >"$control_folder/log" || true
    if [ ! -f "$control_folder/share/done" ] && [ ! -s "$control_folder/log" ]; then
        echo "not ok vm.debug.control.$control_bug: the guest did not start"
    elif [ "$control_bug" = none ]; then
        control_news=$(kernel_news "$control_folder/log" | head -n 1)
        if [ -n "$control_news" ]; then
            echo "not ok vm.debug.control.none: $control_news"
        elif [ -f "$control_folder/share/done" ]; then
            echo "ok vm.debug.control.none"
        else
            echo "not ok vm.debug.control.none: it did not end"
        fi
    elif grep -qaE "$(control_finds "$control_bug")" "$control_folder/log"; then
        echo "ok vm.debug.control.$control_bug"
    else
        echo "not ok vm.debug.control.$control_bug: not reported, see $control_folder/log"
    fi
}

# What the boots need; prints the jobs.
prepare_controls() {
    machine_kernel debug >&2 && control_module=$(sh "$here/module.sh" debug "$here/planted" 2>"$work/planted.log") || {
        echo "not ok vm.debug.control: $(tail -n 1 "$work/planted.log")" >&2
        return 1
    }
    VM_FEW_MODULES=yes "$here/initramfs.sh" "$work/planted-initrd" "$KERNEL_MODULES" \
        "$KERNEL_RELEASE" "$control_module" >&2
    for control_bug in $control_bugs; do
        echo "debug/control-$control_bug"
    done
}
