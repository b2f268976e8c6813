/* SPDX-License-Identifier: MIT */
/*
 * Which pin captures, and what it offers. A filter may have several pins that give video: the one that calls itself
 * capture comes first, then one that says nothing, then a preview; a still pin is none.
 */
#include "ks.h"

#include <stdlib.h>

#define PINS_MOST  64u
#define RATES_MOST 64u
#define RANK_NONE  0
#define GROW(n)    ((n) < 16u ? 16u : (n)*2u)

/* ---- What is found ---- */

int ks_interval_add(struct ks_device *device, vdc_fraction interval, int64_t hundred_ns)
{
    uint32_t count = device->interval_count;

    if (count >= KS_INTERVALS_MAX) {
        return 0;
    }
    if (count == 0 || (count >= 16 && (count & (count - 1)) == 0)) {
        struct ks_interval *more =
            realloc(device->intervals, GROW(count) * sizeof(*device->intervals));

        if (more == NULL) {
            return 0;
        }
        device->intervals = more;
    }
    device->intervals[count].s = interval;
    device->intervals[count].hundred_ns = hundred_ns;
    device->interval_count = count + 1;
    return 1;
}

struct ks_mode *ks_mode_add(struct ks_device *device, const struct ks_mode *mode)
{
    uint32_t count = device->mode_count;

    if (count >= KS_MODES_MAX) {
        return NULL;
    }
    if (count == 0 || (count >= 16 && (count & (count - 1)) == 0)) {
        struct ks_mode *more = realloc(device->modes, GROW(count) * sizeof(*device->modes));

        if (more == NULL) {
            return NULL;
        }
        device->modes = more;
    }
    device->modes[count] = *mode;
    device->mode_count = count + 1;
    return &device->modes[count];
}

/* ---- Intervals ---- */

static void add_hundred_ns(struct ks_device *device, struct ks_mode *mode, int64_t value)
{
    vdc_fraction interval = ks_interval_fraction(value);

    for (uint32_t i = 0; i < mode->interval_count; i++) {
        if (device->intervals[mode->interval_first + i].hundred_ns == value) {
            return;
        }
    }
    if (interval.den != 0 && ks_interval_add(device, interval, value)) {
        mode->interval_count++;
    }
}

/* The driver's own list of intervals for this size, if it has one. */
static int ask_rates(struct ks_device *device, struct ks_mode *mode)
{
    struct ks_video_rates request;
    struct ks_items head;
    uint8_t *list = NULL;
    uint32_t bytes = 0;
    uint32_t count;

    memset(&request, 0, sizeof(request));
    request.property = ks_property_of(&ks_set_video, KS_VIDEO_FRAME_RATES, KS_TYPE_GET);
    request.pin = device->pin;
    request.range = mode->number;
    request.width = (int32_t)mode->width;
    request.height = (int32_t)mode->height;
    if (ks_get_all(device, &request, sizeof(request), &list, &bytes) != KS_OK) {
        return 0;
    }
    if (bytes < sizeof(head)) {
        free(list);
        return 0;
    }
    memcpy(&head, list, sizeof(head));
    count = (bytes - (uint32_t)sizeof(head)) / (uint32_t)sizeof(int64_t);
    count = head.count < count ? head.count : count;
    count = count < RATES_MOST ? count : RATES_MOST;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value;

        memcpy(&value, list + sizeof(head) + i * sizeof(value), sizeof(value));
        /* The favourite was put first; others only if the range allows them. */
        if (value >= mode->interval_min_100ns && value <= mode->interval_max_100ns) {
            add_hundred_ns(device, mode, value);
        }
    }
    free(list);
    return count != 0;
}

static void find_intervals(struct ks_device *device, struct ks_mode *mode)
{
    mode->interval_first = device->interval_count;
    mode->interval_count = 0;
    mode->interval_range = 0;
    if (mode->interval_100ns == 0) {
        return;
    }
    add_hundred_ns(device, mode, mode->interval_100ns);
    if (mode->interval_min_100ns == mode->interval_max_100ns || ask_rates(device, mode)) {
        return;
    }
    device->interval_count = mode->interval_first;
    mode->interval_count = 0;
    add_hundred_ns(device, mode, mode->interval_min_100ns);
    add_hundred_ns(device, mode, mode->interval_max_100ns);
    mode->interval_range = mode->interval_count == 2;
}

/* ---- Pins ---- */

static uint32_t get_pin(const struct ks_device *device, uint32_t pin, uint32_t property,
                        void *value, uint32_t bytes)
{
    struct ks_pin_request request;

    memset(&request, 0, sizeof(request));
    request.property = ks_property_of(&ks_set_pin, property, KS_TYPE_GET);
    request.pin = pin;
    return ks_get(device, device->filter, &request, sizeof(request), value, bytes);
}

