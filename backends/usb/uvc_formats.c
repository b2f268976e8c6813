/* SPDX-License-Identifier: MIT */
/*
 * The VideoStreaming half of the descriptors: formats, frames and what the endpoint carries in each alternate setting. Cameras
 * lie about sizes and rates more than about anything else: what is computed from width and height is not taken from them.
 */
#include <string.h>

#include "uvc_bytes.h"
#include "uvc_reader.h"

#define VS_INPUT_HEADER        0x01
#define VS_OUTPUT_HEADER       0x02
#define VS_STILL_IMAGE         0x03
#define VS_FORMAT_UNCOMPRESSED 0x04
#define VS_FRAME_UNCOMPRESSED  0x05
#define VS_FORMAT_MJPEG        0x06
#define VS_FRAME_MJPEG         0x07
#define VS_COLOUR              0x0d
#define VS_FORMAT_FRAME_BASED  0x10
#define VS_FRAME_FRAME_BASED   0x11

#define VS_NAMES 0x19

static const char *const names[VS_NAMES] = {
    "stream descriptor",
    "stream header",
    "output stream header",
    "still image frame",
    "uncompressed format",
    "uncompressed frame",
    "MJPEG format",
    "MJPEG frame",
    "stream descriptor",
    "stream descriptor",
    "MPEG-2 TS format",
    "stream descriptor",
    "DV format",
    "colour matching",
    "stream descriptor",
    "stream descriptor",
    "frame-based format",
    "frame-based frame",
    "stream-based format",
    "H.264 format of UVC 1.5",
    "H.264 frame of UVC 1.5",
    "H.264 simulcast format",
    "VP8 format",
    "VP8 frame",
    "VP8 simulcast format",
};

static const char *name_of(uint32_t subtype)
{
    return names[subtype < VS_NAMES ? subtype : 0];
}

static void refuse(struct uvc_reader *reader, const uint8_t *at, const char *why)
{
    uvc_reader_note(reader, UVC_NOTE_REFUSED, at, name_of(at[2]), why);
}

/* ---- Formats ---- */

/* Whole fields that come one by one have no word in the library. */
static uint32_t field_of(uint8_t flags)
{
    if (!(flags & 1)) {
        return VDC_FIELD_PROGRESSIVE;
    }
    if (flags & 2) {
        return VDC_FIELD_ANY;
    }
    return flags & 4 ? VDC_FIELD_TOP_FIRST : VDC_FIELD_BOTTOM_FIRST;
}

static int index_taken(const struct uvc_reader *reader, uint8_t index)
{
    const struct uvc_stream *stream = reader->stream;

    for (uint32_t i = 0; i < stream->format_count; i++) {
        if (reader->camera->formats[stream->format_first + i].index == index) {
            return 1;
        }
    }
    return 0;
}

/* Reads one into *format; NULL if all is well, else why not. */
static const char *read_format(struct uvc_format *format, const uint8_t *at, uint32_t length)
{
    const uint8_t *rest; /* default frame, aspect x and y, interlace flags */

    if (at[2] == VS_FORMAT_MJPEG) {
        if (length < 11) {
            return "shorter than 11 bytes";
        }
        format->kind = UVC_KIND_MJPEG;
        format->fourcc = VDC_FOURCC_MJPEG;
        format->variable_size = 1;
        rest = at + 6;
    } else {
        uint32_t least = at[2] == VS_FORMAT_FRAME_BASED ? 28 : 27;

        if (length < least) {
            return least == 28 ? "shorter than 28 bytes" : "shorter than 27 bytes";
        }
        format->kind = least == 28 ? UVC_KIND_FRAME_BASED : UVC_KIND_UNCOMPRESSED;
        format->fourcc = uvc_fourcc_of(at + 5);
        format->bits_per_pixel = at[21];
        format->variable_size = least == 28 ? at[27] != 0 : 0;
        rest = at + 22;
        if (format->fourcc == 0) {
            return "its pixel format is not known";
        }
    }
    format->index = at[3];
    format->declared_frames = at[4];
    format->default_frame = rest[0];
    format->aspect_x = rest[1];
    format->aspect_y = rest[2];
    format->field = field_of(rest[3]);
    uvc_reader_colour(format, 0, 0, 0);
    return format->index == 0 ? "index 0" : NULL;
}

