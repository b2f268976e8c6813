/* SPDX-License-Identifier: MIT */
/*
 * The application. Which picture a frame shows comes from the card's private ledger, so a driver that
 * drops, repeats or swaps frames without saying so is found by the pixels.
 */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "report.h"

struct capture capture;

static uint32_t get32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, 4);
    return value;
}

/* ---- Formats ---- */

static void read_format(struct capture_format *out, const uint8_t *bytes, uint32_t at)
{
    /* KS_VIDEOINFOHEADER begins at `at`; its bitmap header 48 bytes on. */
    out->code = get32(bytes + 32); /* first number of the subtype */
    if (out->code == CODE('Y', 'U', 'Y', '2'))
        out->code = CODE('Y', 'U', 'Y', 'V');
    out->width = get32(bytes + at + 52);
    out->height = get32(bytes + at + 56);
    out->picture_bytes = get32(bytes + at + 48 + 20);
    /* The plain specifier is KSDATAFORMAT_SPECIFIER_VIDEOINFO. */
    out->own = get32(bytes + 48) != 0x05589f80u;
}

unsigned capture_ranges(struct capture_format out[MAX_RANGES])
{
    struct class_request *request;
    const struct sc_header *header = scene_info(&request);
    const struct sc_information *pin = (const struct sc_information *)(header + 1);
    unsigned count = pin->formats < MAX_RANGES ? pin->formats : MAX_RANGES;

    if (header->streams != 1 || pin->formats == 0)
        report_fail(CHECK_STATUS, "%u streams, %u formats", header->streams, pin->formats);
    for (unsigned i = 0; i < count; i++)
        /* KS_DATARANGE_VIDEO: 4 flags and 128 bytes of capabilities before the picture. */
        read_format(&out[i], (const uint8_t *)pin->format[i], 64 + 16 + 128);
    class_request_free(request);
    return count;
}

static nt_status intersect(const struct ks_format *range, uint8_t *out, uint32_t room,
                           uint32_t *bytes)
{
    struct class_request *request = class_request_create(SRB_GET_DATA_INTERSECTION, NULL);
    struct sc_intersect *info = class_request_part(request, sizeof(*info), "intersection");
    struct ks_format *copy = class_request_part(request, range->size, "data range");
    nt_status status;

    memcpy(copy, range, range->size);
    info->range = copy;
    info->buffer_size = room;
    info->buffer = class_request_part(request, room ? room : 1, "format buffer");
    request->srb->u.intersect = info;
    class_send(request);
    status = class_wait(request);
    memory_give(request->parts[2]);
    memcpy(out, request->parts[2], room);
    *bytes = request->result.bytes;
    class_request_free(request);
    return status;
}

void capture_intersect(struct capture_format *out, unsigned index)
{
    struct class_request *request;
    const struct sc_header *header = scene_info(&request);
    const struct sc_information *pin = (const struct sc_information *)(header + 1);
    uint32_t bytes = 0;
    uint8_t size[4];

    scene_expect(intersect(pin->format[index], size, 4, &bytes), STATUS_SUCCESS,
                 "the size of a format");
    out->size = get32(size);
    if (out->size > FORMAT_BYTES || out->size < FORMAT_PLAIN)
        report_fail(CHECK_STATUS, "a format of %u bytes", out->size);
    scene_expect(intersect(pin->format[index], out->bytes, out->size - 1, &bytes),
                 STATUS_BUFFER_TOO_SMALL, "a format in a small buffer");
    scene_expect(intersect(pin->format[index], out->bytes, out->size, &bytes), STATUS_SUCCESS,
                 "a format");
    if (bytes != out->size || get32(out->bytes) != out->size)
        report_fail(CHECK_STATUS, "a format of %u bytes says %u", out->size, bytes);
    read_format(out, out->bytes, 64);
    class_request_free(request);
}