/* How gladly this pin is taken; RANK_NONE: not at all. What it does not answer is not held against it. */
static int rank_pin(const struct ks_device *device, uint32_t pin)
{
    uint32_t flow = 0;
    uint32_t communication = 0;
    struct ks_guid category;

    if (get_pin(device, pin, KS_PIN_DATAFLOW, &flow, sizeof(flow)) != KS_OK ||
        flow != KS_DATAFLOW_OUT) {
        return RANK_NONE;
    }
    if (get_pin(device, pin, KS_PIN_COMMUNICATION, &communication, sizeof(communication)) ==
            KS_OK &&
        (communication == KS_COMMUNICATION_NONE || communication == KS_COMMUNICATION_BRIDGE)) {
        return RANK_NONE;
    }
    if (get_pin(device, pin, KS_PIN_CATEGORY, &category, sizeof(category)) != KS_OK) {
        return RANK_NONE + 2;
    }
    if (ks_guid_same(&category, &ks_category_still)) {
        return RANK_NONE;
    }
    if (ks_guid_same(&category, &ks_category_capture)) {
        return RANK_NONE + 3;
    }
    return ks_guid_same(&category, &ks_category_preview) ? RANK_NONE + 1 : RANK_NONE + 2;
}

/* The same sizes twice, in both forms of the header: the second form says more. */
static struct ks_mode *find_twin(struct ks_device *device, const struct ks_mode *mode)
{
    for (uint32_t i = 0; i < device->mode_count; i++) {
        struct ks_mode *other = &device->modes[i];

        if (ks_guid_same(&other->sub, &mode->sub) && other->width == mode->width &&
            other->height == mode->height && other->width_min == mode->width_min &&
            other->width_max == mode->width_max && other->height_min == mode->height_min &&
            other->height_max == mode->height_max &&
            other->interval_min_100ns == mode->interval_min_100ns &&
            other->interval_max_100ns == mode->interval_max_100ns) {
            return other;
        }
    }
    return NULL;
}

static int load_ranges(struct ks_device *device, const uint8_t *list, uint32_t bytes)
{
    size_t offset = sizeof(struct ks_items);
    struct ks_items head;
    uint32_t number = 0;
    int attributes = 0;

    if (bytes < sizeof(head)) {
        return VDC_OK;
    }
    memcpy(&head, list, sizeof(head));
    bytes = head.bytes < bytes ? head.bytes : bytes;
    for (uint32_t i = 0; i < head.count; i++) {
        uint32_t item_bytes = 0;
        const uint8_t *item = ks_range_next(list, bytes, &offset, &item_bytes);
        struct ks_mode mode;
        struct ks_format format;

        if (item == NULL) {
            break;
        }
        if (attributes || item_bytes < sizeof(format)) {
            attributes = 0;
            continue;
        }
        memcpy(&format, item, sizeof(format));
        attributes = (format.flags & KS_FORMAT_ATTRIBUTES) != 0;
        if (ks_range_parse(&mode, item, item_bytes)) {
            struct ks_mode *twin = find_twin(device, &mode);

            mode.number = number;
            if (twin != NULL) {
                if (mode.second && !twin->second) {
                    *twin = mode;
                }
            } else if (ks_mode_add(device, &mode) == NULL) {
                return device->mode_count >= KS_MODES_MAX
                           ? VDC_OK
                           : vdi_error(VDC_E_NO_MEMORY, "ks:%s: no memory for its formats",
                                       device->id);
            }
        }
        number++;
    }
    return VDC_OK;
}

static int load_pin(struct ks_device *device, uint32_t pin)
{
    struct ks_pin_request request;
    uint8_t *list = NULL;
    uint32_t bytes = 0;
    uint32_t result;
    int status;

    memset(&request, 0, sizeof(request));
    request.property = ks_property_of(&ks_set_pin, KS_PIN_DATARANGES, KS_TYPE_GET);
    request.pin = pin;
    result = ks_get_all(device, &request, sizeof(request), &list, &bytes);
    if (result != KS_OK) {
        return ks_is_gone(result) ? ks_error(device, result, "asking for its formats") : VDC_OK;
    }
    device->pin = pin;
    status = load_ranges(device, list, bytes);
    free(list);
    for (uint32_t i = 0; i < device->mode_count; i++) {
        find_intervals(device, &device->modes[i]);
    }
    return status;
}

int ks_pins_load(struct ks_device *device)
{
    const struct ks_property request = ks_property_of(&ks_set_pin, KS_PIN_CTYPES, KS_TYPE_GET);
    int ranks[PINS_MOST];
    uint32_t pins = 0;
    uint32_t result =
        ks_get(device, device->filter, &request, sizeof(request), &pins, sizeof(pins));

    device->mode_count = 0;
    device->interval_count = 0;
    if (result != KS_OK) {
        return ks_error(device, result, "asking for its pins");
    }
    pins = pins < PINS_MOST ? pins : PINS_MOST;
    for (uint32_t pin = 0; pin < pins; pin++) {
        ranks[pin] = rank_pin(device, pin);
    }
    for (int rank = RANK_NONE + 3; rank > RANK_NONE; rank--) {
        for (uint32_t pin = 0; pin < pins; pin++) {
            int status = ranks[pin] == rank ? load_pin(device, pin) : VDC_OK;

            if (status != VDC_OK || device->mode_count != 0) {
                return status;
            }
        }
    }
    return VDC_OK;
}
