/* SPDX-License-Identifier: MIT */
/*
 * What a returned buffer says of its frame, and what a gap in the numbers means. A driver counts the frames it
 * could not store, but not why. The buffers know: they are filled in the order they were queued, so a frame that was
 * missed before the next one's buffer was queued was missed for want of it; all others got lost on the way.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <string.h>

/* By the API's rules numbers begin at 0. A first number beyond this is one of a driver that counts otherwise. */
#define FIRST_MAX 65536u
/* A step back of the number, which is no wrap. */
#define STEP_BACK 0x80000000u
/* A number that comes twice is a slip: vivid's clock ticks so now and then. Who does not count gives it for ever. */
#define REPEATS_MAX 1u
/* Frames further apart than this are worth a look at the clock. */
#define PLAUSIBLE_NS INT64_C(2000000000)
#define NS_PER_S     INT64_C(1000000000)

void v4l2_account_reset(struct v4l2_stream *st)
{
    struct v4l2_account *account = &st->account;

    account->any = 0;
    account->raw = 0;
    account->repeats = 0;
    account->next = 0;
    account->start_ns = INT64_MIN;
    account->clock = VDC_CLOCK_NONE;
    account->has_clock = 0;
    atomic_store(&account->uncounted, 0);
    atomic_store(&account->produced, 0);
    atomic_store(&account->good, 0);
    atomic_store(&account->damaged, 0);
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        atomic_store(&account->dropped[cause], 0);
    }
}

static void lose(struct v4l2_stream *st, struct vdi_completion *out, uint32_t cause, uint64_t count)
{
    if (count != 0) {
        out->dropped[cause] += (uint32_t)count;
        atomic_fetch_add(&st->account.dropped[cause], count);
    }
}

/* ---- Time ---- */

/* The buffer's time stamp, INT64_MIN for none that can be meant. */
static int64_t stamp_of(const struct v4l2_buffer *came)
{
    int64_t s = came->timestamp.tv_sec, us = came->timestamp.tv_usec;

    if (s < 0 || s > INT64_MAX / NS_PER_S - 1 || us < 0 || us >= 1000000 || (s == 0 && us == 0)) {
        return INT64_MIN;
    }
    return s * NS_PER_S + us * 1000;
}