void capture_window_of(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height,
                       int own)
{
    static struct capture_format ranges[MAX_RANGES];
    static _Alignas(8) uint8_t range[512];
    unsigned count = capture_ranges(ranges);
    struct class_request *request;
    const struct sc_header *header = scene_info(&request);
    const struct sc_information *pin = (const struct sc_information *)(header + 1);
    unsigned i = 0;
    uint32_t bytes;

    while (i < count && (ranges[i].code != code || ranges[i].own != own))
        i++;
    if (i == count || pin->format[i]->size > sizeof(range))
        report_fail(CHECK_STATUS, "%.4s is not among the ranges", (const char *)&code);
    memcpy(range, pin->format[i], pin->format[i]->size);
    memcpy(range + 64 + 16 + 128 + 52, &width, 4);
    memcpy(range + 64 + 16 + 128 + 56, &height, 4);
    out->size = own ? FORMAT_BYTES : FORMAT_PLAIN;
    scene_expect(
        intersect((const struct ks_format *)(const void *)range, out->bytes, out->size, &bytes),
        STATUS_SUCCESS, "a window");
    read_format(out, out->bytes, 64);
    class_request_free(request);
    if (out->width != width || out->height != height)
        report_fail(CHECK_STATUS, "a window of %ux%u", out->width, out->height);
}

void capture_window(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height)
{
    capture_window_of(out, code, width, height, 0);
}

void capture_choose(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height,
                    int own)
{
    static struct capture_format ranges[MAX_RANGES];
    unsigned count = capture_ranges(ranges);

    for (unsigned i = 0; i < count; i++) {
        if (ranges[i].code == code && ranges[i].width == width && ranges[i].height == height &&
            ranges[i].own == own) {
            capture_intersect(out, i);
            return;
        }
    }
    report_fail(CHECK_STATUS, "%.4s %ux%u is not among the %u ranges", (const char *)&code, width,
                height, count);
}

/* ---- Pictures ---- */

/* Lines below the frame number are alike in the pattern; the first of them stands for the others. */
static int repeats(uint32_t line)
{
    return capture.compare == 2 && line > 21;
}

int capture_differs(const uint8_t *picture, uint32_t number, uint32_t *at_plane, uint32_t *at_line)
{
    static uint8_t expected[65536];
    const struct capture_format *format = &capture.format;
    uint32_t planes = format->code == CODE('N', 'V', '1', '2') ? 2 : 1;
    const uint8_t *at = picture;
    uint32_t length = 0;

    for (uint32_t plane = 0; plane < planes; plane++) {
        uint32_t lines = plane ? format->height / 2 : format->height;

        for (uint32_t line = 0; line < lines; line++) {
            if (!repeats(line))
                length = vdm_expected_line(bus.card, number, plane, line, NULL, expected);
            *at_plane = plane;
            *at_line = line;
            if (length == 0 || memcmp(at, expected, length) != 0)
                return 1;
            at += length;
            report->bytes_compared += length;
        }
    }
    if ((size_t)(at - picture) != format->picture_bytes)
        report_fail(CHECK_PICTURE, "%td bytes, not %u", at - picture, format->picture_bytes);
    return 0;
}

/* Where a fault cost the driver a completion, the picture is a later one of the ledger. */
static void compare(const struct dma_buffer *picture)
{
    uint32_t number = capture_next_good()->source_frame;
    uint32_t plane = 0;
    uint32_t line = 0;

    if (!capture.compare)
        return;
    while (capture_differs(picture->bytes, number, &plane, &line)) {
        if (!capture.lossy)
            report_fail(CHECK_PICTURE, "plane %u, line %u of picture %u", plane, line, number);
        number = capture_next_good()->source_frame;
    }
}

/* What the header says of a picture, against the ones before. */
static void check_header(const struct ks_header *header, const struct ks_frame_info *info)
{
    int64_t between = info->picture - capture.last_picture - 1;

    if (header->used != capture.format.picture_bytes)
        report_fail(CHECK_PICTURE, "%u bytes used, not %u", header->used,
                    capture.format.picture_bytes);
    if (info->size < sizeof(*info) || between < 0 || info->dropped < capture.dropped)
        report_fail(CHECK_ACCOUNT, "picture %lld after %lld", (long long)info->picture,
                    (long long)capture.last_picture);
    if (!capture.faulty && (between != 0 || info->dropped != 0))
        report_fail(CHECK_ACCOUNT, "picture %lld after %lld, %lld dropped",
                    (long long)info->picture, (long long)capture.last_picture,
                    (long long)info->dropped);
    if ((header->options & 4) && capture.delivered > 0)
        capture.gaps++;
    capture.last_picture = info->picture;
    capture.dropped = info->dropped;
}

