/* SPDX-License-Identifier: MIT */
/*
 * A UVC camera as a program: descriptors, negotiation, controls and streams, without a bus and without a clock of its own. Whoever
 * hosts it (a stand-in of libusb, a usb-redir server) hands in requests and the time, and takes packets. It shares no code with the
 * backend that reads it: two readings of one standard.
 */
#ifndef VIDICON_CAMERA_H
#define VIDICON_CAMERA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAMERA_VIDEO_ENDPOINT  0x81
#define CAMERA_STATUS_ENDPOINT 0x83
#define CAMERA_HZ              48000000u

enum camera_speed { CAMERA_HIGH = 2, CAMERA_SUPER = 3 };

/* bFormatIndex. */
enum camera_format { CAMERA_YUYV = 1, CAMERA_NV12 = 2, CAMERA_MJPEG = 3, CAMERA_H264 = 4 };

/* What goes wrong. Of stream faults `at` is a frame, of control faults the nth control transfer since power-on. */
enum camera_fault {
    CAMERA_FID_STUCK = 0,      /* the frame id does not flip for this frame */
    CAMERA_NO_EOF = 1,         /* its last payload has no end bit */
    CAMERA_ERROR_BIT = 2,      /* one payload has the error bit */
    CAMERA_SHORT_FRAME = 3,    /* its second half is missing */
    CAMERA_LONG_FRAME = 4,     /* 64 bytes too many */
    CAMERA_BAD_HEADER = 5,     /* one payload's header is longer than the payload */
    CAMERA_LOST_PACKET = 6,    /* one payload is not sent */
    CAMERA_ZERO_PACKETS = 7,   /* 8 empty packets in the middle of it (isochronous) */
    CAMERA_SCR_BACK = 8,       /* its SCRs are 10 s behind */
    CAMERA_STALL_STREAM = 9,   /* the bulk endpoint stalls in it, until cleared */
    CAMERA_STALL_CONTROL = 10, /* a control request is refused */
    CAMERA_NO_ANSWER = 11,     /* a control request is never answered */
    CAMERA_SHORT_ANSWER = 12,  /* a control answer is cut to one byte */
    CAMERA_PROBE_ZERO = 13,    /* the probe's sizes are 0 */
    CAMERA_LENGTH_HUGE = 14,   /* a length that is asked for is 65535 */
    CAMERA_LENGTH_WRONG = 15,  /* it is one more than it is */
    CAMERA_FAULTS = 16
};

struct camera_config {
    uint32_t speed; /* enum camera_speed */
    uint32_t bulk;  /* 0: isochronous, with alternate settings */
    /* Isochronous: asks for all that the bus carries, for a host whose queue holds few packets. */
    uint32_t greedy;
    uint16_t vendor, product;
    char serial[16];
    uint32_t quick; /* 120 pictures of 320x240 in a second: for those who wait for many */
};

/* What the camera knows and no host may ask: the tests' account. */
struct camera_ledger {
    uint64_t begun;    /* frames of which at least one byte was sent */
    uint64_t finished; /* sent to their end */
    uint64_t given_up; /* begun, and cleared away with a halt */
    uint64_t skipped;  /* sensor frames that came while one was still being sent */
    uint64_t packets;
    uint64_t bytes;
    uint64_t injected[CAMERA_FAULTS];
    uint64_t controls; /* control transfers */
    uint64_t events;   /* status packets */
};

struct camera;

struct camera *camera_create(const struct camera_config *config);
void camera_destroy(struct camera *camera);
const struct camera_ledger *camera_get_ledger(const struct camera *camera);
/* Plants a fault at `at`, and `count` times from there on. 0: no room for more than 16. */
int camera_plant(struct camera *camera, enum camera_fault fault, uint64_t at, uint64_t count);

/* Descriptors, as GET_DESCRIPTOR would bring them: type 1, 2, 3 (strings) and 15 at SuperSpeed. Their length; 0: none such. */
size_t camera_descriptor(const struct camera *camera, uint8_t type, uint8_t index, uint8_t *out,
                         size_t max);

enum { CAMERA_STALLS = -1, CAMERA_SILENT = -2 };
/* A class request to the video interfaces: to the camera `data` holds wLength bytes, from it they are written there. Bytes moved,
 * or one of the above. */
int camera_control(struct camera *camera, const uint8_t setup[8], uint8_t *data);

/* SET_INTERFACE. 0: there is no such setting. Alternate 0 ends the stream, another one begins it. */
int camera_set_alternate(struct camera *camera, uint8_t interface_id, uint8_t alternate);
/* Bulk: begins with the first request after a commit; CLEAR_FEATURE(halt) ends a stall and the payload it was in. */
void camera_clear_halt(struct camera *camera);

/* The packet of a service interval: its bytes, 0: an empty one. At most `max`. */
size_t camera_iso_packet(struct camera *camera, int64_t now_ns, uint8_t *out, size_t max);
/* An answer to a bulk request of `max` bytes: bytes, CAMERA_STALLS, or CAMERA_SILENT: nothing yet, ask again later. */
int camera_bulk(struct camera *camera, int64_t now_ns, uint8_t *out, size_t max);
/* A status packet, if one waits: its bytes, else 0. */
size_t camera_status(struct camera *camera, uint8_t *out, size_t max);

/* What frame `number` looks like: its bytes; at most `max` are written. The same for every camera. */
size_t camera_picture(uint8_t *out, size_t max, enum camera_format format, uint32_t width,
                      uint32_t height, uint32_t number, int brightness);

#ifdef __cplusplus
}
#endif

#endif
