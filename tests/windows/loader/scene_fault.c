/* SPDX-License-Identifier: MIT */
/*
 * Every fault of the card that a PCI driver can meet: nothing hangs, every request ends, what was
 * delivered agrees with the ledger, and the next start works. A fault that was not injected proves
 * nothing and is an error.
 */
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "memory.h"
#include "report.h"
#include "vdh_regs.h"

static uint64_t counted[VDM_FAULT_KINDS];

void scene_fault_script(const char *text)
{
    const char *what = "";
    size_t at = 0;

    if (vdm_fault_script(bus.card, text, strlen(text), &at, &what) != 0)
        report_fail("script", "%s: %s at %zu", text, what, at);
}

uint64_t scene_fault_count(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VDM_FAULT_KINDS; i++) {
        uint64_t more = vdm_get_ledger(bus.card)->injected[i] - counted[i];

        counted[i] += more;
        report->injected_by[i] += more;
        sum += more;
    }
    report->injected += sum;
    return sum;
}

static void count_injected(const char *text)
{
    if (scene_fault_count() == 0)
        report_fail("script", "%s: nothing was injected", text);
}

enum loss {
    LOSS_FRAMES, /* lost, and told */
    LOSS_RECORDS /* completions may be lost with the card's memory */
};

/* The driver's own specifier: its frames tell of losses by cause. */
static void begin(void)
{
    struct capture_format format;

    scene_begin();
    class_run_for(2000000000);
    capture_window_of(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240, 1);
    capture_open(&format, 6, DMA_PAGES, 0);
    bus.strange_dma = 1;
}

static void under(const char *text, enum loss loss)
{
    begin();
    scene_fault_script(text);
    capture_start();
    capture.faulty = 1;
    capture.lossy = loss == LOSS_RECORDS;
    capture.compare = 2;
    class_run_for(3000000000);
    capture_stop();
    capture_account();
    count_injected(text);

    /* As if nothing had been. */
    scene_fault_script("");
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

/* A card that does not stop, on a bus that does not take its right to master it away at once: no page is
 * given back before that is surely gone. Nor is it taken for given back when it is not. */
static void cut_refused(void)
{
    struct class_request *request;
    char text[96];

    begin();
    capture_start();
    capture_frames(3);
    snprintf(text, sizeof(text), "reg-stuck@read=%llu,reg=CAPTURE_STATUS,value=%u,count=0",
             (unsigned long long)vdm_get_ledger(bus.card)->register_reads + 1,
             (unsigned)VDH_V_CAPTURE_STATUS_STATE_STOPPING);
    scene_fault_script(text);
    capture.faulty = capture.lossy = 1;
    capture.again = 0;
    class.refuse_config = 5;
    request = class_request_create(SRB_SET_STREAM_STATE, capture.stream);
    request->srb->u.state = KSSTATE_STOP;
    request->keep = 1;
    class_send(request);
    while (request->state != CLASS_DONE) {
        class_step();
        if (bus.dma_allowed && !class_find_sent(SRB_READ_DATA))
            report_fail(CHECK_DMA, "the reads are back, and the card is still a master of the bus");
    }
    scene_expect(class_wait(request), STATUS_SUCCESS, "STOP");
    class_request_free(request);
    class_run_for(1000000);
    if (class.refuse_config > 0 || bus.dma_allowed || capture.cancelled == 0)
        report_fail("script", "bus mastering was not taken away");
    capture_account();
    count_injected(text);
    scene_fault_script("");
    class_run_for(1000000000);
    bus.strange_dma = 0;
    capture.lossy = 0;
    class.refuse_config = 1;
    capture_start();
    capture_frames(4);
    capture_stop();
    if (class.refuse_config > 0)
        report_fail("script", "bus mastering was not given back");
    capture_close();
    scene_end();
}

/* ---- Unplugged at any access ---- */

/* A device from its start to its end, with a capture in between, as far as it comes. 0: the fault was
 * never met. */
static int live_under(const char *text)
{
    struct capture_format format;
    nt_status status;
    struct class_request *request;
    int met;

    scene_fault_script(text);
    class_add_device(scene_options.ranges);
    request = class_request_create(SRB_INITIALIZE_DEVICE, NULL);
    request->srb->u.config = class.config;
    status = class_do(request);
    class_run_for(200000000);
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
            class_run_for(300000000);
            (void)scene_state(capture.stream, KSSTATE_STOP);
            capture_close();
        }
    }
    met = scene_fault_count() > 0;
    if (vdm_is_gone(bus.card))
        (void)scene_device(SRB_SURPRISE_REMOVAL);
    class_run_for(300000000);
    (void)scene_device(SRB_UNINITIALIZE_DEVICE);
    class_run_for(100000000);
    class_remove_device();
    memory_check_leaks();
    vdm_power_cycle(bus.card);
    return met;
}

static void unplug_once(const char *text)
{
    bus_power_on();
    scene_load();
    if (!live_under(text))
        report_fail("script", "%s: nothing was injected", text);
    class_unload();
}

/* At every access of such a life; short runs leave some out, and all leave out most of those that
 * carry the image. */
static void unplug_at(const char *trigger, const uint64_t *counter, unsigned image_begin,
                      unsigned image_end)
{
    char text[64];
    unsigned points = 0;
    unsigned n = 1;

    scene_load();
    for (;; points++) {
        snprintf(text, sizeof(text), "unplug@%s=%llu", trigger, (unsigned long long)*counter + n);
        if (!live_under(text))
            break;
        if (n >= image_begin && n < image_end) {
            n += scene_options.is_long ? 257 : 6001;
            n = n < image_end ? n : image_end;
        } else if (scene_options.is_long || n < 6) {
            n++;
        } else {
            n += n < image_begin ? 1 + n / 4 : 37;
        }
    }
    printf("unplugged at %u places, up to %s %u\n", points, trigger, n);
    if (points < 12)
        report_fail("script", "only %u places were met", points);
    class_unload();
}

/* With firmware in flash: without the upload a life is short, and an upload is mostly writes. */
static void unplug_reads(void)
{
    scene_flash_make();
    scene_begin();
    scene_flash_fill();
    scene_end();
    vdm_power_cycle(bus.card);
    unplug_at("read", &vdm_get_ledger(bus.card)->register_reads, 600, 600);
}

static void unplug_writes(void)
{
    bus_power_on();
    unplug_at("write", &vdm_get_ledger(bus.card)->register_writes, 30, 16850);
}

static void unplug_stage(void)
{
    unplug_once("unplug@stage=30000");
}

static void unplug_boot(void)
{
    unplug_once("unplug@boot=1");
}

static void unplug_first_frame(void)
{
    unplug_once("unplug@frame=0");
}

static void unplug_frame(void)
{
    unplug_once("unplug@frame=7");
}

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
    scene_fault_script(text);
    scene_begin();
    class_run_for(30000000000ull);
    count_injected(text);
    if (outcome == AFTER_WAKING) {
        scene_fault_script("");
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
    {"fault.cut-refused",           cut_refused         },
    {"unplug.reads",                unplug_reads        },
    {"unplug.writes",               unplug_writes       },
    {"unplug.stage",                unplug_stage        },
    {"unplug.boot",                 unplug_boot         },
    {"unplug.first-frame",          unplug_first_frame  },
    {"unplug.frame",                unplug_frame        },
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
