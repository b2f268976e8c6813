/* SPDX-License-Identifier: MIT */
/*
 * Requests cancelled, or timed out, at every point of their life. With the class driver's
 * synchronization such a call comes between two entries: so the points are the turns of the class
 * driver, and counting them misses none. Short runs leave some out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "report.h"
#include "vdw_interface.h"

enum how { CANCEL, TIME_OUT, HOWS };

static uint64_t points; /* of the present scenario */

/* Sends it, lets `n` things happen, and cancels it or times it out. 0: it had ended by then. */
static int strike(struct class_request *request, unsigned n, enum how how)
{
    request->keep = 1;
    class_send(request);
    for (unsigned i = 0; i < n && request->state != CLASS_DONE; i++)
        class_step();
    if (request->state == CLASS_DONE)
        return 0;
    if (how == CANCEL)
        class_cancel(request);
    else if (request->state == CLASS_SENT)
        class_enter_timeout(request);
    points++;
    report->points++;
    return 1;
}

/* The next point: each of the first ones; then a few more and more, or each. */
static unsigned after(unsigned n, unsigned stride)
{
    if (scene_options.is_long)
        return n + stride;
    return n < 8 ? n + 1 : n + n / (stride > 1 ? 1 : 3);
}

static void begin(struct capture_format *format)
{
    points = 0;
    scene_begin();
    class_run_for(2000000000);
    capture_window(format, CODE('Y', 'U', 'Y', 'V'), 66, 64);
}

static void met(uint64_t least)
{
    printf("%llu points\n", (unsigned long long)points);
    if (points < least)
        report_fail("script", "only %llu points were met", (unsigned long long)points);
}

static void end(uint64_t least)
{
    met(least);
    scene_end();
}

/* ---- A read, among others ---- */

static void read_at(void)
{
    struct capture_format format;
    struct dma_buffer *picture;

    begin(&format);
    capture_open(&format, 3, DMA_PAGES, 0);
    picture = dma_create(format.picture_bytes, 5, DMA_RUNS);
    for (int how = 0; how < HOWS; how++) {
        int more = 1;

        for (unsigned n = 0; more; n = after(n, 1)) {
            struct class_request *victim;
            nt_status status;

            capture_start();
            capture.faulty = 1; /* a frame that was to fill the victim may be lost */
            capture.lossy = 1;
            capture_frames(1);
            victim = scene_read_request(capture.stream, picture, DMA_RUNS);
            more = strike(victim, n, (enum how)how);
            status = class_wait(victim);
            class_request_free(victim);
            if (status != STATUS_SUCCESS &&
                status != (how == CANCEL ? STATUS_CANCELLED : STATUS_IO_TIMEOUT))
                report_fail(CHECK_STATUS, "a read struck after %u turns: 0x%08x", n, status);
            capture_frames(1);
            capture_stop();
        }
    }
    capture_close();
    dma_destroy(picture);
    end(12);
}

/* ---- Changes of state, and the end of a pin ---- */

static struct class_request *state_request(enum ks_state state)
{
    struct class_request *request = class_request_create(SRB_SET_STREAM_STATE, capture.stream);

    request->srb->u.state = state;
    return request;
}

static void state_at(void)
{
    struct capture_format format;

    begin(&format);
    capture_open(&format, 3, DMA_PAGES, 0);
    for (int stop = 0; stop < 2; stop++) {
        for (int how = 0; how < HOWS; how++) {
            int more = 1;

            for (unsigned n = 0; more; n = after(n, 1)) {
                struct class_request *request;

                if (stop) {
                    capture_start();
                    capture.faulty = 1;
                    capture_frames(1);
                }
                request = state_request(stop ? KSSTATE_STOP : KSSTATE_RUN);
                more = strike(request, n, (enum how)how);
                (void)class_wait(request);
                class_request_free(request);
                scene_expect(scene_state(capture.stream, KSSTATE_STOP), STATUS_SUCCESS, "STOP");
                class_run_for(1000000);
            }
        }
    }
    capture_start();
    capture_frames(3);
    capture_stop();
    capture_account();
    capture_close();
    end(12);
}

