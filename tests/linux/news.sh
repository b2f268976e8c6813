#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/news.sh finds bad news in a kernel's log, and passes over the kernel's own complaint of failing memory and
# nothing else.
set -eu
root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/vm/news.sh
. "$root/tests/vm/news.sh"

n=0
expect() {  # expect WHAT LINES LINES-WITHOUT-MEMORY: standard input is the log
    n=$((n + 1))
    cat >"$scratch/log"
    found="$(kernel_news "$scratch/log" "$scratch/none" | wc -l) $(kernel_news_without_memory "$scratch/log" | wc -l)"
    [ "$found" = "$2 $3" ] || { echo "FAILED: $1: $found lines, not $2 $3"; exit 1; }
}

warning='[   33.676306] WARNING: CPU: 1 PID: 59 at remove_proc_entry+0x21a/0x3f0'
expect 'nothing' 0 0 <<-END
	[   32.550822] vidicon 0000:00:05.0: firmware: failed to load vidicon/capture.vdfw (-2)
	[   33.111825] vidicon: probe of 0000:00:05.0 failed with error -12
END
expect 'the kernel takes back what it had no memory for' 1 0 <<-END
	[   33.675663] ------------[ cut here ]------------
	[   33.675828] name 'smp_affinity_list'
	$warning
	[   33.677396] Modules linked in: vidicon(O) videobuf2_dma_sg
END
expect 'a file of somebody else' 1 1 <<-END
	[   33.675828] name 'vidicon'
	$warning
END
expect 'another complaint behind such a name' 1 1 <<-END
	[   33.675828] name 'node'
	[   33.676306] WARNING: CPU: 1 PID: 59 at vb2_queue_release+0x21a/0x3f0
END
expect 'one that does not follow' 1 1 <<-END
	[   33.675828] name 'node'
	[   33.675829] vidicon: something else
	$warning
END
expect 'several' 4 3 <<-END
	[   33.675828] name 'spurious'
	$warning
	[   34.1] BUG: KASAN: use-after-free in remove+0xda/0x190 [vidicon]
	[   34.2] possible circular locking dependency detected
	[   34.3] INFO: task rmmod:59 blocked for more than 120 seconds.
END
echo "$n cases"
