/* SPDX-License-Identifier: MIT */
/*
 * Read requests of several buffers, whose list of pages says nothing of where one ends and the next
 * begins; lists that end early, hold nothing, or lie; more requests than the driver takes at once.
 */
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "memory.h"
#include "report.h"

#define CODE_GREY CODE('Y', '8', '0', '0')
#define UNTOUCHED 0x5a
#define MANY      90

/* A request for `count` pictures, each `extent` bytes behind the one before, in one block of memory. */
struct several {
    struct class_request *request;
    struct dma_buffer *memory;
    unsigned count;
    uint32_t extent;
    uint32_t header_bytes;
};

static struct several make(unsigned count, uint32_t extent, enum dma_shape shape, size_t offset)
{
    struct several out = {.count = count, .extent = extent};
    struct ks_header *first;
    struct ks_header old;

    out.memory = dma_create((size_t)count * extent, offset, shape);
    memset(out.memory->bytes, UNTOUCHED, out.memory->size);
    out.request = scene_read_request(capture.stream, out.memory, shape);
    out.request->keep = 1;
    out.header_bytes = out.request->headers->size;
    old = *out.request->headers;
    first = class_request_part(out.request, (size_t)count * out.header_bytes, "stream headers");
    for (unsigned i = 0; i < count; i++) {
        struct ks_header *header =
            (struct ks_header *)(void *)((uint8_t *)first + i * out.header_bytes);

        *header = old;
        header->extent = extent;
        header->data = out.memory->kernel + (size_t)i * extent;
        memcpy(header + 1, &capture.stream->object->media_specific, 4);
    }
    out.request->headers = first;
    out.request->srb->u.data = first;
    out.request->srb->buffers = count;
    return out;
}

static struct ks_header *header_of(const struct several *several, unsigned i)
{
    return (struct ks_header *)(void *)((uint8_t *)several->request->headers +
                                        i * several->header_bytes);
}

/* Every second element holds nothing. */
static void add_empty(struct class_request *request)
{
    struct sc_srb *srb = request->srb;
    uint32_t count = srb->segment_count;
    struct sc_segment *more =
        class_request_part(request, 2u * count * sizeof(*more), "scatter/gather list");

    for (uint32_t i = 0; i < count; i++) {
        more[2 * i].address = srb->segments[i].address;
        more[2 * i].length = 0;
        more[2 * i + 1] = srb->segments[i];
    }
    srb->segments = more;
    srb->segment_count = 2 * count;
}

static void check(struct several *several)
{
    const uint8_t *copy = several->request->headers_copy;

    scene_expect(class_wait(several->request), STATUS_SUCCESS, "a read of several buffers");
    for (unsigned i = 0; i < several->count; i++) {
        const struct ks_header *header =
            (const struct ks_header *)(const void *)(copy + i * several->header_bytes);
        const uint8_t *picture = several->memory->bytes + (size_t)i * several->extent;
        uint32_t plane;
        uint32_t line;

        if (header->used != capture.format.picture_bytes ||
            capture_differs(picture, capture_next_good()->source_frame, &plane, &line))
            report_fail(CHECK_PICTURE, "buffer %u of %u, %u bytes used", i, several->count,
                        header->used);
        for (uint32_t k = capture.format.picture_bytes; k < several->extent; k++) {
            if (picture[k] != UNTOUCHED)
                report_fail(CHECK_OVERRUN, "byte %u behind picture %u of %u was written", k, i,
                            several->count);
        }
        report->frames++;
    }
    class_request_free(several->request);
    dma_destroy(several->memory);
}

static void begin(void)
{
    struct capture_format format;

    scene_begin();
    class_run_for(2000000000);
    capture_window(&format, CODE_GREY, 66, 64);
    capture_open(&format, 0, DMA_PAGES, 0);
    capture.compare = 1;
    capture_start();
    capture.again = 0;
}

static void end(void)
{
    capture_stop();
    capture_close();
    scene_end();
}

static void several(void)
{
    static const uint32_t beyond[] = {0, 1, 63, 4095, 5000};
    unsigned turn = 0;

    begin();
    /* A read queued ahead, so that no frame meets an empty queue while a request is being made. */
    for (int shape = 0; shape < DMA_SHAPES; shape++) {
        for (unsigned count = 1; count <= CLASS_BUFFERS; count += shape == DMA_PAGES ? 1 : 3) {
            for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++, turn++) {
                struct several s = make(count, capture.format.picture_bytes + beyond[i],
                                        (enum dma_shape)shape, 37 * turn);

                if (turn % 2)
                    add_empty(s.request);
                capture.next_good = vdm_get_ledger(bus.card)->frame_count;
                class_send(s.request);
                check(&s);
            }
        }
    }
    end();
}

