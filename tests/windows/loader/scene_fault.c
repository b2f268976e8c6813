/* SPDX-License-Identifier: MIT */
/*
 * Every fault of the card that a PCI driver can meet: nothing hangs, every request ends, what was
 * delivered agrees with the ledger, and the next start works. A fault that was not injected proves
 * nothing and is an error.
 */
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "report.h"
#include "vdh_regs.h"

static void set_script(const char *text)
{
    const char *what = "";
    size_t at = 0;

    if (vdm_fault_script(bus.card, text, strlen(text), &at, &what) != 0)
        report_fail("script", "%s: %s at %zu", text, what, at);
}

static uint64_t injected(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VDM_FAULT_KINDS; i++)
        sum += vdm_get_ledger(bus.card)->injected[i];
    return sum;
}

static void count_injected(const char *text)
{
    if (injected() == 0)
        report_fail("script", "%s: nothing was injected", text);
    report->injected += injected();
}

enum loss {
    LOSS_FRAMES, /* lost, and told */
    LOSS_RECORDS /* completions may be lost with the card's memory */
};

static void under(const char *text, enum loss loss)
{
    struct capture_format format;

    scene_begin();
    class_run_for(2000000000);
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240);
    capture_open(&format, 6, DMA_PAGES, 0);
    bus.strange_dma = 1;
    set_script(text);
    capture_start();
    capture.faulty = 1;
    capture.lossy = loss == LOSS_RECORDS;
    capture.compare = 2;
    class_run_for(3000000000);
    capture_stop();
    if (loss == LOSS_FRAMES)
        capture_account();
    count_injected(text);

    /* As if nothing had been. */
    set_script("");
    class_run_for(1000000000);
    bus.strange_dma = 0;
    capture.lossy = 0;
    capture_start();
    capture_frames(4);
    capture_stop();
    capture_account();
    if (capture.gaps > 0 && vdm_get_ledger(bus.card)->capture.produced ==
                                vdm_get_ledger(bus.card)->capture.by_cause[VDM_CAUSE_GOOD])
        report_fail(CHECK_ACCOUNT, "a gap is told where none is");
    capture_close();
    scene_end();
}

#define UNDER(name, text, loss)    \
    static void fault_##name(void) \
    {                              \
        under(text, loss);         \
    }

UNDER(signal_loss, "signal-loss@frame=4,ms=120", LOSS_FRAMES)
UNDER(source_change, "source-change@frame=4,timing=3;source-change@frame=40,timing=8", LOSS_FRAMES)
UNDER(fifo, "fifo-overflow@frame=3,count=5", LOSS_FRAMES)
UNDER(dma_error, "dma-error@frame=3,count=2", LOSS_FRAMES)
UNDER(dma_nowhere, "dma-nowhere@frame=5", LOSS_FRAMES)
UNDER(ring_error, "ring-error@frame=6", LOSS_RECORDS)
UNDER(irq_lost, "irq-lost@frame=4,count=9", LOSS_FRAMES)
UNDER(irq_late, "irq-late@frame=2,us=30000,count=20", LOSS_FRAMES)
UNDER(irq_storm, "irq-storm@frame=3,n=500", LOSS_FRAMES)
UNDER(torn, "torn-completion@frame=3,count=5", LOSS_FRAMES)
UNDER(power_cut, "power-cut@frame=10", LOSS_RECORDS)
UNDER(stop_slow, "stop-slow@frame=0,ms=200,count=0", LOSS_FRAMES)
UNDER(stop_never, "stop-never@frame=0,count=0", LOSS_RECORDS)
UNDER(control_change, "control-change@frame=3,control=5,value=200", LOSS_FRAMES)
UNDER(time_jump, "time-jump@frame=5,ticks=100000000", LOSS_FRAMES)
UNDER(time_jump_back, "time-jump@frame=5,ticks=-100000000", LOSS_FRAMES)

/* ---- Unplugged at any access ---- */

static void unplug(const char *trigger, unsigned n)
{
    struct capture_format format;
    char text[64];
    nt_status status;
    struct class_request *request;

    snprintf(text, sizeof(text), "unplug@%s=%u", trigger, n);
    bus_power_on();
    set_script(text);
    scene_load();
    class_add_device(scene_options.ranges);
    request = class_request_create(SRB_INITIALIZE_DEVICE, NULL);
    request->srb->u.config = class.config;
    status = class_do(request);
    class_run_for(2000000000);
    if (status == STATUS_SUCCESS && !vdm_is_gone(bus.card)) {
        (void)scene_device(SRB_INITIALIZATION_COMPLETE);
        capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 66, 64);
        memset(&capture, 0, sizeof(capture));
        capture.format = format;
        capture.stream = scene_open(0, format.bytes, format.size, &status);
        if (capture.stream) {
            capture.reads = 4;
            capture.faulty = capture.lossy = 1;
            for (unsigned i = 0; i < 4; i++)
                capture.pictures[i] = dma_create(format.picture_bytes, 0, DMA_PAGES);
            (void)scene_state(capture.stream, KSSTATE_PAUSE);
            for (unsigned i = 0; i < 4; i++)
                capture_send(i);
            (void)scene_state(capture.stream, KSSTATE_RUN);
            class_run_for(1000000000);
            (void)scene_state(capture.stream, KSSTATE_STOP);
            capture_close();
        }
    }
    if (vdm_is_gone(bus.card)) {
        report->injected++;
        (void)scene_device(SRB_SURPRISE_REMOVAL);
    }
    class_run_for(1000000000);
    (void)scene_device(SRB_UNINITIALIZE_DEVICE);
    class_run_for(100000000);
    class_remove_device();
    class_unload();
}

