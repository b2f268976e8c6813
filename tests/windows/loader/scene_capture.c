/* SPDX-License-Identifier: MIT */
/*
 * Capture without faults: every format, every awkward buffer, many reads, and the ways in which an
 * application or the system ends it. Nothing may be lost, and no byte may differ.
 */
#include <stdio.h>
#include <time.h>

#include "capture.h"
#include "driver.h"
#include "report.h"

static void begin(void)
{
    scene_begin();
    class_run_for(2000000000); /* the boot */
}

static void choose_small(struct capture_format *format)
{
    capture_window(format, CODE('Y', 'U', 'Y', 'V'), 322, 240);
}

/* A few frames of every range. */
static void formats(void)
{
    static struct capture_format ranges[MAX_RANGES];
    struct capture_format format;
    unsigned count;

    begin();
    count = capture_ranges(ranges);
    for (unsigned i = 0; i < count; i++) {
        if (ranges[i].width > 1920 && !scene_options.is_long)
            continue;
        capture_intersect(&format, i);
        capture_open(&format, 4, DMA_PAGES, 0);
        capture_start();
        capture_frames(scene_options.is_long ? 3 : 1);
        capture_stop();
        capture_account();
        capture_close();
    }
    scene_end();
}

/* One interrupt and one request a frame, no copy, nothing lost. */
static void hd(void)
{
    struct capture_format format;
    uint64_t frames = scene_options.count ? scene_options.count : scene_options.is_long ? 3600 : 30;
    uint64_t interrupts;
    uint64_t requests;
    uint64_t delivered;
    struct timespec from;
    struct timespec to;
    double seconds;

    begin();
    capture_choose(&format, CODE('Y', 'U', 'Y', 'V'), 1920, 1080, 0);
    capture_open(&format, 8, DMA_PAGES, 0);
    capture_start();
    capture_frames(1);
    interrupts = report->interrupts;
    requests = report->requests;
    delivered = capture.delivered;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    capture_frames(frames - 1);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    delivered = capture.delivered - delivered;
    interrupts = report->interrupts - interrupts;
    requests = report->requests - requests;
    seconds =
        (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)to.tv_nsec - 1e-9 * (double)from.tv_nsec;
    printf("%llu frames, %llu interrupts, %llu requests, in %.1f s\n",
           (unsigned long long)delivered, (unsigned long long)interrupts,
           (unsigned long long)requests, seconds);
    /* A minute of the card's time takes less than a minute of a processor's. */
    if (scene_options.is_long && !coverage_is_on() && seconds > (double)frames / 60)
        report_fail(CHECK_ACCOUNT, "%.1f s for %llu frames", seconds, (unsigned long long)frames);
    if (interrupts > delivered + 1 || requests > delivered + 1)
        report_fail(CHECK_ACCOUNT, "%llu interrupts and %llu requests for %llu frames",
                    (unsigned long long)interrupts, (unsigned long long)requests,
                    (unsigned long long)delivered);
    capture_stop();
    capture_account();
    capture_close();
    scene_end();
}

static void shapes(void)
{
    static const size_t offsets[] = {0, 1, 2, 63, 511, 2048, 4094, 4095};
    struct capture_format format;

    begin();
    choose_small(&format);
    for (int shape = 0; shape < DMA_SHAPES; shape++) {
        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            capture_open(&format, 3, (enum dma_shape)shape, offsets[i]);
            capture_start();
            capture_frames(3);
            capture_stop();
            capture_account();
            capture_close();
        }
    }
    scene_end();
}

static void reads(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    for (unsigned count = 2; count <= CAPTURE_READS; count *= 2) {
        capture_open(&format, count, DMA_RUNS, 16);
        capture_start();
        capture_frames(2 * count);
        capture_stop();
        capture_account();
        capture_close();
    }
    scene_end();
}

/* RUN and STOP, again and again, with the same pin. */
static void restart(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    capture_open(&format, 4, DMA_PAGES, 0);
    for (unsigned i = 0; i < 20; i++) {
        capture_start();
        capture_frames(1 + i % 3);
        capture_stop();
        capture_account();
    }
    capture_close();
    scene_end();
}

