/* SPDX-License-Identifier: MIT */
/*
 * What a camera says unasked, in the packets of its status endpoint, and what it says when asked why it refused. Many cameras
 * have the endpoint and never send anything on it.
 */
#include <string.h>

#include "uvc_control.h"

#define FROM_CONTROL 1
#define FROM_STREAM  2

int uvc_event_parse(struct uvc_event *out, const uint8_t *bytes, size_t count)
{
    static const uint8_t kinds[] = {UVC_EVENT_VALUE, UVC_EVENT_INFO, UVC_EVENT_FAILURE,
                                    UVC_EVENT_LIMITS, UVC_EVENT_LIMITS};
    size_t left;

    memset(out, 0, sizeof(*out));
    if (count < 4) {
        return 0;
    }
    out->origin = bytes[1];
    if ((bytes[0] & 15) == FROM_STREAM && bytes[2] == 0) {
        out->kind = UVC_EVENT_BUTTON;
        out->count = 1;
        out->bytes[0] = bytes[3];
        return 1;
    }
    if ((bytes[0] & 15) != FROM_CONTROL || bytes[2] != 0 || count < 5 ||
        bytes[4] >= sizeof(kinds)) {
        return 0;
    }
    left = count - 5;
    out->kind = kinds[bytes[4]];
    out->selector = bytes[3];
    out->count = (uint8_t)(left < UVC_CONTROL_BYTES_MAX ? left : UVC_CONTROL_BYTES_MAX);
    memcpy(out->bytes, bytes + 5, out->count);
    return 1;
}

const struct uvc_control *uvc_event_control(const struct uvc_event *event,
                                            const struct uvc_chain *chain, uint32_t nth)
{
    if (event->kind == UVC_EVENT_NONE || event->kind == UVC_EVENT_BUTTON) {
        return NULL;
    }
    for (uint32_t i = 0; i < uvc_control_count; i++) {
        const struct uvc_unit *unit;

        if (uvc_controls[i].selector == event->selector &&
            uvc_control_find(&unit, chain, uvc_controls[i].id) && unit->id == event->origin &&
            nth-- == 0) {
            return &uvc_controls[i];
        }
    }
    return NULL;
}

/* ---- Refusals: UVC 1.5, 4.2.1.2 ---- */

static const struct {
    int status;
    const char *words;
} refusals[] = {
    {VDC_OK,            "no error"                    },
    {VDC_E_BUSY,        "not ready yet"               },
    {VDC_E_STATE,       "not in this state"           },
    {VDC_E_STATE,       "not with this power"         },
    {VDC_E_RANGE,       "out of range"                },
    {VDC_E_NOT_FOUND,   "no such unit"                },
    {VDC_E_NOT_FOUND,   "no such control"             },
    {VDC_E_UNSUPPORTED, "no such request"             },
    {VDC_E_RANGE,       "not a value within the range"},
};
#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

int uvc_error_status(uint8_t code)
{
    return code < REFUSALS ? refusals[code].status : VDC_E_IO;
}

const char *uvc_error_words(uint8_t code)
{
    return code < REFUSALS ? refusals[code].words : "no reason given";
}
