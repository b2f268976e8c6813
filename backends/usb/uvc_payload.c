/* SPDX-License-Identifier: MIT */
/*
 * The frame assembler. Two signs end a frame, and either may fail: so each is believed only as far as the content bears it out.
 * A frame without its end bit is whole if its size is right; data behind an end bit begins a frame, flipped id or not.
 */
#include "uvc_payload.h"

#include <string.h>

#include "uvc_bytes.h"
#include "vidicon/vidicon.h"

/* So many frames with one time each make a second time within a frame a fault. Cameras that stamp every payload anew exist. */
#define STEADY_FRAMES 3
/* Behind the end of a JPEG picture cameras pad; so far back is looked. */
#define PADDING_MAX 4096u

/* ---- Names ---- */

const char *uvc_fault_name(uint32_t fault)
{
    static const char *const names[UVC_FAULTS] = {
        "good",
        "short",
        "too long",
        "marked as damaged by the camera",
        "a senseless payload header",
        "a packet lost on the bus",
        "no whole JPEG picture",
        "two frames run together",
        "no buffer",
        "its endpoint stalled",
        "more came than was asked for",
    };

    return fault < UVC_FAULTS ? names[fault] : "?";
}

uint32_t uvc_fault_drop(uint32_t fault)
{
    switch (fault) {
    case UVC_FAULT_NONE:
        return VDC_DROP_SLOTS;
    case UVC_FAULT_ERROR_BIT:
        return VDC_DROP_DAMAGED;
    case UVC_FAULT_NO_BUFFER:
        return VDC_DROP_NO_BUFFER;
    case UVC_FAULT_SHORT:
        return VDC_DROP_SHORT;
    case UVC_FAULT_LONG:
    case UVC_FAULT_MIXED:
        return VDC_DROP_LONG;
    case UVC_FAULT_HEADER:
    case UVC_FAULT_PICTURE:
        return VDC_DROP_MALFORMED;
    case UVC_FAULT_STALL:
        return VDC_DROP_STALL;
    case UVC_FAULT_OVERRUN:
        return VDC_DROP_OVERRUN;
    default:
        return VDC_DROP_BUS;
    }
}

/* ---- Headers ---- */

int uvc_header_parse(struct uvc_header *out, const uint8_t *bytes, size_t count)
{
    uint32_t at = 2;

    memset(out, 0, sizeof(*out));
    if (count < 2 || bytes[0] < 2 || bytes[0] > count) {
        return 0;
    }
    out->bytes = bytes[0];
    out->info = bytes[1];
    if (out->info & UVC_HEADER_PTS) {
        out->has_pts = out->bytes - at >= 4;
        out->cut = !out->has_pts;
        if (out->has_pts) {
            out->pts = uvc_get32(bytes + at);
        }
        at += out->has_pts ? 4 : 0;
    }
    if ((out->info & UVC_HEADER_SCR) && !out->cut) {
        out->has_scr = out->bytes - at >= 6;
        out->cut = !out->has_scr;
        if (out->has_scr) {
            out->stc = uvc_get32(bytes + at);
            out->sof = uvc_get16(bytes + at + 4) & 0x7ff;
        }
    }
    return 1;
}

/* ---- Frames ---- */

void uvc_assembler_init(struct uvc_assembler *assembler, const struct uvc_assembler_config *config)
{
    memset(assembler, 0, sizeof(*assembler));
    assembler->config = *config;
}

int uvc_assembler_set_buffer(struct uvc_assembler *assembler, uint8_t *buffer, size_t capacity)
{
    if (assembler->open) {
        return 0;
    }
    assembler->buffer = buffer;
    assembler->capacity = buffer ? capacity : 0;
    return 1;
}

/* The first fault of a frame is its name. */
static void blame(struct uvc_assembler *assembler, uint32_t fault)
{
    if (assembler->fault == UVC_FAULT_NONE) {
        assembler->fault = fault;
    }
}

static void begin_frame(struct uvc_assembler *assembler, uint8_t fid, int64_t now_ns)
{
    assembler->open = 1;
    assembler->ended = 0;
    assembler->fid = fid;
    assembler->fid_known = 1;
    assembler->used = 0;
    assembler->copied = 0;
    assembler->arrived = 0;
    assembler->first_ns = now_ns;
    assembler->fault = UVC_FAULT_NONE;
    assembler->has_pts = 0;
    assembler->pts = 0;
    assembler->pts_moved = 0;
    assembler->no_buffer = assembler->buffer == NULL;
}

static int is_picture(const uint8_t *bytes, size_t count)
{
    size_t least = count > PADDING_MAX ? count - PADDING_MAX : 0;

    if (count < 4 || bytes[0] != 0xff || bytes[1] != 0xd8) {
        return 0;
    }
    for (size_t at = count - 1; at > least && at > 2; at--) {
        if (bytes[at] == 0xd9 && bytes[at - 1] == 0xff) {
            return 1;
        }
    }
    return 0;
}

