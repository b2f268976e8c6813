/* SPDX-License-Identifier: MIT */
/*
 * Cameras that are known to break the standard in a way that cannot be noticed in time by looking. What can be noticed (senseless
 * sizes, wrong headers, stuck frame ids) is handled for every camera and needs no entry.
 */
#ifndef UVC_QUIRKS_H
#define UVC_QUIRKS_H

#include <stdint.h>

enum uvc_quirk {
    UVC_QUIRK_NO_MINMAX = 1 << 0, /* GET_MIN and GET_MAX of the probe stall or lie: do not ask */
    UVC_QUIRK_NO_DEF = 1 << 1,    /* GET_DEF of the probe stalls or hangs the camera: do not ask */
    UVC_QUIRK_NO_FID = 1 << 2,    /* the frame id does not flip: only the end bit counts */
    UVC_QUIRK_SOI = 1 << 3, /* loses end bits in MJPEG: a picture's beginning ends the one before */
    UVC_QUIRK_BANDWIDTH = 1 << 4,   /* asks for far more payload than it sends */
    UVC_QUIRK_FRAME_BYTES = 1 << 5, /* refuses a probe that leaves the size of a frame 0 */
    UVC_QUIRK_SHORT_PROBE = 1 << 6, /* calls itself 1.5 and speaks the probe of 1.0 */
    UVC_QUIRK_BAD_SOF = 1 << 7,     /* the frame counter of its SCR is no bus time */
    UVC_QUIRK_GREY = 1 << 8,        /* says YUYV and sends 8-bit grey */
    UVC_QUIRK_OWN_PAYLOAD = 1 << 9, /* its payloads have headers of their own: not captured */
    UVC_QUIRK_NO_SELECTOR = 1 << 10 /* requests to its selector unit hang it */
};

struct uvc_quirk_entry {
    uint16_t vendor, product;
    uint32_t quirks; /* enum uvc_quirk */
    const char *camera;
};

extern const struct uvc_quirk_entry uvc_quirk_table[];
extern const uint32_t uvc_quirk_count;

/* Quirks of a camera, 0 if none is known. */
uint32_t uvc_quirks_of(uint16_t vendor, uint16_t product);
/* What one quirk (one bit) means, for the log. */
const char *uvc_quirk_words(uint32_t quirk);

#endif