static unsigned which_of(const struct dma_buffer *picture)
{
    unsigned i = 0;

    while (capture.pictures[i] != picture)
        i++;
    return i;
}

static void on_read(struct class_request *request)
{
    const struct ks_header *header = (const struct ks_header *)(void *)request->headers_copy;
    const struct ks_frame_info *info = (const struct ks_frame_info *)(const void *)(header + 1);
    struct dma_buffer *picture = request->picture[0];

    if (request->result.status == STATUS_CANCELLED)
        capture.cancelled++;
    else if (request->result.status != STATUS_SUCCESS)
        capture.failed++;
    else if (header->used == 0) {
        capture.empty++;
        capture_told(info, 0);
    } else {
        check_header(header, info);
        if (picture->written < capture.format.picture_bytes)
            report_fail(CHECK_PICTURE, "the card wrote %llu of %u bytes",
                        (unsigned long long)picture->written, capture.format.picture_bytes);
        compare(picture);
        capture_told(info, 1);
        if (capture.compare == 1)
            capture.compare = 2; /* that lines repeat was seen */
        capture.delivered++;
        report->frames++;
    }
    if (capture.again && request->result.status == STATUS_SUCCESS)
        capture_send(which_of(picture));
}

/* ---- The application's steps ---- */

void capture_send(unsigned which)
{
    struct class_request *request =
        scene_read_request(capture.stream, capture.pictures[which], capture.shape);

    request->done = on_read;
    class_send(request);
}

void capture_open(const struct capture_format *format, unsigned reads, enum dma_shape shape,
                  size_t offset)
{
    nt_status status;

    memset(&capture, 0, sizeof(capture));
    capture.format = *format;
    capture.reads = reads;
    capture.shape = shape;
    capture.compare = 1;
    capture.stream = scene_open(0, format->bytes, format->size, &status);
    scene_expect(status, STATUS_SUCCESS, "OPEN_STREAM");
    for (unsigned i = 0; i < reads; i++)
        capture.pictures[i] = dma_create(format->picture_bytes, offset, shape);
}

void capture_start(void)
{
    capture.again = 1;
    capture.delivered = capture.empty = capture.cancelled = capture.failed = capture.gaps = 0;
    capture.last_picture = 0;
    capture.dropped = 0;
    capture_account_begin();
    scene_expect(scene_state(capture.stream, KSSTATE_ACQUIRE), STATUS_SUCCESS, "ACQUIRE");
    scene_expect(scene_state(capture.stream, KSSTATE_PAUSE), STATUS_SUCCESS, "PAUSE");
    for (unsigned i = 0; i < capture.reads; i++)
        capture_send(i);
    class_run_for(1000000); /* until the driver has them; else the first frame finds no buffer */
    scene_expect(scene_state(capture.stream, KSSTATE_RUN), STATUS_SUCCESS, "RUN");
}

void capture_frames(uint64_t count)
{
    uint64_t wanted = capture.delivered + count;
    uint64_t deadline = bus_now_ns() + count * 100000000ull + 5000000000ull;

    while (capture.delivered < wanted && bus_now_ns() < deadline)
        class_run_for(1000000);
    if (capture.delivered < wanted)
        report_fail(CHECK_SRB_NEVER, "%llu of %llu pictures arrived",
                    (unsigned long long)(capture.delivered + count - wanted),
                    (unsigned long long)count);
}

void capture_stop(void)
{
    capture.again = 0;
    scene_expect(scene_state(capture.stream, KSSTATE_PAUSE), STATUS_SUCCESS, "PAUSE");
    scene_expect(scene_state(capture.stream, KSSTATE_ACQUIRE), STATUS_SUCCESS, "ACQUIRE");
    scene_expect(scene_state(capture.stream, KSSTATE_STOP), STATUS_SUCCESS, "STOP");
    class_run_for(1000000);
    if (class_find_sent(SRB_READ_DATA))
        report_fail(CHECK_SRB_NEVER, "a read is still with the driver after STOP");
}

void capture_close(void)
{
    capture.again = 0;
    scene_expect(scene_close(capture.stream), STATUS_SUCCESS, "CLOSE_STREAM");
    class_run_for(1000000); /* what was completed is told */
    for (unsigned i = 0; i < capture.reads; i++)
        dma_destroy(capture.pictures[i]);
    capture.stream = NULL;
}