static void close_at(void)
{
    struct capture_format format;

    begin(&format);
    for (int how = 0; how < HOWS; how++) {
        int more = 1;

        for (unsigned n = 0; more; n = after(n, 1)) {
            struct class_request *request;
            nt_status status;

            capture_open(&format, 3, DMA_PAGES, 0);
            capture_start();
            capture_frames(1);
            request = scene_close_request(capture.stream);
            more = strike(request, n, (enum how)how);
            status = class_wait(request);
            class_request_free(request);
            capture.again = 0;
            if (status == STATUS_SUCCESS)
                scene_close_done(capture.stream);
            else /* it never reached the driver */
                scene_expect(scene_close(capture.stream), STATUS_SUCCESS, "CLOSE_STREAM");
            class_run_for(1000000);
            for (unsigned i = 0; i < capture.reads; i++)
                dma_destroy(capture.pictures[i]);
        }
    }
    end(12);
}

/* ---- The device: sleep, waking, firmware, start ---- */

static void power_at(void)
{
    struct capture_format format;

    scene_flash_make();
    begin(&format);
    scene_flash_fill();
    for (int wake = 0; wake < 2; wake++) {
        for (int how = 0; how < HOWS; how++) {
            int more = 1;

            for (unsigned n = 0; more; n = after(n, 1)) {
                struct class_request *request = class_request_create(SRB_CHANGE_POWER_STATE, NULL);
                nt_status status;

                if (wake) {
                    scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
                    vdm_power_cycle(bus.card);
                    bus.powered = 1;
                }
                request->srb->u.power = wake ? POWER_D0 : POWER_D3;
                more = strike(request, n, (enum how)how);
                status = class_wait(request);
                class_request_free(request);
                if (!wake && status == STATUS_SUCCESS)
                    bus.powered = 0;
                if (!wake || status != STATUS_SUCCESS)
                    scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
                class_run_for(1000000000);
            }
        }
    }
    capture_open(&format, 3, DMA_PAGES, 0);
    capture_start();
    capture_frames(3);
    capture_stop();
    capture_account();
    capture_close();
    end(12);
}

static void firmware_at(void)
{
    struct capture_format format;

    begin(&format);
    scene_firmware_image(0);
    for (int how = 0; how < HOWS; how++) {
        int more = 1;

        for (unsigned n = 0; more; n++) {
            struct class_request *request = scene_firmware_request(VDW_FIRMWARE_BOOT, 0, 1);

            more = strike(request, n, (enum how)how);
            (void)class_wait(request);
            class_request_free(request);
            class_run_for(2000000000);
            if (scene_firmware_status().state == VDW_FIRMWARE_BUSY)
                report_fail(CHECK_SRB_NEVER, "firmware is busy for ever");
        }
    }
    /* Few turns are all there are: the request ends with the copy. */
    end(6);
}

static void initialize_at(void)
{
    points = 0;
    scene_load();
    for (int how = 0; how < HOWS; how++) {
        int more = 1;

        for (unsigned n = 0; more; n = after(n, 97)) {
            struct class_request *request;

            class_add_device(scene_options.ranges);
            request = class_request_create(SRB_INITIALIZE_DEVICE, NULL);
            request->srb->u.config = class.config;
            more = strike(request, n, (enum how)how);
            if (class_wait(request) == STATUS_SUCCESS) {
                class_run_for(1000000);
                scene_expect(scene_device(SRB_UNINITIALIZE_DEVICE), STATUS_SUCCESS,
                             "UNINITIALIZE_DEVICE");
            }
            class_request_free(request);
            class_run_for(100000000);
            class_remove_device();
            vdm_power_cycle(bus.card);
        }
    }
    met(12);
    class_unload();
}

const struct scene scene_point[] = {
    {"point.read",       read_at      },
    {"point.state",      state_at     },
    {"point.close",      close_at     },
    {"point.power",      power_at     },
    {"point.firmware",   firmware_at  },
    {"point.initialize", initialize_at},
    {NULL,               NULL         }
};