/* ---- Lies ---- */

static void refuse(struct several *s, nt_status wanted, const char *what)
{
    nt_status status;

    /* A header's size may be a lie: what is copied of them at the end must not follow it. */
    s->request->headers = NULL;
    class_send(s->request);
    status = class_wait(s->request);
    scene_expect(status, wanted, what);
    class_request_free(s->request);
    for (size_t k = 0; k < s->memory->size; k++) {
        if (s->memory->bytes[k] != UNTOUCHED)
            report_fail(CHECK_OVERRUN, "%s: byte %zu was written", what, k);
    }
    dma_destroy(s->memory);
}

static void lies(void)
{
    uint32_t bytes;
    struct several s;

    begin();
    bytes = capture.format.picture_bytes;
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->segment_count--;
    refuse(&s, STATUS_INVALID_PARAMETER, "a list that ends early");
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->segment_count = 0;
    refuse(&s, STATUS_INVALID_PARAMETER, "a list of nothing");
    s = make(1, bytes, DMA_PAGES, 0);
    for (uint32_t i = 0; i < s.request->srb->segment_count; i++)
        s.request->srb->segments[i].length = 0;
    refuse(&s, STATUS_INVALID_PARAMETER, "a list of empty elements");
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->segments = NULL;
    refuse(&s, STATUS_INVALID_PARAMETER, "no list");
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->u.data = NULL;
    refuse(&s, STATUS_INVALID_PARAMETER, "no headers");
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->buffers = 0;
    refuse(&s, STATUS_INVALID_PARAMETER, "no buffers");
    s = make(1, bytes, DMA_PAGES, 0);
    s.request->srb->buffers = 9;
    refuse(&s, STATUS_INVALID_PARAMETER, "nine buffers");
    s = make(1, bytes, DMA_PAGES, 0);
    header_of(&s, 0)->extent = bytes - 1;
    refuse(&s, STATUS_BUFFER_TOO_SMALL, "a buffer one byte short");
    s = make(2, bytes, DMA_PAGES, 0);
    header_of(&s, 1)->extent = 0;
    refuse(&s, STATUS_BUFFER_TOO_SMALL, "a second buffer of nothing");
    s = make(1, bytes, DMA_PAGES, 0);
    header_of(&s, 0)->size = sizeof(struct ks_header) - 8;
    refuse(&s, STATUS_INVALID_PARAMETER, "a header too small");
    s = make(1, bytes, DMA_PAGES, 0);
    header_of(&s, 0)->size = 0xfffffff8u;
    refuse(&s, STATUS_INVALID_PARAMETER, "a header of 4 GiB");
    s = make(2, bytes, DMA_PAGES, 0);
    header_of(&s, 0)->size++;
    refuse(&s, STATUS_INVALID_PARAMETER, "a header of odd size");
    end();
}

/* The second buffer does not lie where the list says: the picture before it may have been taken, this
 * one must not be, and the pin goes on. */
static void wrong_split(void)
{
    struct several s;

    begin();
    s = make(2, capture.format.picture_bytes + 4096, DMA_PAGES, 0);
    header_of(&s, 1)->data = s.memory->kernel + 16;
    class_send(s.request);
    scene_expect(class_wait(s.request), STATUS_INVALID_PARAMETER, "a list split elsewhere");
    class_request_free(s.request);
    for (size_t k = s.extent; k < s.memory->size; k++) {
        if (s.memory->bytes[k] != UNTOUCHED)
            report_fail(CHECK_OVERRUN, "byte %zu of the second buffer was written", k);
    }
    dma_destroy(s.memory);
    class_run_for(100000000);
    s = make(2, capture.format.picture_bytes, DMA_PAGES, 0);
    capture.next_good = vdm_get_ledger(bus.card)->frame_count;
    class_send(s.request);
    check(&s);
    end();
}

/* A picture in more pieces than the driver has places for. */
static void too_many_pieces(void)
{
    struct capture_format format;
    struct several s;
    struct sc_srb *srb;
    struct sc_segment *list;

    scene_begin();
    class_run_for(2000000000);
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240);
    capture_open(&format, 0, DMA_ONE, 0);
    capture_start();
    capture.again = 0;
    s = make(1, format.picture_bytes, DMA_ONE, 0);
    srb = s.request->srb;
    list = class_request_part(s.request, 40000 * sizeof(*list), "scatter/gather list");
    for (uint32_t i = 0; i < 40000; i++)
        list[i] = (struct sc_segment){srb->segments[0].address + i, 1};
    srb->segments = list;
    srb->segment_count = 40000;
    refuse(&s, STATUS_INSUFFICIENT_RESOURCES, "a picture of 40,000 pieces");
    /* It went after all its chunks were taken; they are there again. */
    s = make(1, format.picture_bytes, DMA_SHATTERED, 7);
    capture.next_good = vdm_get_ledger(bus.card)->frame_count;
    class_send(s.request);
    check(&s);
    end();
}

