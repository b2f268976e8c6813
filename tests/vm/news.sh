# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What a kernel says when something is wrong with it or with a driver. To be sourced; tests/linux/news.sh has the proof.

bad_news='BUG:|WARNING:|Oops|general protection fault|KASAN|UBSAN|DMA-API: .*: |possible .* detected|sleeping function called'
bad_news="$bad_news|INFO: task .* blocked|rcu: INFO|Kernel panic|nobody cared|tried to init an initialized"
# A checker that gave up finds nothing more.
bad_news="$bad_news|memory leak detector disabled|trying to register non-static key|DMA-API: debugging out of memory"

# kernel_news LOG...: the lines of bad news in a kernel's logs.
kernel_news() {
    cat "$@" 2>/dev/null | tr -d '\r' | grep -aE "$bad_news" || true
}

# kernel_news_without_memory LOG...: the same where allocations were made to fail. Then the kernel complains of itself,
# too: of a file under /proc/irq that it had no memory to make, when it takes an interrupt's folder away.
kernel_news_without_memory() {
    cat "$@" 2>/dev/null | tr -d '\r' | LC_ALL=C awk '
        !(last ~ /\] name \047(smp_affinity|affinity_hint|smp_affinity_list|node|effective_affinity|effective_affinity_list|spurious)\047$/ &&
          / WARNING: .* at remove_proc_entry\+/)
        { last = $0 }' | grep -aE "$bad_news" || true
}