#define UNPLUG(name, trigger, n)    \
    static void unplug_##name(void) \
    {                               \
        unplug(trigger, n);         \
    }

UNPLUG(read_1, "read", 1)
UNPLUG(read_9, "read", 9)
UNPLUG(read_16, "read", 16)
UNPLUG(read_40, "read", 40)
UNPLUG(read_400, "read", 400)
UNPLUG(read_1200, "read", 1200)
UNPLUG(write_1, "write", 1)
UNPLUG(write_5, "write", 5)
UNPLUG(write_5000, "write", 5000)
UNPLUG(write_16000, "write", 16000)
UNPLUG(write_17500, "write", 17500)
UNPLUG(stage, "stage", 30000)
UNPLUG(boot, "boot", 1)
UNPLUG(frame_0, "frame", 0)
UNPLUG(frame_7, "frame", 7)

/* ---- Faults of the boot ---- */

enum outcome {
    STAYS_LIMITED, /* as long as the fault lasts */
    COMES_UP,
    AFTER_WAKING /* limited, and well after the next power-on */
};

/* The card comes up in the end or stays limited; either way the device can be used and removed. */
static void boot_under(const char *text, enum outcome outcome)
{
    struct capture_format format;
    nt_status status;

    bus_power_on();
    set_script(text);
    scene_begin();
    class_run_for(30000000000ull);
    count_injected(text);
    if (outcome == AFTER_WAKING) {
        set_script("");
        scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
        class_run_for(1000000000);
        scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
        class_run_for(3000000000);
    }
    if ((vdm_read(bus.card, VDH_R_FW_VERSION) != 0) != (outcome != STAYS_LIMITED))
        report_fail(CHECK_STATUS, "%s: outcome %d", text, outcome);
    if (outcome != STAYS_LIMITED) {
        capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 66, 64);
        capture_open(&format, 4, DMA_PAGES, 0);
        capture_start();
        capture_frames(3);
        capture_stop();
        capture_account();
        capture_close();
    } else {
        memset(&format, 0, sizeof(format));
        if (scene_open(0, format.bytes, FORMAT_PLAIN, &status))
            report_fail(CHECK_STATUS, "a pin of a card without firmware can be opened");
    }
    scene_end();
}

#define BOOT(name, text, outcome)  \
    static void boot_##name(void)  \
    {                              \
        boot_under(text, outcome); \
    }

BOOT(never_ready, "boot-never-ready@boot=1,count=0", STAYS_LIMITED)
BOOT(hang, "boot-hang@boot=1,count=0", STAYS_LIMITED)
BOOT(corrupt, "stage-corrupt@stage=200", AFTER_WAKING)
BOOT(lost, "stage-lost@stage=5000", AFTER_WAKING)
BOOT(cut, "power-cut@stage=9000", AFTER_WAKING)
BOOT(cut_booting, "power-cut@boot=1", COMES_UP)
BOOT(always_corrupt, "stage-corrupt@stage=200,count=0", STAYS_LIMITED)
BOOT(stuck_status, "reg-stuck@read=18,reg=BOOT_STATUS,value=1,count=20", AFTER_WAKING)

const struct scene scene_fault[] = {
    {"fault.signal-loss",           fault_signal_loss   },
    {"fault.source-change",         fault_source_change },
    {"fault.fifo-overflow",         fault_fifo          },
    {"fault.dma-error",             fault_dma_error     },
    {"fault.dma-nowhere",           fault_dma_nowhere   },
    {"fault.ring-error",            fault_ring_error    },
    {"fault.irq-lost",              fault_irq_lost      },
    {"fault.irq-late",              fault_irq_late      },
    {"fault.irq-storm",             fault_irq_storm     },
    {"fault.torn-completion",       fault_torn          },
    {"fault.power-cut",             fault_power_cut     },
    {"fault.stop-slow",             fault_stop_slow     },
    {"fault.stop-never",            fault_stop_never    },
    {"fault.control-change",        fault_control_change},
    {"fault.time-jump",             fault_time_jump     },
    {"fault.time-jump-back",        fault_time_jump_back},
    {"unplug.read-1",               unplug_read_1       },
    {"unplug.read-9",               unplug_read_9       },
    {"unplug.read-16",              unplug_read_16      },
    {"unplug.read-40",              unplug_read_40      },
    {"unplug.read-400",             unplug_read_400     },
    {"unplug.read-1200",            unplug_read_1200    },
    {"unplug.write-1",              unplug_write_1      },
    {"unplug.write-5",              unplug_write_5      },
    {"unplug.write-5000",           unplug_write_5000   },
    {"unplug.write-16000",          unplug_write_16000  },
    {"unplug.write-17500",          unplug_write_17500  },
    {"unplug.stage",                unplug_stage        },
    {"unplug.boot",                 unplug_boot         },
    {"unplug.frame-0",              unplug_frame_0      },
    {"unplug.frame-7",              unplug_frame_7      },
    {"bootfault.never-ready",       boot_never_ready    },
    {"bootfault.hang",              boot_hang           },
    {"bootfault.stage-corrupt",     boot_corrupt        },
    {"bootfault.stage-lost",        boot_lost           },
    {"bootfault.power-cut",         boot_cut            },
    {"bootfault.power-cut-booting", boot_cut_booting    },
    {"bootfault.always-corrupt",    boot_always_corrupt },
    {"bootfault.stuck-status",      boot_stuck_status   },
    {NULL,                          NULL                }
};
