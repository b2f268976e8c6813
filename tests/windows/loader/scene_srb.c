/* SPDX-License-Identifier: MIT */
/*
 * Requests that make no sense: of unknown commands, for pins that are not there, in states that do not
 * allow them, with formats that overflow. Each gets the status that says so.
 */
#include <string.h>

#include "capture.h"
#include "report.h"

static struct class_stream *stream;
static struct capture_format good;

static nt_status stream_request(uint32_t command, const void *data, size_t bytes, uint32_t state)
{
    struct class_request *request = class_request_create(command, stream);

    if (bytes) {
        void *part = class_request_part(request, bytes, "request data");

        memcpy(part, data, bytes);
        request->srb->u.pointer = part;
    } else {
        request->srb->u.pointer = NULL;
        request->srb->u.state = state;
    }
    return class_do(request);
}

static nt_status open_with(const struct capture_format *format, unsigned number)
{
    nt_status status;
    struct class_stream *opened = scene_open(number, format->bytes, format->size, &status);

    if (opened)
        (void)scene_close(opened);
    return status;
}

static void unknown(void)
{
    static const uint32_t device[] = {SRB_UNKNOWN_DEVICE_COMMAND,
                                      SRB_DEVICE_METHOD,
                                      SRB_STREAM_METHOD,
                                      SRB_OPEN_DEVICE_INSTANCE,
                                      SRB_CLOSE_DEVICE_INSTANCE,
                                      0x112,
                                      0x1ff};
    static const uint32_t pin[] = {SRB_UNKNOWN_STREAM_COMMAND, SRB_SET_STREAM_RATE,
                                   SRB_PROPOSE_STREAM_RATE, 17, 77};

    for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
        scene_expect(scene_device(device[i]), STATUS_NOT_IMPLEMENTED, "an unknown device command");
    for (size_t i = 0; i < sizeof(pin) / sizeof(pin[0]); i++)
        scene_expect(stream_request(pin[i], NULL, 0, 0), STATUS_NOT_IMPLEMENTED,
                     "an unknown stream command");
    scene_expect(stream_request(SRB_WRITE_DATA, NULL, 0, 0), STATUS_NOT_IMPLEMENTED, "WRITE_DATA");
}

static void states(void)
{
    scene_expect(scene_state(stream, (enum ks_state)4), STATUS_INVALID_PARAMETER, "state 4");
    scene_expect(scene_state(stream, (enum ks_state)0xffffffffu), STATUS_INVALID_PARAMETER,
                 "state -1");
    scene_expect(scene_power((enum nt_power)0), STATUS_INVALID_PARAMETER, "no power state");
    bus.powered = 1;
    scene_expect(scene_power((enum nt_power)9), STATUS_INVALID_PARAMETER, "power state 9");
    bus.powered = 1;
    scene_expect(scene_device(SRB_PAGING_OUT_DRIVER), STATUS_DEVICE_BUSY, "paging out under a pin");
    scene_expect(stream_request(SRB_SET_DATA_FORMAT, good.bytes, good.size, 0), STATUS_SUCCESS,
                 "a format in STOP");
    scene_expect(scene_state(stream, KSSTATE_PAUSE), STATUS_SUCCESS, "PAUSE");
    scene_expect(stream_request(SRB_SET_DATA_FORMAT, good.bytes, good.size, 0),
                 STATUS_INVALID_DEVICE_STATE, "a format in PAUSE");
    scene_expect(scene_state(stream, KSSTATE_STOP), STATUS_SUCCESS, "STOP");
}

/* A read before PAUSE is ended at once. */
static void early_read(void)
{
    struct dma_buffer *picture = dma_create(good.picture_bytes, 0, DMA_PAGES);
    struct class_request *request = scene_read_request(stream, picture, DMA_PAGES);

    scene_expect(class_do(request), STATUS_INVALID_DEVICE_STATE, "a read in STOP");
    dma_destroy(picture);
}

static void format_with(uint32_t at, uint32_t value, nt_status wanted, const char *what)
{
    struct capture_format format = good;

    memcpy(format.bytes + at, &value, 4);
    scene_expect(stream_request(SRB_PROPOSE_DATA_FORMAT, format.bytes, format.size, 0), wanted,
                 what);
    scene_expect(stream_request(SRB_SET_DATA_FORMAT, format.bytes, format.size, 0), wanted, what);
}

/* KS_VIDEOINFOHEADER begins at byte 64: 32 bytes of rectangles, rates, time of a frame at 104, the
 * bitmap header at 112: width 116, height 120, code 128. */
static void formats(void)
{
    static const uint32_t sides[] = {0, 1, 8193, 0x10000, 0x7fffffff, 0x80000000u, 0xffffffffu};

    scene_expect(stream_request(SRB_PROPOSE_DATA_FORMAT, NULL, 0, 0), STATUS_INVALID_PARAMETER,
                 "no format");
    format_with(0, 64, STATUS_INVALID_PARAMETER, "a format without a picture");
    format_with(0, FORMAT_PLAIN - 1, STATUS_INVALID_PARAMETER, "a format one byte short");
    format_with(16, 0x12345678, STATUS_NO_MATCH, "no video");
    format_with(32, 0x12345678, STATUS_NO_MATCH, "an unknown subtype");
    format_with(48, 0x12345678, STATUS_NO_MATCH, "an unknown specifier");
    format_with(128, 0x12345678, STATUS_NO_MATCH, "a code that is not the subtype's");
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        format_with(116, sides[i], STATUS_NO_MATCH, "a width that no picture has");
        if (sides[i] != 0xffffffffu)
            format_with(120, sides[i], STATUS_NO_MATCH, "a height that no picture has");
    }
}

static void hostile(void)
{
    struct capture_format bad;
    nt_status status;

    scene_begin();
    class_run_for(2000000000);
    capture_window(&good, CODE('Y', 'U', 'Y', 'V'), 66, 64);
    for (unsigned number = 1; number < 5; number++)
        scene_expect(open_with(&good, number), STATUS_INVALID_PARAMETER, "a pin that is not there");
    bad = good;
    bad.bytes[0] = 64;
    scene_expect(open_with(&bad, 0), STATUS_INVALID_PARAMETER, "a pin with half a format");
    if (scene_open(0, NULL, 0, &status))
        report_fail(CHECK_STATUS, "a pin opens without a format");
    scene_expect(status, STATUS_INVALID_PARAMETER, "a pin without a format");
    stream = scene_open(0, good.bytes, good.size, &status);
    scene_expect(status, STATUS_SUCCESS, "OPEN_STREAM");
    scene_expect(open_with(&good, 0), STATUS_TOO_MANY_NODES, "the pin a second time");
    unknown();
    states();
    early_read();
    formats();
    scene_expect(scene_close(stream), STATUS_SUCCESS, "CLOSE_STREAM");
    scene_end();
}

const struct scene scene_srb[] = {
    {"srb.hostile", hostile},
    {NULL,          NULL   }
};