static void begin_format(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;
    struct uvc_format format;
    const char *why;

    memset(&format, 0, sizeof(format));
    reader->format = NULL;
    reader->skipping = at[2] + 1u;
    why = read_format(&format, at, length);
    if (!why && index_taken(reader, format.index)) {
        why = "another format of the stream has that index";
    }
    if (why) {
        refuse(reader, at, why);
    } else if (camera->format_count == UVC_FORMATS_MAX) {
        uvc_reader_note(reader, UVC_NOTE_FULL, at, name_of(at[2]), "32 are known already");
    } else {
        reader->skipping = 0;
        format.frame_first = (uint16_t)camera->frame_count;
        reader->format = &camera->formats[camera->format_count++];
        *reader->format = format;
        reader->stream->format_count++;
    }
}

/* ---- Frames ---- */

static int room_for(struct uvc_reader *reader, const uint8_t *at, uint32_t intervals)
{
    struct uvc_camera *camera = reader->camera;

    if (camera->frame_count < UVC_FRAMES_MAX &&
        UVC_INTERVALS_MAX - camera->interval_count >= intervals) {
        return 1;
    }
    uvc_reader_note(reader, UVC_NOTE_FULL, at, name_of(at[2]),
                    "256 frames or 2048 intervals are known already");
    return 0;
}

/* Shortest, longest and step, if they make sense. */
static uint32_t take_range(uint32_t *out, struct uvc_frame *frame, const uint8_t *at)
{
    uint32_t least = uvc_get32(at);
    uint32_t most = uvc_get32(at + 4);

    if (least == 0 || least > most) {
        return 0;
    }
    if (least == most) { /* a list of one, written long */
        out[0] = least;
        return 1;
    }
    frame->continuous = 1;
    out[0] = least;
    out[1] = most;
    out[2] = uvc_get32(at + 8);
    return 3;
}

/* Whether the frame's default is one of its intervals, or within them. */
static int has_interval(const struct uvc_frame *frame, const uint32_t *list, uint32_t wanted)
{
    if (frame->continuous) {
        return wanted >= list[0] && wanted <= list[1];
    }
    for (uint32_t i = 0; i < frame->interval_count; i++) {
        if (list[i] == wanted) {
            return 1;
        }
    }
    return 0;
}

/* `at` is the descriptor, the intervals begin at `offset`, `kind` is bFrameIntervalType; there is room for them. */
static void take_intervals(struct uvc_reader *reader, struct uvc_frame *frame, const uint8_t *at,
                           uint32_t offset, uint32_t kind)
{
    struct uvc_camera *camera = reader->camera;
    uint32_t *list = camera->intervals + camera->interval_count;
    uint32_t count = 0;

    if (kind == 0) {
        count = take_range(list, frame, at + offset);
    }
    for (uint32_t i = 0; i < kind; i++) {
        uint32_t interval = uvc_get32(at + offset + (size_t)4 * i);

        if (interval != 0) {
            list[count++] = interval;
        }
    }
    if (count < (kind == 0 ? 1 : kind)) {
        uvc_reader_note(reader, UVC_NOTE_MENDED, at, name_of(at[2]),
                        "senseless frame intervals are left out");
    }
    if (count == 0 && frame->default_interval != 0) {
        list[count++] = frame->default_interval;
    }
    frame->interval_first = (uint16_t)camera->interval_count;
    frame->interval_count = (uint16_t)count;
    camera->interval_count += count;
    if (count != 0 && !has_interval(frame, list, frame->default_interval)) {
        frame->default_interval = list[0];
    }
}

static const char *read_frame(struct uvc_reader *reader, struct uvc_frame *frame, const uint8_t *at,
                              uint32_t length)
{
    int based = at[2] == VS_FRAME_FRAME_BASED;
    uint32_t kind;

    if (length < 26) {
        return "shorter than 26 bytes";
    }
    frame->index = at[3];
    frame->width = uvc_get16(at + 5);
    frame->height = uvc_get16(at + 7);
    frame->max_frame_bytes = based ? 0 : uvc_get32(at + 17);
    frame->default_interval = uvc_get32(at + (based ? 17 : 21));
    frame->bytes_per_line = based ? uvc_get32(at + 22) : 0;
    kind = at[based ? 21 : 25];
    if (length - 26 < 4 * (kind == 0 ? 3 : kind)) {
        return "its intervals reach beyond its length";
    }
    if (frame->width == 0 || frame->height == 0) {
        return "it has no size";
    }
    if (frame->index == 0) {
        return "index 0";
    }
    for (uint32_t i = 0; i < reader->format->frame_count; i++) {
        if (reader->camera->frames[reader->format->frame_first + i].index == frame->index) {
            return "another frame of the format has that index";
        }
    }
    if (!room_for(reader, at, kind == 0 ? 3 : kind)) {
        return ""; /* said already */
    }
    take_intervals(reader, frame, at, 26, kind);
    return frame->interval_count == 0 ? "it has no frame interval" : NULL;
}

