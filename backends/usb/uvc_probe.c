/* SPDX-License-Identifier: MIT */
/*
 * The negotiated structure as bytes, and the sanity of an answer. Cameras are known to answer 0 for the frame's size, 32 bits
 * of which only 16 were written for the payload's, and formats nobody asked for.
 */
#include "uvc_probe.h"

#include <stdio.h>
#include <string.h>

#include "uvc_bytes.h"

#define BYTES_10 26u
#define BYTES_11 34u
#define BYTES_15 48u

uint32_t uvc_probe_bytes(uint16_t version)
{
    return version >= 0x0150 ? BYTES_15 : version >= 0x0110 ? BYTES_11 : BYTES_10;
}

/* ---- Bytes ---- */

uint32_t uvc_probe_encode(uint8_t out[UVC_PROBE_BYTES_MAX], const struct uvc_probe *probe,
                          uint16_t version)
{
    memset(out, 0, UVC_PROBE_BYTES_MAX);
    uvc_put16(out, probe->hint);
    out[2] = probe->format;
    out[3] = probe->frame;
    uvc_put32(out + 4, probe->interval);
    uvc_put16(out + 8, probe->key_rate);
    uvc_put16(out + 10, probe->p_rate);
    uvc_put16(out + 12, probe->quality);
    uvc_put16(out + 14, probe->window);
    uvc_put16(out + 16, probe->delay);
    uvc_put32(out + 18, probe->max_frame_bytes);
    uvc_put32(out + 22, probe->max_payload_bytes);
    uvc_put32(out + 26, probe->clock_hz);
    out[30] = probe->framing;
    out[31] = probe->version_wanted;
    out[32] = probe->version_min;
    out[33] = probe->version_max;
    out[34] = probe->usage;
    out[35] = probe->depth;
    out[36] = probe->settings;
    out[37] = probe->references;
    uvc_put16(out + 38, probe->rate_modes);
    for (uint32_t i = 0; i < 4; i++) {
        uvc_put16(out + 40 + (size_t)2 * i, probe->layouts[i]);
    }
    return uvc_probe_bytes(version);
}

uint32_t uvc_probe_decode(struct uvc_probe *out, const uint8_t *bytes, size_t count)
{
    uint8_t all[UVC_PROBE_BYTES_MAX];
    uint32_t taken;

    memset(out, 0, sizeof(*out));
    if (count < BYTES_10) {
        return 0;
    }
    taken = count >= BYTES_15 ? BYTES_15 : count >= BYTES_11 ? BYTES_11 : BYTES_10;
    memset(all, 0, sizeof(all));
    memcpy(all, bytes, taken);
    out->hint = uvc_get16(all);
    out->format = all[2];
    out->frame = all[3];
    out->interval = uvc_get32(all + 4);
    out->key_rate = uvc_get16(all + 8);
    out->p_rate = uvc_get16(all + 10);
    out->quality = uvc_get16(all + 12);
    out->window = uvc_get16(all + 14);
    out->delay = uvc_get16(all + 16);
    out->max_frame_bytes = uvc_get32(all + 18);
    out->max_payload_bytes = uvc_get32(all + 22);
    out->clock_hz = uvc_get32(all + 26);
    out->framing = all[30];
    out->version_wanted = all[31];
    out->version_min = all[32];
    out->version_max = all[33];
    out->usage = all[34];
    out->depth = all[35];
    out->settings = all[36];
    out->references = all[37];
    out->rate_modes = uvc_get16(all + 38);
    for (uint32_t i = 0; i < 4; i++) {
        out->layouts[i] = uvc_get16(all + 40 + (size_t)2 * i);
    }
    return taken;
}

/* ---- Sanity ---- */

static const struct uvc_format *find_format(const struct uvc_camera *camera,
                                            const struct uvc_stream *stream, uint8_t index)
{
    for (uint32_t i = 0; i < stream->format_count; i++) {
        if (camera->formats[stream->format_first + i].index == index) {
            return &camera->formats[stream->format_first + i];
        }
    }
    return NULL;
}

