/* SPDX-License-Identifier: MIT */
/*
 * Every kind of fault that a PCI card can have (docs/hardware.md, section 10), and what must come of it. Those of the
 * flash are in tests/vm/suite/firmware.sh; unplugs at each stage are made by fault_check itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_check.h"
#include "fault_rig.h"
#include "vidicon/vidicon.h"

const struct fault faults[] = {
    {"signal-loss",                "signal-loss",      "frame", 8,    ",ms=100",                              IN_STREAM, PASSES,     VDC_DROP_NO_SIGNAL},
    {"source-change",              "source-change",    "frame", 8,    ",timing=5",                            IN_STREAM, MISMATCHES,
     VDC_DROP_NO_SIGNAL                                                                                                                                },
    {"fifo-overflow",              "fifo-overflow",    "frame", 8,    ",count=3",                             IN_STREAM, PASSES,
     VDC_DROP_DEVICE_FIFO                                                                                                                              },
    {"dma-error",                  "dma-error",        "frame", 8,    ",count=2",                             IN_STREAM, PASSES,     VDC_DROP_DMA      },
    {"dma-nowhere",                "dma-nowhere",      "frame", 8,    "",                                     IN_STREAM, PASSES,     VDC_DROP_DMA      },
    {"ring-error",                 "ring-error",       "frame", 8,    "",                                     IN_STREAM, RESTARTS,   VDC_DROP_DMA      },
    {"irq-lost",                   "irq-lost",         "frame", 8,    ",count=9",                             IN_STREAM, PASSES,     -1                },
    {"irq-late",                   "irq-late",         "frame", 8,    ",us=9000,count=5",                     IN_STREAM, PASSES,     -1                },
    {"irq-storm",                  "irq-storm",        "frame", 8,    ",n=2000,count=3",                      IN_STREAM, PASSES,     -1                },
    {"torn-completion",            "torn-completion",  "frame", 8,    ",count=5",                             IN_STREAM, PASSES,     -1                },
    {"time-jump",                  "time-jump",        "frame", 8,    ",ticks=900000000",                     IN_STREAM, JUMPS,      -1                },
    {"control-change",             "control-change",   "frame", 8,    ",control=7,value=1",                   IN_STREAM, CHANGES,    -1                },
    {"stop-slow",                  "stop-slow",        "frame", 8,    ",ms=60",                               IN_STREAM, PASSES,     -1                },
    {"stop-never",                 "stop-never",       "frame", 8,    "",                                     IN_STREAM, PASSES,     -1                },
    {"power-cut.stream",           "power-cut",        "frame", 8,    "",                                     IN_STREAM, RESTARTS,   -1                },
    {"power-cut.then-corrupt",     "power-cut",        "frame", 8,    ";stage-corrupt@stage=100,count=0",
     IN_STREAM,                                                                                                          FAILS,      -1                },
    {"power-cut.then-never-ready", "power-cut",        "frame", 8,    ";boot-never-ready@boot=+1,count=0",
     IN_STREAM,                                                                                                          FAILS,      -1                },
    {"unplug.stream",              "unplug",           "frame", 8,    "",                                     IN_STREAM, LEAVES,     -1                },
    {"reg-stuck.no-interrupts",    "reg-stuck",        "read",  1,    ",reg=INT_STATUS,value=0",              AT_START,  PASSES,
     -1                                                                                                                                                },
    {"reg-stuck.all-interrupts",   "reg-stuck",        "read",  1,    ",reg=INT_STATUS,value=1",              AT_START,
     PASSES,                                                                                                                         -1                },
    {"reg-stuck.stopping",         "reg-stuck",        "read",  1,    ",reg=CAPTURE_STATUS,value=2,count=20", AT_STOP,
     PASSES,                                                                                                                         -1                },
    {"reg-stuck.all-ones",         "reg-stuck",        "read",  1,    ",reg=INT_STATUS,value=0xffffffff",     AT_START,
     LEAVES,                                                                                                                         -1                },
    {"reg-stuck.id",               "reg-stuck",        "read",  1,    ",reg=ARCH_ID,value=0",                 IN_PROBE,  NO_DRIVER,  -1                },
    {"reg-stuck.ready",            "reg-stuck",        "read",  1,    ",reg=BOOT_STATUS,value=3",             IN_PROBE,  LIMITED,    -1                },
    {"boot-never-ready",           "boot-never-ready", "boot",  1,    "",                                     IN_PROBE,  BOOTS,      -1                },
    {"boot-never-ready.for-ever",  "boot-never-ready", "boot",  1,    ",count=0",                             IN_PROBE,  LIMITED,    -1                },
    {"boot-hang",                  "boot-hang",        "boot",  1,    "",                                     IN_PROBE,  BOOTS,      -1                },
    {"stage-corrupt",              "stage-corrupt",    "stage", 3000, "",                                     IN_PROBE,  BOOTS,      -1                },
    {"stage-corrupt.for-ever",     "stage-corrupt",    "stage", 100,  ",count=0",                             IN_PROBE,  LIMITED,    -1                },
    {"stage-lost",                 "stage-lost",       "stage", 3000, "",                                     IN_PROBE,  BOOTS,      -1                },
    {"power-cut.stage",            "power-cut",        "stage", 3000, "",                                     IN_PROBE,  BOOTS,      -1                },
    {"power-cut.boot",             "power-cut",        "boot",  1,    "",                                     IN_PROBE,  BOOTS,      -1                },
};

const size_t fault_count = sizeof faults / sizeof faults[0];

uint64_t fault_stands_at(const struct fault *fault, const struct fault_ledger *now)
{
    if (strcmp(fault->trigger, "read") == 0) {
        return now->reads;
    }
    if (strcmp(fault->trigger, "write") == 0) {
        return now->writes;
    }
    return strcmp(fault->trigger, "boot") == 0 ? now->boots : 0;
}

void fault_write_script(char *script, size_t room, const struct fault *fault, uint64_t at,
                        const struct fault_ledger *now)
{
    const char *from_now = strchr(fault->keys, '+');
    int plain = (int)(from_now ? from_now - fault->keys : (ptrdiff_t)strlen(fault->keys));
    int used = snprintf(script, room, "%s@%s=%llu%.*s", fault->kind, fault->trigger,
                        (unsigned long long)at, plain, fault->keys);

    if (from_now && used > 0 && (size_t)used < room) {
        char *rest = NULL;
        unsigned long long boot = strtoull(from_now + 1, &rest, 10) + now->boots;

        (void)snprintf(script + used, room - (size_t)used, "%llu%s", boot, rest);
    }
}