/* What is wrong with the frame as a whole. */
static uint32_t judge(const struct uvc_assembler *assembler)
{
    uint32_t exact = assembler->config.exact_bytes;

    if (assembler->fault != UVC_FAULT_NONE) {
        return assembler->fault;
    }
    if (assembler->arrived == 0 || assembler->arrived < exact) {
        return UVC_FAULT_SHORT;
    }
    if (exact != 0 && assembler->arrived > exact) {
        return UVC_FAULT_LONG;
    }
    if (assembler->no_buffer) {
        return UVC_FAULT_NO_BUFFER;
    }
    if (assembler->arrived > assembler->used) {
        return UVC_FAULT_LONG;
    }
    if (assembler->config.kind == UVC_KIND_MJPEG &&
        !is_picture(assembler->buffer, assembler->used)) {
        return UVC_FAULT_PICTURE;
    }
    return UVC_FAULT_NONE;
}

static void end_frame(struct uvc_assembler *assembler, struct uvc_result *result, int end_missing)
{
    struct uvc_counts *counts = &assembler->counts;

    result->used_bytes = assembler->used;
    result->fault = judge(assembler);
    result->has_pts = assembler->has_pts;
    result->pts = assembler->pts;
    result->end_missing = end_missing != 0;
    result->copied_bytes = assembler->copied;
    result->first_ns = assembler->first_ns;
    counts->frames++;
    counts->good += result->fault == UVC_FAULT_NONE;
    counts->faults[result->fault]++;
    counts->end_missing += end_missing != 0;
    if (assembler->pts_moved) {
        assembler->steady = 0;
    } else if (assembler->has_pts && result->fault == UVC_FAULT_NONE &&
               assembler->steady < STEADY_FRAMES) {
        assembler->steady++;
    }
    assembler->open = 0;
    assembler->ended = 1;
    assembler->buffer = NULL;
    assembler->capacity = 0;
}

int uvc_assembler_abandon(struct uvc_assembler *assembler)
{
    int open = assembler->open;

    assembler->open = 0;
    assembler->ended = 0;
    assembler->fid_known = 0;
    assembler->bulk_open = 0;
    return open;
}

static void take_time(struct uvc_assembler *assembler, const struct uvc_header *header)
{
    if (!header->has_pts) {
        return;
    }
    if (!assembler->has_pts) {
        assembler->has_pts = 1;
        assembler->pts = header->pts;
    } else if (assembler->pts != header->pts && !assembler->pts_moved) {
        assembler->pts_moved = 1;
        if (assembler->steady >= STEADY_FRAMES) {
            blame(assembler, UVC_FAULT_MIXED);
        }
    }
}

static void take_data(struct uvc_assembler *assembler, const uint8_t *bytes, size_t count)
{
    size_t room = assembler->capacity - assembler->used;
    size_t taken = count < room ? count : room;

    assembler->arrived += count;
    if (taken != 0) {
        memcpy(assembler->buffer + assembler->used, bytes, taken);
        assembler->used += taken;
        assembler->copied += taken;
        assembler->counts.copied_bytes += taken;
    }
    if (!assembler->no_buffer) {
        assembler->counts.overflow_bytes += count - taken;
    }
}

/* ---- Payloads ---- */

static int begins_picture(const struct uvc_assembler *assembler, const uint8_t *data, size_t bytes)
{
    return assembler->config.soi_begins && assembler->config.kind == UVC_KIND_MJPEG &&
           assembler->arrived != 0 && bytes >= 2 && data[0] == 0xff && data[1] == 0xd8;
}

/*
 * A payload's header against the frame in progress: 1 if that frame has ended before it. Otherwise the payload's frame is open,
 * or *skip is set: its data belongs to no frame.
 */
static int open_payload(struct uvc_assembler *assembler, const struct uvc_header *header,
                        const uint8_t *data, size_t data_bytes, int *skip, int64_t now_ns)
{
    uint8_t fid = header->info & UVC_HEADER_FID;
    int flipped = assembler->fid_known && !assembler->config.no_fid && fid != assembler->fid;

    *skip = 0;
    if (assembler->open && (flipped || begins_picture(assembler, data, data_bytes))) {
        return 1;
    }
    if (header->info & UVC_HEADER_STI) {
        assembler->counts.still++;
        *skip = 1;
        return 0;
    }
    if (!assembler->open) {
        /* Behind an end come empty payloads under the same id, which mean nothing. */
        if (assembler->ended && !flipped && data_bytes == 0) {
            *skip = 1;
            return 0;
        }
        if (assembler->ended && !flipped && !assembler->config.no_fid) {
            assembler->counts.id_stuck++;
        }
        begin_frame(assembler, fid, now_ns);
    }
    take_time(assembler, header);
    if (header->info & UVC_HEADER_ERR) {
        blame(assembler, UVC_FAULT_ERROR_BIT);
    }
    return 0;
}