static const struct uvc_frame *find_frame(const struct uvc_camera *camera,
                                          const struct uvc_format *format, uint8_t index)
{
    for (uint32_t i = 0; i < format->frame_count; i++) {
        if (camera->frames[format->frame_first + i].index == index) {
            return &camera->frames[format->frame_first + i];
        }
    }
    return NULL;
}

/* The largest alternate setting, NULL if there is none. */
static const struct uvc_alternate *largest(const struct uvc_camera *camera,
                                           const struct uvc_stream *stream)
{
    const struct uvc_alternate *best = NULL;

    for (uint32_t i = 0; i < stream->alternate_count; i++) {
        const struct uvc_alternate *one = &camera->alternates[stream->alternate_first + i];

        if (!best || one->interval_bytes > best->interval_bytes) {
            best = one;
        }
    }
    return best;
}

static void mend_frame_bytes(struct uvc_probe *answer, uint32_t *mended,
                             const struct uvc_choice *choice)
{
    uint32_t said = answer->max_frame_bytes;
    /* A compressed picture larger than 4 bytes a pixel and 64 KiB of headers is none. */
    uint64_t most = (uint64_t)choice->frame->width * choice->frame->height * 4 + 65536;
    uint32_t computed = choice->exact_bytes;

    if (most > UVC_FRAME_BYTES_MAX) {
        most = UVC_FRAME_BYTES_MAX;
    }
    if (computed == 0 && said != 0 && said <= most) {
        return;
    }
    if (computed == 0) {
        computed = choice->most_bytes != 0 && choice->most_bytes <= most ? choice->most_bytes
                                                                         : (uint32_t)most;
    }
    if (said != computed) {
        answer->max_frame_bytes = computed;
        *mended |= UVC_MENDED_FRAME_BYTES;
    }
}

/* One known camera writes 16 bits of the payload's size and leaves ones in the upper half. */
static void mend_payload(struct uvc_probe *answer, uint32_t *mended,
                         const struct uvc_alternate *most)
{
    uint64_t frame = (uint64_t)answer->max_frame_bytes + 255; /* and the longest header */

    if (answer->max_payload_bytes >= UINT32_C(0xffff0000)) {
        answer->max_payload_bytes &= 0xffff;
        *mended |= UVC_MENDED_PAYLOAD;
    }
    if (answer->max_payload_bytes == 0) {
        answer->max_payload_bytes =
            most->transfer == UVC_TRANSFER_BULK ? (uint32_t)frame : most->interval_bytes;
        *mended |= UVC_MENDED_PAYLOAD;
    } else if (most->transfer == UVC_TRANSFER_BULK && answer->max_payload_bytes > frame) {
        answer->max_payload_bytes = (uint32_t)frame;
        *mended |= UVC_MENDED_BULK_PAYLOAD;
    }
}

int uvc_probe_check(struct uvc_probe *answer, uint32_t *mended, struct uvc_choice *choice,
                    const struct uvc_camera *camera, const struct uvc_stream *stream, char *why,
                    size_t why_bytes)
{
    const struct uvc_format *format = find_format(camera, stream, answer->format);
    const struct uvc_frame *frame = format ? find_frame(camera, format, answer->frame) : NULL;
    const struct uvc_alternate *most = largest(camera, stream);

    *mended = 0;
    if (!frame) {
        snprintf(why, why_bytes,
                 "the camera was asked for format %u, frame %u and answers %u, %u, which its "
                 "descriptors do not have",
                 (unsigned)choice->format->index, (unsigned)choice->frame->index,
                 (unsigned)answer->format, (unsigned)answer->frame);
        return 0;
    }
    if (!most) {
        snprintf(why, why_bytes, "the stream has no endpoint that could carry a picture");
        return 0;
    }
    if (answer->interval == 0) {
        answer->interval = choice->interval;
        *mended |= UVC_MENDED_INTERVAL;
    }
    if (format != choice->format || frame != choice->frame) {
        *mended |= UVC_MENDED_OTHER_CHOICE;
    }
    uvc_describe(choice, format, frame, answer->interval);
    if (choice->format->kind == UVC_KIND_UNCOMPRESSED && choice->exact_bytes == 0) {
        snprintf(
            why, why_bytes,
            "a frame of %u x %u pixels has no size that can be computed, or one above %u bytes",
            (unsigned)frame->width, (unsigned)frame->height, (unsigned)UVC_FRAME_BYTES_MAX);
        return 0;
    }
    mend_frame_bytes(answer, mended, choice);
    choice->most_bytes = answer->max_frame_bytes;
    mend_payload(answer, mended, most);
    if (answer->clock_hz == 0) {
        answer->clock_hz = camera->clock_hz;
        *mended |= UVC_MENDED_CLOCK;
    }
    return 1;
}