/* The start of the frame. Nobody says how late a driver took its stamp, so the bound stays unknown. */
static void take_time(struct v4l2_stream *st, struct vdi_completion *out,
                      const struct v4l2_buffer *came)
{
    struct v4l2_account *account = &st->account;
    int at_end = (came->flags & V4L2_BUF_FLAG_TSTAMP_SRC_MASK) == V4L2_BUF_FLAG_TSTAMP_SRC_EOF;
    int monotonic =
        (came->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    int64_t stamp = monotonic ? stamp_of(came) : INT64_MIN;
    int64_t start = stamp != INT64_MIN && at_end ? stamp - st->interval_ns : stamp;

    if (!account->has_clock) {
        account->has_clock = 1;
        account->clock = stamp != INT64_MIN ? VDC_CLOCK_MONOTONIC : VDC_CLOCK_NONE;
    }
    out->clock = account->clock;
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (account->clock == VDC_CLOCK_NONE) {
        return;
    }
    if (stamp == INT64_MIN || start < account->start_ns || account->start_ns == INT64_MIN ||
        start - account->start_ns > PLAUSIBLE_NS) {
        int64_t now = vdi_now_ns();

        /* A stamp of the future, or older than the frame before, is none: it was not later than now. */
        if (stamp == INT64_MIN || stamp > now || start < account->start_ns) {
            out->flags |= VDC_FRAME_TIME_JUMP;
            start = now > account->start_ns ? now : account->start_ns;
            at_end = 0;
        }
    }
    out->host_time_ns = start;
    account->start_ns = start;
    if (at_end) {
        out->end_time_ns = stamp;
    }
}

/* ---- Numbers and gaps ---- */

/* How many of `gap` missing frames began before the buffer of this one was with the driver. */
static uint64_t missed_for_want(const struct v4l2_stream *st, const struct v4l2_slot *slot,
                                int64_t before_ns, int64_t start_ns, uint64_t gap)
{
    int64_t had_ns = slot->queued_ns + v4l2_system->coarse_error_ns;
    uint64_t each;

    (void)st;
    if (before_ns == INT64_MIN || start_ns == INT64_MIN || start_ns <= before_ns) {
        return slot->alone ? gap : 0;
    }
    if (had_ns <= before_ns) {
        return 0;
    }
    each = (uint64_t)(start_ns - before_ns) / (gap + 1);
    if (each == 0 || had_ns >= start_ns) {
        return gap;
    }
    gap = gap < (uint64_t)(had_ns - before_ns) / each ? gap : (uint64_t)(had_ns - before_ns) / each;
    return gap;
}

/* What the card says was lost, by cause; what is left of the gap. */
static uint64_t told_by_card(struct v4l2_stream *st, struct vdi_completion *out,
                             const struct vdl_frame_meta *meta, uint64_t gap)
{
    const struct {
        uint32_t cause, count;
    } told[] = {
        {VDC_DROP_DEVICE_FIFO, meta->dropped_fifo     },
        {VDC_DROP_NO_BUFFER,   meta->dropped_no_buffer},
        {VDC_DROP_NO_SIGNAL,   meta->dropped_no_signal},
        {VDC_DROP_DMA,         meta->dropped_dma      },
    };

    for (size_t at = 0; at < sizeof(told) / sizeof(told[0]); at++) {
        uint64_t count = told[at].count < gap ? told[at].count : gap;

        lose(st, out, told[at].cause, count);
        gap -= count;
    }
    return gap;
}

static void take_number(struct v4l2_stream *st, struct vdi_completion *out,
                        const struct v4l2_slot *slot, const struct v4l2_buffer *came,
                        const struct vdl_frame_meta *meta, int64_t before_ns)
{
    struct v4l2_account *account = &st->account;
    uint32_t step = came->sequence - account->raw;
    uint64_t gap = 0, wanting = 0;
    int first = !account->any;

    if (first) {
        gap = came->sequence < FIRST_MAX ? came->sequence : 0;
    } else if (step == 0 || step >= STEP_BACK) {
        /* Both fields of a frame have its number; else the driver does not count, and nobody can tell. */
        if (came->field != V4L2_FIELD_TOP && came->field != V4L2_FIELD_BOTTOM &&
            (step != 0 || ++account->repeats > REPEATS_MAX)) {
            atomic_store(&account->uncounted, 1);
        }
    } else {
        gap = step - 1;
        account->repeats = 0;
    }
    account->any = 1;
    account->raw = came->sequence;
    out->sequence = account->next + gap;
    account->next = out->sequence + 1;
    atomic_store(&account->produced, account->next);
    if (gap != 0 && meta != NULL) {
        gap = told_by_card(st, out, meta, gap);
    }
    if (gap != 0) {
        wanting =
            first ? 0
                  : missed_for_want(st, slot, before_ns,
                                    out->clock == VDC_CLOCK_NONE || out->flags & VDC_FRAME_TIME_JUMP
                                        ? INT64_MIN
                                        : out->host_time_ns,
                                    gap);
        lose(st, out, VDC_DROP_NO_BUFFER, wanting);
        lose(st, out, VDC_DROP_BUS, gap - wanting);
    }
}

/* ---- Lengths ---- */

/* Bytes from the first byte of plane 0 on; 0 for lengths that cannot be. */
static size_t used_bytes(const struct v4l2_stream *st, const struct vdi_buffer *buffer,
                         const struct v4l2_buffer *came)
{
    uint32_t last = st->shape.planes - 1;
    uint64_t used, from = 0, offset = 0;

    if (!st->device->multi_planar) {
        used = came->bytesused;
    } else {
        for (uint32_t at = 0; at <= last; at++) {
            const struct v4l2_plane *plane = &came->m.planes[at];

            offset |= plane->data_offset;
            if (plane->bytesused == 0 || plane->bytesused > st->shape.bytes[at]) {
                return 0;
            }
        }
        from = st->piece[last];
        used = came->m.planes[last].bytesused;
    }
    /* Pictures that begin behind the start of their memory were not agreed on. */
    if (used == 0 || offset != 0 || from + used > buffer->capacity_bytes) {
        return 0;
    }
    return (size_t)(from + used);
}

static void take_length(const struct v4l2_stream *st, struct vdi_completion *out,
                        const struct v4l2_buffer *came)
{
    size_t used = used_bytes(st, out->buffer, came);

    if (st->frame_bytes == 0) {
        out->used_bytes = used;
    } else {
        out->used_bytes = used < st->frame_bytes ? used : st->frame_bytes;
    }
    if (came->flags & V4L2_BUF_FLAG_ERROR || used == 0 || used < st->frame_bytes) {
        /* On the card only a refused memory access damages a picture. */
        out->damage = st->device->card.present ? VDC_DROP_DMA : VDC_DROP_DAMAGED;
    }
}

void v4l2_account_frame(struct v4l2_stream *st, struct vdi_completion *out,
                        const struct v4l2_slot *slot, const struct v4l2_buffer *came,
                        const struct vdl_frame_meta *meta)
{
    struct v4l2_account *account = &st->account;
    int64_t before_ns = account->start_ns;

    take_length(st, out, came);
    if (meta != NULL) {
        v4l2_records_time(st->device, &st->records, meta, out);
        account->start_ns = out->host_time_ns;
    } else {
        take_time(st, out, came);
        out->device_ticks = ++st->records.last_ticks;
    }
    take_number(st, out, slot, came, meta, before_ns);
    if (atomic_load_explicit(&st->device->source_changed, memory_order_relaxed) &&
        atomic_exchange(&st->device->source_changed, 0)) {
        out->flags |= VDC_FRAME_SOURCE_CHANGED;
    }
    atomic_fetch_add(out->damage == VDC_DROP_SLOTS ? &account->good : &account->damaged, 1);
}
