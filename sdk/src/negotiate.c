/* SPDX-License-Identifier: MIT */
/* Negotiation: the backend finds the nearest format, this says what differs and why.
 * Differences are found by comparing, not believed: 2/60 s is what was wanted as 1/30 s. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int vdi_check_wish(const vdc_format *wanted, const char *function)
{
    const uint32_t *reserved = wanted->reserved;

    for (size_t at = 0; at < sizeof(wanted->reserved) / sizeof(reserved[0]); at++) {
        if (reserved[at] != 0) {
            return vdi_error(VDC_E_INVALID,
                             "%s: format.reserved is not 0; zero the whole format first", function);
        }
    }
    if ((wanted->interval_s.num == 0) != (wanted->interval_s.den == 0)) {
        return vdi_error(
            VDC_E_INVALID, "%s: the interval %u/%u s is none; give both numbers, or 0/0 for any",
            function, (unsigned)wanted->interval_s.num, (unsigned)wanted->interval_s.den);
    }
    if ((wanted->width_px == 0) != (wanted->height_px == 0)) {
        return vdi_error(VDC_E_INVALID, "%s: the size %ux%u is none; give both, or 0x0 for any",
                         function, (unsigned)wanted->width_px, (unsigned)wanted->height_px);
    }
    return VDC_OK;
}

static int differs(uint32_t wanted, uint32_t got)
{
    return wanted != 0 && wanted != got;
}

static uint32_t compare(const vdc_format *wanted, const vdc_format *got)
{
    uint32_t changed = 0;

    if (differs(wanted->fourcc, got->fourcc)) {
        changed |= VDC_CHANGED_FOURCC;
    }
    if (differs(wanted->width_px, got->width_px) || differs(wanted->height_px, got->height_px)) {
        changed |= VDC_CHANGED_SIZE;
    }
    if (wanted->interval_s.num != 0 && (uint64_t)wanted->interval_s.num * got->interval_s.den !=
                                           (uint64_t)got->interval_s.num * wanted->interval_s.den) {
        changed |= VDC_CHANGED_INTERVAL;
    }
    if (differs(wanted->stride_bytes, got->stride_bytes)) {
        changed |= VDC_CHANGED_STRIDE;
    }
    if (differs(wanted->field, got->field)) {
        changed |= VDC_CHANGED_FIELD;
    }
    if (differs(wanted->primaries, got->primaries) || differs(wanted->transfer, got->transfer) ||
        differs(wanted->matrix, got->matrix) || differs(wanted->range, got->range)) {
        changed |= VDC_CHANGED_COLOUR;
    }
    return changed;
}

struct text {
    char *bytes;
    size_t size;
    size_t used;
};

static void add(struct text *text, const char *format, ...) VDI_PRINTF(2, 3);

/* Adds a part behind a "; ", or nothing if it does not fit as a whole. */
static void add(struct text *text, const char *format, ...)
{
    char part[96];
    va_list arguments;
    size_t gap = text->used != 0 ? 2 : 0;
    int length;

    va_start(arguments, format);
    length = vsnprintf(part, sizeof(part), format, arguments);
    va_end(arguments);
    if (length <= 0 || (size_t)length >= sizeof(part) ||
        text->used + gap + (size_t)length >= text->size) {
        return;
    }
    memcpy(text->bytes + text->used, "; ", gap);
    memcpy(text->bytes + text->used + gap, part, (size_t)length + 1);
    text->used += gap + (size_t)length;
}

static void explain(char *reason, size_t size, uint32_t changed, const vdc_format *wanted,
                    const vdc_format *got)
{
    struct text text = {reason, size, 0};
    char from[5];
    char to[5];

    reason[0] = '\0';
    vdc_fourcc_text(from, wanted->fourcc);
    vdc_fourcc_text(to, got->fourcc);
    if (changed & VDC_CHANGED_FOURCC) {
        add(&text, "%s, since it has no %s", to, from);
    }
    if (changed & VDC_CHANGED_SIZE) {
        add(&text, "%ux%u, the nearest to %ux%u in %s", (unsigned)got->width_px,
            (unsigned)got->height_px, (unsigned)wanted->width_px, (unsigned)wanted->height_px, to);
    }
    if (changed & VDC_CHANGED_INTERVAL) {
        add(&text, "%u/%u s, the nearest to %u/%u s at that size", (unsigned)got->interval_s.num,
            (unsigned)got->interval_s.den, (unsigned)wanted->interval_s.num,
            (unsigned)wanted->interval_s.den);
    }
    if (changed & VDC_CHANGED_STRIDE) {
        add(&text, "stride %u, the device cannot do %u", (unsigned)got->stride_bytes,
            (unsigned)wanted->stride_bytes);
    }
    if (changed & VDC_CHANGED_FIELD) {
        add(&text, "field order %u, not %u", (unsigned)got->field, (unsigned)wanted->field);
    }
    if (changed & VDC_CHANGED_COLOUR) {
        add(&text, "another colour space");
    }
}

int vdi_negotiate(vdc_negotiation *out, vdc_device *device, const vdc_format *wanted)
{
    static const char function[] = "vdc_device_negotiate";
    const char *id = vdi_device_id(device);
    unsigned serial = vdi_error_serial();
    vdc_format format = *wanted;
    uint32_t changed = 0;
    int status = device->base.backend->negotiate(&device->base, &format, &changed);

    status = vdi_backend_status(status, serial, function, id);
    if (status != VDC_OK) {
        return status;
    }
    if (format.fourcc == 0 || format.width_px == 0 || format.height_px == 0) {
        return vdi_error(VDC_E_IO, "%s on \"%s\": its backend gave half a format", function, id);
    }
    out->format = format;
    out->changed = compare(wanted, &format);
    explain(out->reason, sizeof(out->reason), out->changed, wanted, &format);
    return VDC_OK;
}

VDC_API(int)
vdc_device_negotiate(vdc_negotiation *out, vdc_device *device, const vdc_format *wanted)
{
    static const char function[] = "vdc_device_negotiate";
    vdc_negotiation result = VDC_NEGOTIATION_INIT;
    vdc_format any;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_negotiation", function);
    }
    memset(&any, 0, sizeof(any));
    if (status == VDC_OK && wanted != NULL) {
        status = vdi_check_wish(wanted, function);
        any = *wanted;
    }
    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    status = vdi_device_leave(device, function, vdi_negotiate(&result, device, &any));
    if (status == VDC_OK) {
        vdi_copy_out(out, &result, sizeof(result));
    }
    return status;
}