/* ---- Alternate settings ---- */

const struct uvc_alternate *uvc_choose_alternate(const struct uvc_camera *camera,
                                                 const struct uvc_stream *stream,
                                                 const struct uvc_probe *answer, char *why,
                                                 size_t why_bytes)
{
    const struct uvc_alternate *most = largest(camera, stream);
    const struct uvc_alternate *best = NULL;

    if (!most) {
        snprintf(why, why_bytes, "the stream has no endpoint that could carry a picture");
        return NULL;
    }
    for (uint32_t i = 0; i < stream->alternate_count; i++) {
        const struct uvc_alternate *one = &camera->alternates[stream->alternate_first + i];

        if (one->transfer == UVC_TRANSFER_BULK) {
            return one;
        }
        if (one->interval_bytes >= answer->max_payload_bytes &&
            (!best || one->interval_bytes < best->interval_bytes)) {
            best = one;
        }
    }
    if (!best) {
        snprintf(why, why_bytes,
                 "the camera wants %u bytes in each interval of the bus; the largest of its %u "
                 "settings, number %u, carries %u (%u x %u); ask for a smaller picture, a longer "
                 "frame interval or a compressed format",
                 (unsigned)answer->max_payload_bytes, (unsigned)stream->alternate_count,
                 (unsigned)most->number, (unsigned)most->interval_bytes, (unsigned)most->packets,
                 (unsigned)most->packet_bytes);
    }
    return best;
}

uint64_t uvc_alternate_rate(const struct uvc_alternate *alternate, enum uvc_speed speed)
{
    uint64_t intervals = speed == UVC_SPEED_FULL ? 1000 : 8000;

    if (alternate->transfer != UVC_TRANSFER_ISO || alternate->interval < 1 ||
        alternate->interval > 16) {
        return 0;
    }
    return intervals * alternate->interval_bytes >> (alternate->interval - 1);
}

int uvc_rate_check(const struct uvc_choice *choice, const struct uvc_probe *answer,
                   const struct uvc_alternate *alternate, enum uvc_speed speed, char *why,
                   size_t why_bytes)
{
    static const uint32_t header = 12;
    uint64_t rate = uvc_alternate_rate(alternate, speed);
    uint32_t payload = answer->max_payload_bytes < alternate->interval_bytes
                           ? answer->max_payload_bytes
                           : alternate->interval_bytes;
    uint64_t payloads, bytes, needed;

    if (choice->exact_bytes == 0 || rate == 0) {
        return 1;
    }
    if (payload <= header) {
        snprintf(why, why_bytes, "payloads of %u bytes have no room behind their header",
                 (unsigned)payload);
        return 0;
    }
    payloads = (choice->exact_bytes + (payload - header) - 1) / (payload - header);
    bytes = choice->exact_bytes + payloads * header;
    needed = bytes * UVC_HNS_PER_S / choice->interval;
    if (needed <= rate) {
        return 1;
    }
    snprintf(why, why_bytes,
             "%u x %u every %u.%04u ms are %u bytes a frame and %u headers of %u, together %u "
             "kB/s; setting %u carries %u bytes an interval, %u kB/s",
             (unsigned)choice->picture.width_px, (unsigned)choice->picture.height_px,
             (unsigned)(choice->interval / 10000), (unsigned)(choice->interval % 10000),
             (unsigned)choice->exact_bytes, (unsigned)payloads, (unsigned)header,
             (unsigned)(needed / 1000), (unsigned)alternate->number,
             (unsigned)alternate->interval_bytes, (unsigned)(rate / 1000));
    return 0;
}