static void add_frame(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;
    struct uvc_format *format = reader->format;
    struct uvc_frame frame;
    const char *why;

    if (reader->skipping == at[2]) {
        return; /* its format's note speaks for it */
    }
    if (!format || at[2] != VS_FRAME_UNCOMPRESSED + (format->kind == UVC_KIND_MJPEG ? 2 : 0) +
                                (format->kind == UVC_KIND_FRAME_BASED ? 12 : 0)) {
        refuse(reader, at, "it follows no format of its kind");
        return;
    }
    memset(&frame, 0, sizeof(frame));
    why = read_frame(reader, &frame, at, length);
    if (why && why[0] != '\0') {
        refuse(reader, at, why);
    } else if (!why) {
        camera->frames[camera->frame_count++] = frame;
        format->frame_count++;
    }
}

/* ---- The stream's descriptors ---- */

static void read_header(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_stream *stream = reader->stream;

    if (length < 13) {
        refuse(reader, at, "shorter than 13 bytes");
    } else if (stream->has_header) {
        refuse(reader, at, "the stream has one already");
    } else if ((at[6] & 0x80) == 0) {
        refuse(reader, at, "its endpoint leads away from the host");
    } else {
        stream->has_header = 1;
        stream->endpoint = at[6];
        stream->terminal = at[8];
        stream->still_method = at[9];
    }
}

void uvc_reader_format(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    switch (at[2]) {
    case VS_INPUT_HEADER:
        read_header(reader, at, length);
        break;
    case VS_FORMAT_UNCOMPRESSED:
    case VS_FORMAT_MJPEG:
    case VS_FORMAT_FRAME_BASED:
        begin_format(reader, at, length);
        break;
    case VS_FRAME_UNCOMPRESSED:
    case VS_FRAME_MJPEG:
    case VS_FRAME_FRAME_BASED:
        add_frame(reader, at, length);
        break;
    case VS_COLOUR:
        if (length < 6) {
            refuse(reader, at, "shorter than 6 bytes");
        } else if (reader->format) {
            uvc_reader_colour(reader->format, at[3], at[4], at[5]);
        }
        break;
    case VS_STILL_IMAGE:
        uvc_reader_note(reader, UVC_NOTE_SKIPPED, at, name_of(at[2]), "still images are not taken");
        break;
    default:
        reader->format = NULL;
        uvc_reader_note(reader, UVC_NOTE_SKIPPED, at, name_of(at[2]),
                        "a kind of stream that is not captured");
        break;
    }
}

void uvc_reader_stream(struct uvc_reader *reader, const uint8_t *at)
{
    struct uvc_camera *camera = reader->camera;
    struct uvc_stream *stream;

    reader->format = NULL;
    reader->skipping = 0;
    reader->stream = NULL;
    for (uint32_t i = 0; i < camera->stream_count; i++) {
        if (camera->streams[i].interface_id == at[2]) {
            reader->stream = &camera->streams[i];
        }
    }
    /* Formats and alternates of a stream lie side by side: one that comes back after another cannot go on. */
    if (reader->stream && reader->stream != &camera->streams[camera->stream_count - 1]) {
        refuse(reader, at, "the interface comes back after another one");
        reader->part = UVC_PART_NONE;
    } else if (!reader->stream && camera->stream_count == UVC_STREAMS_MAX) {
        uvc_reader_note(reader, UVC_NOTE_FULL, at, "stream interface", "8 are known already");
        reader->part = UVC_PART_NONE;
    } else if (!reader->stream) {
        stream = &camera->streams[camera->stream_count++];
        stream->interface_id = at[2];
        stream->format_first = (uint16_t)camera->format_count;
        stream->alternate_first = (uint16_t)camera->alternate_count;
        reader->stream = stream;
    }
}

/* ---- Endpoints ---- */