/* ---- More than it takes ---- */

static unsigned ended;

static void on_end(struct class_request *request)
{
    (void)request;
    ended++;
}

/* The driver takes so many, the rest wait with the class driver; all come back, in both ways. */
static void many(void)
{
    struct dma_buffer *picture[MANY];

    begin();
    for (unsigned stop = 0; stop < 2; stop++) {
        ended = 0;
        for (unsigned i = 0; i < MANY; i++) {
            struct class_request *request;

            picture[i] = dma_create(capture.format.picture_bytes, 16 * i, DMA_PAGES);
            request = scene_read_request(capture.stream, picture[i], DMA_PAGES);
            request->done = on_end;
            class_send(request);
        }
        class_run_for(1000000);
        if (class_outstanding() >= MANY)
            report_fail(CHECK_STATUS, "the driver takes %u reads", class_outstanding());
        if (stop) {
            scene_expect(scene_state(capture.stream, KSSTATE_STOP), STATUS_SUCCESS, "STOP");
            class_run_for(100000000);
        } else {
            class_run_for(5000000000ull);
        }
        if (ended != MANY)
            report_fail(CHECK_SRB_NEVER, "%u of %u reads came back", ended, MANY);
        for (unsigned i = 0; i < MANY; i++)
            dma_destroy(picture[i]);
    }
    capture_close();
    scene_end();
}

/* ---- Flushed ---- */

/* No read is taken between BEGIN_FLUSH and END_FLUSH, in any state. */
static void refused(enum ks_state state)
{
    struct class_request *request =
        scene_read_request(capture.stream, capture.pictures[0], DMA_PAGES);

    scene_expect(class_do(request), STATUS_DEVICE_NOT_READY,
                 state == KSSTATE_RUN ? "a read while flushed, in RUN" : "a read while flushed");
}

/* The flush of a running pin whose card is slow to let go: it is over when that is, and not before; the
 * same pin captures afterwards. */
static void flush(void)
{
    struct capture_format format;
    uint64_t begun;

    scene_begin();
    class_run_for(2000000000);
    capture_window_of(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240, 1);
    capture_open(&format, 6, DMA_PAGES, 0);
    scene_fault_script("stop-slow@frame=0,ms=200,count=0");
    capture_start();
    capture_frames(3);
    capture.faulty = 1;
    capture.again = 0;
    begun = bus_now_ns();
    scene_flush(capture.stream);
    class_run_for(1000000);
    if (bus_now_ns() - begun < 100000000 || capture.cancelled == 0 || scene_fault_count() == 0)
        report_fail(CHECK_STATUS, "a flush took %llu ns, %llu reads were cancelled",
                    (unsigned long long)(bus_now_ns() - begun),
                    (unsigned long long)capture.cancelled);
    scene_fault_script("");
    for (int state = KSSTATE_RUN; state >= KSSTATE_STOP; state--) {
        refused((enum ks_state)state);
        if (state > KSSTATE_STOP)
            scene_expect(scene_state(capture.stream, (enum ks_state)(state - 1)), STATUS_SUCCESS,
                         "the state below");
    }
    capture_account();
    scene_flush(capture.stream); /* of nothing */
    scene_expect(class_do(class_request_create(SRB_END_FLUSH, capture.stream)), STATUS_SUCCESS,
                 "END_FLUSH");
    capture.faulty = 0;
    capture_start();
    capture_frames(3);
    scene_flush(capture.stream);
    scene_expect(class_do(class_request_create(SRB_END_FLUSH, capture.stream)), STATUS_SUCCESS,
                 "END_FLUSH");
    /* In RUN the pin goes on where it was. */
    capture.faulty = 1;
    for (unsigned i = 0; i < capture.reads; i++)
        capture_send(i);
    capture_frames(3);
    capture_stop();
    capture_account();
    capture_close();
    scene_end();
}

const struct scene scene_read[] = {
    {"read.several",         several        },
    {"read.lies",            lies           },
    {"read.wrong-split",     wrong_split    },
    {"read.too-many-pieces", too_many_pieces},
    {"read.many",            many           },
    {"read.flush",           flush          },
    {NULL,                   NULL           }
};
