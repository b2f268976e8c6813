/* SPDX-License-Identifier: MIT */
/*
 * Plants in the loader itself, for the checks that no broken driver of a page or two could trip: a
 * card that writes where it no longer may, a wrong pixel, a lost frame, an image that is no good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "report.h"

static void begin_with(int own)
{
    struct capture_format format;

    scene_begin();
    class_run_for(2000000000);
    capture_window_of(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240, own);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture_start();
    capture_frames(2);
}

static void begin(void)
{
    begin_with(0);
}

/* The pages of every read are taken away while the card still has them. */
static void dma_late(void)
{
    begin();
    for (unsigned i = 0; i < 4; i++)
        capture.pictures[i]->live = 0;
    class_run_for(100000000);
}

/* A driver that merges what does not lie together, or forgets an offset. */
static void dma_outside(void)
{
    begin();
    class_find_sent(SRB_READ_DATA)->picture[0]->first_frame += 0x1000000;
    class_run_for(100000000);
}

static void picture(void)
{
    begin();
    capture.next_good--; /* the next frame is taken for the one before it */
    capture_frames(2);
}

static void account(void)
{
    begin();
    capture.delivered--;
    capture_stop();
    capture_account();
}

/* A loss that DropCount does not have; one that frames tell under another cause; a count that is one
 * short; a capture whose counts could not be read, and nobody knows why. */
static void drop_count(void)
{
    begin();
    capture.lost[VDM_CAUSE_NO_BUFFER]++;
    capture_frames(2);
}

static void cause(void)
{
    begin_with(1);
    capture.lost[VDM_CAUSE_FIFO]++;
    capture.lost[VDM_CAUSE_DMA]--;
    capture_frames(2);
}

static void counts(void)
{
    begin();
    capture.before[VDM_CAUSE_NO_SIGNAL]--;
    capture_stop();
    capture_account();
}

static void incomplete(void)
{
    begin();
    capture.faulty = 1;
    scene_fault_script("power-cut@frame=6");
    capture.lossy = 1;
    class_run_for(3000000000);
    capture_stop();
    capture.lossy = 0;
    capture_account();
}

/* A request that ends well where it should not. */
static void status(void)
{
    scene_begin();
    scene_expect(scene_device(SRB_INITIALIZATION_COMPLETE), STATUS_NOT_IMPLEMENTED,
                 "INITIALIZATION_COMPLETE");
}

/* The shipped file with a code section that can be written. */
static void image(void)
{
    char path[] = "control-XXXXXX";
    FILE *in = fopen(scene_options.sys, "rb");
    int fd = mkstemp(path);
    static uint8_t bytes[1 << 20];
    static char place[32];
    size_t count = in ? fread(bytes, 1, sizeof(bytes), in) : 0;
    uint32_t head = bytes[0x3c] | (uint32_t)bytes[0x3d] << 8;
    uint32_t sections = head + 24 + bytes[head + 20];

    bytes[sections + 39] |= 0x80;
    if (fd < 0 || write(fd, bytes, count) != (ssize_t)count)
        report_fail("memory", "%s cannot be written", path);
    fclose(in);
    /* Read by the descriptor, so that nothing is left behind by the failure that is to come. */
    unlink(path);
    snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
    scene_options.sys = place;
    scene_load();
}

const struct scene scene_control[] = {
    {"control.dma-after-completion", dma_late   },
    {"control.dma-outside",          dma_outside},
    {"control.picture",              picture    },
    {"control.account",              account    },
    {"control.drop-count",           drop_count },
    {"control.cause",                cause      },
    {"control.counts",               counts     },
    {"control.incomplete",           incomplete },
    {"control.status",               status     },
    {"control.image",                image      },
    {NULL,                           NULL       }
};