/* Bits 11 and 12 of a high-speed endpoint say how many more packets fit in a microframe. */
static const char *read_endpoint(struct uvc_alternate *out, const struct uvc_reader *reader,
                                 const uint8_t *at, uint32_t length)
{
    uint16_t packet, most;
    uint32_t more;

    if (length < 7) {
        return "shorter than 7 bytes";
    }
    packet = uvc_get16(at + 4);
    most = reader->speed == UVC_SPEED_FULL ? 1023 : 1024;
    out->number = reader->alternate;
    out->transfer = (at[3] & 3) == 1 ? UVC_TRANSFER_ISO : UVC_TRANSFER_BULK;
    out->packet_bytes = packet & 0x7ff;
    out->packets = 1;
    out->interval = at[6];
    if ((at[3] & 3) != 1 && (at[3] & 3) != 2) {
        return "neither isochronous nor bulk";
    }
    if (out->packet_bytes > most || out->packet_bytes == 0) {
        return "a packet size that the bus does not have";
    }
    if (out->transfer == UVC_TRANSFER_BULK) {
        out->interval_bytes = out->packet_bytes;
        return NULL;
    }
    more = packet >> 11 & 3;
    if (reader->speed == UVC_SPEED_HIGH && more == 3) {
        return "four packets in a microframe";
    }
    out->packets = (uint8_t)(reader->speed == UVC_SPEED_HIGH ? more + 1 : 1);
    out->interval_bytes = (uint32_t)out->packet_bytes * out->packets;
    return at[6] < 1 || at[6] > 16 ? "an interval outside 1 to 16" : NULL;
}

void uvc_reader_endpoint(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;
    struct uvc_alternate alternate;
    const char *why;

    reader->endpoint = NULL;
    if (length >= 3 && (!reader->stream->has_header || at[2] != reader->stream->endpoint)) {
        uvc_reader_note(reader, UVC_NOTE_SKIPPED, at, "endpoint", "not the one of the video");
        return;
    }
    memset(&alternate, 0, sizeof(alternate));
    why = read_endpoint(&alternate, reader, at, length);
    if (why) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, "endpoint", why);
    } else if (camera->alternate_count == UVC_ALTERNATES_MAX) {
        uvc_reader_note(reader, UVC_NOTE_FULL, at, "endpoint", "64 are known already");
    } else {
        reader->endpoint = &camera->alternates[camera->alternate_count++];
        *reader->endpoint = alternate;
        reader->stream->alternate_count++;
    }
}

/* SuperSpeed: what an isochronous endpoint carries in a service interval stands behind it. */
void uvc_reader_companion(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_alternate *endpoint = reader->endpoint;
    uint32_t said, most;

    if (!endpoint || endpoint->transfer != UVC_TRANSFER_ISO || reader->speed != UVC_SPEED_SUPER) {
        return;
    }
    if (at[1] == 0x31) { /* SuperSpeedPlus: 32 bits of it */
        said = length >= 8 ? uvc_get32(at + 4) : 0;
        most = 1024u * 16 * 6 * 2;
    } else {
        if (length < 6 || at[2] > 15 || (!(at[3] & 0x80) && (at[3] & 3) == 3)) {
            uvc_reader_note(reader, UVC_NOTE_REFUSED, at, "endpoint companion",
                            "short, or a burst that the bus does not have");
            return;
        }
        said = uvc_get16(at + 4);
        endpoint->packets = (uint8_t)((at[2] + 1) * (at[3] & 0x80 ? 1 : (at[3] & 3) + 1));
        most = (uint32_t)endpoint->packet_bytes * endpoint->packets;
        if (at[3] & 0x80) {
            said = 0; /* the next descriptor says it */
        }
        endpoint->interval_bytes = most;
    }
    if (said > most) {
        uvc_reader_note(reader, UVC_NOTE_MENDED, at, "endpoint companion",
                        "it promises more bytes than its bursts carry");
    } else if (said != 0) {
        endpoint->interval_bytes = said;
    }
}

/* ---- The end ---- */

static int frame_exists(const struct uvc_camera *camera, const struct uvc_format *format)
{
    for (uint32_t i = 0; i < format->frame_count; i++) {
        if (camera->frames[format->frame_first + i].index == format->default_frame) {
            return 1;
        }
    }
    return 0;
}

int uvc_reader_finish(struct uvc_reader *reader)
{
    struct uvc_camera *camera = reader->camera;
    int usable = 0;

    for (uint32_t i = 0; i < camera->format_count; i++) {
        struct uvc_format *format = &camera->formats[i];

        if (format->frame_count != 0 && !frame_exists(camera, format)) {
            format->default_frame = camera->frames[format->frame_first].index;
        }
    }
    for (uint32_t i = 0; i < camera->stream_count; i++) {
        const struct uvc_stream *stream = &camera->streams[i];

        for (uint32_t k = 0; k < stream->format_count; k++) {
            usable |= stream->has_header && stream->alternate_count != 0 &&
                      camera->formats[stream->format_first + k].frame_count != 0;
        }
    }
    return usable;
}
