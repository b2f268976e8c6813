/* SPDX-License-Identifier: MIT */
/*
 * The small test driver's life. Run with the conforming one it must pass; with each broken one it
 * must end by the check that goes with it.
 */
#include "driver.h"
#include "report.h"
#include "scene.h"
#include "vdh_regs.h"

static struct dma_buffer *pictures[4];

static struct class_request *start_read(struct class_stream *stream, unsigned which)
{
    struct class_request *request = scene_read_request(stream, pictures[which], DMA_PAGES);

    class_send(request);
    return request;
}

static void frame(void)
{
    vdm_write(bus.card, VDH_R_INT_TEST, 1);
    class_run_for(40000000);
}

/* Told done when the card is. */
static void write_record(void)
{
    static const struct nt_guid any;
    const uint32_t erase = VDH_V_FLASH_COMMAND_CODE_ERASE;

    scene_expect(class_do(scene_property_request(NULL, &any, 0, 1, NULL, 0, &erase, sizeof(erase))),
                 STATUS_SUCCESS, "a write of the flash's record");
    scene_flash_told("a write of the flash's record");
}

static void flush(struct class_stream *stream)
{
    struct class_request *request = start_read(stream, 0);

    request->keep = 1;
    class_run_for(3000000);
    scene_flush(stream);
    scene_expect(class_wait(request), STATUS_CANCELLED, "a read that was flushed");
    class_request_free(request);
    request = start_read(stream, 0);
    request->keep = 1;
    class_run_for(3000000);
    scene_expect(request->state == CLASS_DONE ? request->result.status : STATUS_PENDING,
                 STATUS_DEVICE_NOT_READY, "a read between BEGIN_FLUSH and END_FLUSH");
    class_request_free(request);
    scene_expect(class_do(class_request_create(SRB_END_FLUSH, stream)), STATUS_SUCCESS,
                 "END_FLUSH");
}

static void life(void)
{
    struct class_stream *stream;
    struct class_request *request[3];
    struct class_event *event[2];
    nt_status status;

    scene_flash_make();
    scene_begin();
    write_record();
    event[0] = class_event_enable(0, 0, &status);
    event[1] = class_event_enable(0, 0, &status);
    scene_expect(status, STATUS_SUCCESS, "enabling an event");
    for (unsigned i = 0; i < 4; i++)
        pictures[i] = dma_create(5000, 17 * i, DMA_PAGES);
    scene_expect(scene_device(SRB_UNKNOWN_DEVICE_COMMAND), STATUS_NOT_IMPLEMENTED, "nonsense");
    stream = scene_open(0, NULL, 0, &status);
    scene_expect(status, STATUS_SUCCESS, "OPEN_STREAM");
    scene_expect(scene_state(stream, KSSTATE_PAUSE), STATUS_SUCCESS, "PAUSE");
    scene_expect(scene_state(stream, KSSTATE_RUN), STATUS_SUCCESS, "RUN");
    for (unsigned i = 0; i < 3; i++) {
        request[i] = start_read(stream, i);
        request[i]->keep = 1;
    }
    class_run_for(3000000);
    for (unsigned i = 0; i < 3; i++) {
        frame();
        scene_expect(class_wait(request[i]), STATUS_SUCCESS, "a read");
        class_request_free(request[i]);
    }

    if (event[0]->signals != 3 || event[1]->signals != 3)
        report_fail(CHECK_STATUS, "%llu and %llu signals of 3 frames",
                    (unsigned long long)event[0]->signals, (unsigned long long)event[1]->signals);
    class_event_disable(event[0]);
    class_event_disable(event[1]);

    flush(stream);
    /* Cancelled, timed out, paused for sleep, closed while running. */
    request[0] = start_read(stream, 0);
    request[0]->keep = 1;
    class_run_for(3000000);
    class_cancel(request[0]);
    scene_expect(class_wait(request[0]), STATUS_CANCELLED, "a cancelled read");
    class_request_free(request[0]);
    class.timeout_s = 2;
    (void)start_read(stream, 1);
    class_run_for(20000000000ull);
    frame(); /* the driver may have switched the timeout off */
    if (class_find_sent(SRB_READ_DATA))
        report_fail(CHECK_SRB_NEVER, "a read was not completed");
    class.timeout_s = 0;
    /* Interrupts while reads are being cancelled: the list is touched from both sides. */
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned k = 0; k < 3; k++) {
            request[k] = start_read(stream, k);
            request[k]->keep = 1;
        }
        class_run_for(2000000);
        vdm_write(bus.card, VDH_R_INT_TEST, 1);
        for (unsigned k = 0; k < 3; k++)
            class_cancel(request[k]);
        for (unsigned k = 0; k < 3; k++) {
            (void)class_wait(request[k]);
            class_request_free(request[k]);
        }
    }
    scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
    class_run_for(100000000);
    scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
    (void)start_read(stream, 2);
    (void)start_read(stream, 3);
    class_run_for(3000000);
    scene_expect(scene_close(stream), STATUS_SUCCESS, "CLOSE_STREAM");
    scene_end();
}

static void line(void)
{
    bus.line = 1;
    life();
}

const struct scene scene_small[] = {
    {"small.line", line},
    {"small.life", life},
    {NULL,         NULL}
};
