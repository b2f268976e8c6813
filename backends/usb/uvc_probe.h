/* SPDX-License-Identifier: MIT */
/*
 * Probe and commit: how host and camera agree on a format, a rate and the bytes a payload has. What the camera answers is
 * checked against its own descriptors and against arithmetic before anybody allocates or starts anything by it.
 */
#ifndef UVC_PROBE_H
#define UVC_PROBE_H

#include "uvc_desc.h"

#define UVC_PROBE_BYTES_MAX 48u
/* No picture is larger: beyond, an answer is nonsense. */
#define UVC_FRAME_BYTES_MAX (UINT32_C(1) << 30)

/* The structure of UVC 1.5; earlier versions end before it does. */
struct uvc_probe {
    uint16_t hint;
    uint8_t format, frame; /* bFormatIndex, bFrameIndex */
    uint32_t interval;
    uint16_t key_rate, p_rate, quality, window, delay;
    uint32_t max_frame_bytes, max_payload_bytes;
    uint32_t clock_hz; /* from here on 1.1 */
    uint8_t framing, version_wanted, version_min, version_max;
    uint8_t usage, depth, settings, references; /* from here on 1.5 */
    uint16_t rate_modes;
    uint16_t layouts[4];
};

/* 26, 34 or 48. */
uint32_t uvc_probe_bytes(uint16_t version);
/* Writes that many bytes and returns how many. */
uint32_t uvc_probe_encode(uint8_t out[UVC_PROBE_BYTES_MAX], const struct uvc_probe *probe,
                          uint16_t version);
/* Takes what has come: 48, 34 or 26 bytes, or as much of them as there is, the rest is 0. Fewer than 26 are no answer, 0 is
 * returned; else how many were read. (Some cameras answer GET_MIN and GET_MAX with two bytes of quality.) */
uint32_t uvc_probe_decode(struct uvc_probe *out, const uint8_t *bytes, size_t count);

/* A format, a size and a rate that the descriptors have. */
struct uvc_choice {
    const struct uvc_format *format;
    const struct uvc_frame *frame;
    uint32_t interval;
    vdc_format picture;   /* all that the library wants to know of it */
    uint32_t exact_bytes; /* of an uncompressed frame, as computed; 0 for compressed ones */
    uint32_t most_bytes;  /* of any frame, as computed or as the camera says; 0: not known */
};

/* The nearest to a wish, in which 0 is any: first the code, then the smallest size not below, else the largest, then the nearest
 * interval not shorter, else the longest. 0: the stream has nothing at all, or not that code. */
int uvc_choose(struct uvc_choice *out, const struct uvc_camera *camera,
               const struct uvc_stream *stream, const vdc_format *wish);
/* The same of one format, frame and interval. */
void uvc_describe(struct uvc_choice *out, const struct uvc_format *format,
                  const struct uvc_frame *frame, uint32_t interval);
/* What to ask the camera for. */
void uvc_probe_wish(struct uvc_probe *out, const struct uvc_choice *choice);

/* 100 ns units as the fraction that they were rounded from: 333333 is 1/30. */
vdc_fraction uvc_interval_fraction(uint32_t interval);
/* And back: 0 for what is no time, or longer than 32 bits hold. */
uint32_t uvc_interval_of(vdc_fraction interval);

/* What was wrong with an answer that is used all the same. */
enum uvc_mended {
    UVC_MENDED_FRAME_BYTES = 1 << 0, /* 0, too small or absurd: computed instead */
    UVC_MENDED_PAYLOAD = 1 << 1,     /* 0: the endpoint's; upper half all ones: cut off */
    UVC_MENDED_INTERVAL = 1 << 2,    /* 0: the wanted one */
    UVC_MENDED_CLOCK = 1 << 3,       /* 0 or missing: the descriptor's */
    UVC_MENDED_OTHER_CHOICE =
        1 << 4, /* another format or frame than asked for; it is one the camera has */
    UVC_MENDED_BULK_PAYLOAD = 1 << 5 /* larger than a frame and its header can be: cut to that */
};

/* Checks an answer to `choice`, mends what can be, and brings *choice in line with it. 1: *answer can be committed. 0: it cannot;
 * `why` says so. *mended: enum uvc_mended. */
int uvc_probe_check(struct uvc_probe *answer, uint32_t *mended, struct uvc_choice *choice,
                    const struct uvc_camera *camera, const struct uvc_stream *stream, char *why,
                    size_t why_bytes);

/* The alternate setting for payloads of so many bytes: the smallest that carries them; of a bulk stream, its only one.
 * NULL: none is enough, and `why` has the arithmetic. */
const struct uvc_alternate *uvc_choose_alternate(const struct uvc_camera *camera,
                                                 const struct uvc_stream *stream,
                                                 const struct uvc_probe *answer, char *why,
                                                 size_t why_bytes);

/* Bytes a second that an isochronous setting carries at a speed; 0 for bulk, which has no share of its own. */
uint64_t uvc_alternate_rate(const struct uvc_alternate *alternate, enum uvc_speed speed);
/* 1 if uncompressed frames of `choice` fit in at that rate, headers included; else 0 and the arithmetic. Compressed ones and bulk
 * always do. */
int uvc_rate_check(const struct uvc_choice *choice, const struct uvc_probe *answer,
                   const struct uvc_alternate *alternate, enum uvc_speed speed, char *why,
                   size_t why_bytes);

#endif