/* The application dies: the pin is closed as it runs. At many moments of a frame. */
static void close_running(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    for (unsigned i = 0; i < 24; i++) {
        capture_open(&format, 4, DMA_PAGES, 0);
        capture_start();
        capture_frames(1);
        class_run_for(700000 * i);
        capture_close();
    }
    scene_end();
}

/* Reads cancelled at every moment of their life: the others go on. */
static void cancel(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    for (unsigned i = 0; i < 24; i++) {
        struct class_request *victim;

        capture_open(&format, 6, DMA_PAGES, 0);
        capture_start();
        capture.faulty = 1; /* a frame that was to fill the cancelled read may be lost */
        capture_frames(2);
        class_run_for(700000 * i);
        victim = class_find_sent(SRB_READ_DATA);
        if (victim)
            class_cancel(victim);
        class_run_for(200000000);
        capture_frames(2);
        capture_stop();
        capture_close();
    }
    scene_end();
}

/* Nothing arrives and the reads time out. */
static void timeout(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture.faulty = 1;
    class.timeout_s = 2;
    vdm_set_signal(bus.card, 0, VDM_SIGNAL_NONE);
    capture_start();
    class_run_for(10000000000ull);
    vdm_set_signal(bus.card, 0, VDM_SIGNAL_DEFAULT);
    capture_stop();
    class.timeout_s = 0;
    capture_start();
    capture.faulty = 1;
    capture_frames(3);
    capture_stop();
    capture_close();
    scene_end();
}

/* Sleep and wake, idle and capturing. */
static void power(void)
{
    struct capture_format format;

    begin();
    scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
    class_run_for(1000000000);
    scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
    class_run_for(2000000000);
    choose_small(&format);
    capture_open(&format, 4, DMA_PAGES, 0);
    for (unsigned i = 0; i < 4; i++) {
        capture_start();
        capture.faulty = 1;
        capture_frames(2);
        scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
        class_run_for(1000000000);
        capture.next_good = vdm_get_ledger(bus.card)->frame_count;
        scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
        class_run_for(3000000000);
        capture_frames(2);
        capture_stop();
    }
    capture_close();
    scene_end();
}

static void remove_at(unsigned ns, int told)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture_start();
    capture.faulty = 1;
    capture_frames(2);
    class_run_for(ns);
    vdm_unplug(bus.card);
    if (told)
        scene_expect(scene_device(SRB_SURPRISE_REMOVAL), STATUS_SUCCESS, "SURPRISE_REMOVAL");
    class_run_for(5000000000ull);
    if (class_find_sent(SRB_READ_DATA))
        report_fail(CHECK_SRB_NEVER, "a read outlives the card");
    capture.again = 0;
    scene_expect(scene_state(capture.stream, KSSTATE_STOP), STATUS_SUCCESS, "STOP");
    capture_close();
    if (!told)
        scene_expect(scene_device(SRB_SURPRISE_REMOVAL), STATUS_SUCCESS, "SURPRISE_REMOVAL");
    scene_end();
}

static void removal(void)
{
    remove_at(3000000, 1);
}

static void removal_unannounced(void)
{
    remove_at(9000000, 0);
}

/* PAGING_OUT_DRIVER, then the pin again. */
static void paging(void)
{
    struct capture_format format;

    begin();
    choose_small(&format);
    scene_expect(scene_device(SRB_PAGING_OUT_DRIVER), STATUS_SUCCESS, "PAGING_OUT_DRIVER");
    class_run_for(1000000000);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture_start();
    capture_frames(3);
    capture_stop();
    capture_account();
    capture_close();
    scene_end();
}

const struct scene scene_capture[] = {
    {"capture.formats",             formats            },
    {"capture.hd",                  hd                 },
    {"capture.shapes",              shapes             },
    {"capture.reads",               reads              },
    {"capture.restart",             restart            },
    {"capture.close-running",       close_running      },
    {"capture.cancel",              cancel             },
    {"capture.timeout",             timeout            },
    {"capture.power",               power              },
    {"capture.removal",             removal            },
    {"capture.removal-unannounced", removal_unannounced},
    {"capture.paging",              paging             },
    {NULL,                          NULL               }
};
