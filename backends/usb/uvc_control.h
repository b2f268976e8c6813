/* SPDX-License-Identifier: MIT */
/*
 * Controls of camera terminals and processing units: which the library knows by a number of its own, how their values lie in
 * requests, what a camera says of their range, and what its status packets mean. Extension units are bytes only.
 */
#ifndef UVC_CONTROL_H
#define UVC_CONTROL_H

#include "uvc_desc.h"
#include "vidicon/service.h"
#include "vidicon/vidicon.h"

/* bRequest. */
enum uvc_request_code {
    UVC_SET_CUR = 0x01,
    UVC_GET_CUR = 0x81,
    UVC_GET_MIN = 0x82,
    UVC_GET_MAX = 0x83,
    UVC_GET_RES = 0x84,
    UVC_GET_LEN = 0x85,
    UVC_GET_INFO = 0x86,
    UVC_GET_DEF = 0x87
};

/* Selectors of the interfaces themselves. */
#define UVC_VC_REQUEST_ERROR 0x02u
#define UVC_VS_PROBE         0x01u
#define UVC_VS_COMMIT        0x02u

/* A control transfer's setup. */
struct uvc_request {
    uint8_t type, request;
    uint16_t value, index, bytes;
};
/* `unit` 0: the interface itself. */
struct uvc_request uvc_request_make(enum uvc_request_code code, uint32_t selector, uint32_t unit,
                                    uint32_t interface_id, uint32_t bytes);

/* Controls that the library has no number for get this and up: a number for each control of the table, the same on all cameras.
 * 0x100 for terminals and 0x200 for processing units, the selector, and 0x80 for the second half of a pair. */
#define UVC_CONTROL_ID(kind, selector, half) \
    (VDC_CONTROL_VENDOR + 0x100u * (kind) + (selector) + 0x80u * (half))

#define UVC_CONTROL_BYTES_MAX 8u

struct uvc_control {
    uint32_t id;       /* the library's */
    uint8_t unit_kind; /* UVC_INPUT_TERMINAL or UVC_PROCESSING_UNIT */
    uint8_t selector;
    uint8_t bit;    /* in the unit's bitmap */
    uint8_t bytes;  /* of the whole control */
    uint8_t offset; /* of this value in it */
    uint8_t width;  /* of this value: 1, 2 or 4 */
    uint8_t is_signed;
    uint8_t type; /* enum vdc_control_type */
    const char *name;
};

extern const struct uvc_control uvc_controls[];
extern const uint32_t uvc_control_count;

/* A control of the table that a unit of the chain has; NULL if none. *unit is that unit. */
const struct uvc_control *uvc_control_find(const struct uvc_unit **unit,
                                           const struct uvc_chain *chain, uint32_t id);
/* Calls `each` for all that a chain has, each number once. Stops at the first result other than 0, and returns it. */
int uvc_controls_each(const struct uvc_chain *chain,
                      int (*each)(const struct uvc_control *control, const struct uvc_unit *unit,
                                  void *user),
                      void *user);

/* The value in `count` bytes that came; 0 if they are too few. */
int uvc_value_decode(int64_t *out, const struct uvc_control *control, const uint8_t *bytes,
                     size_t count);
/* Puts a value into the control's bytes, which hold the current value of the whole. 0: it does not fit. */
int uvc_value_encode(uint8_t bytes[UVC_CONTROL_BYTES_MAX], const struct uvc_control *control,
                     int64_t value);

/* GET_INFO. */
enum uvc_info_bit {
    UVC_INFO_GET = 1 << 0,
    UVC_INFO_SET = 1 << 1,
    UVC_INFO_DISABLED_AUTO = 1 << 2,
    UVC_INFO_AUTOUPDATE = 1 << 3,
    UVC_INFO_ASYNCHRONOUS = 1 << 4,
    UVC_INFO_DISABLED_COMMIT = 1 << 5
};

/* Answers of a camera about one control, as they came; count 0: it did not answer. */
struct uvc_answer {
    uint8_t bytes[UVC_CONTROL_BYTES_MAX];
    uint32_t count;
};
struct uvc_answers {
    struct uvc_answer info, min, max, res, def;
};

#define UVC_MENU_MAX 4u
struct uvc_range {
    vdc_control_info info; /* with name and menu; points into this and into the table */
    vdc_menu_item menu[UVC_MENU_MAX];
    uint32_t modes;  /* of the exposure mode: what GET_RES says it has */
    uint32_t mended; /* 1: the camera's answers made no sense and were put right */
};
/* 1: *out is a control as the library lists it; 0: the answers make none (what to do: leave it out). */
int uvc_range_make(struct uvc_range *out, const struct uvc_control *control,
                   const struct uvc_answers *answers, uint16_t version);

/* The camera's exposure mode is one bit of four, the library's a switch. */
int64_t uvc_exposure_auto_of(uint8_t mode);
uint8_t uvc_exposure_mode_of(int64_t automatic, uint32_t modes);
/* The value as the library sees it, and as the camera does. `modes` as in uvc_range. */
int64_t uvc_value_public(const struct uvc_control *control, int64_t value);
int64_t uvc_value_camera(const struct uvc_control *control, int64_t value, uint32_t modes);

/* After a refused request: the camera's code (VC_REQUEST_ERROR_CODE_CONTROL) as a vdc_status, and in words. */
int uvc_error_status(uint8_t code);
const char *uvc_error_words(uint8_t code);

/* ---- Status packets ---- */

enum uvc_event_kind {
    UVC_EVENT_NONE = 0,    /* nothing that this backend knows */
    UVC_EVENT_VALUE = 1,   /* a control has another value: in `bytes`, if they are all there */
    UVC_EVENT_INFO = 2,    /* a control's flags changed: ask */
    UVC_EVENT_FAILURE = 3, /* a request that was accepted has failed */
    UVC_EVENT_LIMITS = 4,  /* its minimum or maximum changed: ask */
    UVC_EVENT_BUTTON = 5   /* the camera's button; bytes[0]: pressed */
};
struct uvc_event {
    uint32_t kind;
    uint8_t origin; /* a unit, or a streaming interface for a button */
    uint8_t selector;
    uint8_t count;
    uint8_t bytes[UVC_CONTROL_BYTES_MAX];
};
/* 1: *out holds the event of a packet; 0: the packet is too short or says nothing known. */
int uvc_event_parse(struct uvc_event *out, const uint8_t *bytes, size_t count);
/* The nth control (from 0) of the table that an event speaks of; NULL when there are no more. */
const struct uvc_control *uvc_event_control(const struct uvc_event *event,
                                            const struct uvc_chain *chain, uint32_t nth);

/* ---- Extension units ---- */

#define UVC_EXTENSION_BYTES_MAX 4096u
/* The unit if it is an extension and has that control (its bit is the selector less one); else NULL. */
const struct uvc_unit *uvc_extension_find(const struct uvc_chain *chain, uint32_t unit,
                                          uint32_t selector);
/* The same without a camera at hand: what the unit is and has. */
void uvc_extension_describe(vdc_extension_info *out, const struct uvc_unit *unit);
/* The length in an answer to GET_LEN, which every other request of an extension needs first; 0: senseless. */
uint32_t uvc_extension_length(const uint8_t *bytes, size_t count);

#endif