/* A payload that cannot be read: its frame, if one is open, is not whole. */
static void spoil(struct uvc_assembler *assembler, uint32_t fault)
{
    if (assembler->open) {
        blame(assembler, fault);
    }
}

static int ends_frame(const struct uvc_assembler *assembler, uint8_t info)
{
    return assembler->open && (info & UVC_HEADER_EOF);
}

enum uvc_step uvc_assembler_packet(struct uvc_assembler *assembler, struct uvc_result *result,
                                   const uint8_t *bytes, size_t count, uint32_t lost,
                                   int64_t now_ns)
{
    struct uvc_header header;
    int skip;

    if (lost) {
        assembler->counts.payloads++;
        spoil(assembler, lost);
        return UVC_GOES_ON;
    }
    if (count == 0) {
        assembler->counts.empty++;
        return UVC_GOES_ON;
    }
    if (!uvc_header_parse(&header, bytes, count)) {
        assembler->counts.payloads++;
        spoil(assembler, UVC_FAULT_HEADER);
        return UVC_GOES_ON;
    }
    if (open_payload(assembler, &header, bytes + header.bytes, count - header.bytes, &skip,
                     now_ns)) {
        end_frame(assembler, result, 1);
        return UVC_ENDED_BEFORE;
    }
    assembler->last = header;
    assembler->counts.payloads++;
    assembler->counts.cut_headers += header.cut;
    assembler->counts.empty += count == header.bytes;
    if (skip) {
        return UVC_GOES_ON;
    }
    take_data(assembler, bytes + header.bytes, count - header.bytes);
    if (!ends_frame(assembler, header.info)) {
        return UVC_GOES_ON;
    }
    end_frame(assembler, result, 0);
    return UVC_ENDED;
}

/* ---- Bulk ---- */

static void close_payload(struct uvc_assembler *assembler)
{
    assembler->bulk_open = 0;
    assembler->bulk_bytes = 0;
}

/* The first transfer of a payload: 1 if a frame ended before it. *data: where its data begins. */
static int begin_payload(struct uvc_assembler *assembler, const uint8_t *bytes, size_t count,
                         size_t *data, int64_t now_ns)
{
    struct uvc_header header;
    int skip;

    if (!uvc_header_parse(&header, bytes, count)) {
        assembler->bulk_skip = 1;
        assembler->bulk_info = 0;
        assembler->counts.payloads++;
        spoil(assembler, UVC_FAULT_HEADER);
    } else {
        if (open_payload(assembler, &header, bytes + header.bytes, count - header.bytes, &skip,
                         now_ns)) {
            return 1;
        }
        assembler->last = header;
        assembler->counts.payloads++;
        assembler->counts.cut_headers += header.cut;
        assembler->counts.empty += count == header.bytes;
        assembler->bulk_skip = (uint8_t)skip;
        assembler->bulk_info = header.info;
        *data = header.bytes;
    }
    assembler->bulk_open = 1;
    assembler->bulk_bytes = 0;
    return 0;
}

enum uvc_step uvc_assembler_transfer(struct uvc_assembler *assembler, struct uvc_result *result,
                                     const uint8_t *bytes, size_t count, int ends, uint32_t lost,
                                     int64_t now_ns)
{
    uint32_t most = assembler->config.max_payload_bytes;
    size_t data = 0;

    if (lost) {
        /* What of it has come cannot be told: the payload is over, and its frame is not whole. */
        spoil(assembler, lost);
        close_payload(assembler);
        return UVC_GOES_ON;
    }
    if (!assembler->bulk_open) {
        if (count == 0) {
            assembler->counts.empty++;
            return UVC_GOES_ON;
        }
        if (begin_payload(assembler, bytes, count, &data, now_ns)) {
            end_frame(assembler, result, 1);
            return UVC_ENDED_BEFORE;
        }
    }
    if (!assembler->bulk_skip) {
        take_data(assembler, bytes + data, count - data);
    }
    assembler->bulk_bytes = count > UINT32_MAX - assembler->bulk_bytes
                                ? UINT32_MAX
                                : assembler->bulk_bytes + (uint32_t)count;
    if (!ends && (most == 0 || assembler->bulk_bytes < most)) {
        return UVC_GOES_ON;
    }
    close_payload(assembler);
    if (assembler->bulk_skip || !ends_frame(assembler, assembler->bulk_info)) {
        return UVC_GOES_ON;
    }
    end_frame(assembler, result, 0);
    return UVC_ENDED;
}
