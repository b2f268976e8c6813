/* SPDX-License-Identifier: MIT */
/*
 * Vidicon's own property set: who the card is, its modes with exact intervals, inputs and timings. Strings and counts from
 * the driver are bounded here.
 */
#include "ks.h"

#include "ks_tables.h"

#define ITEMS_MOST     256u
#define INTERVALS_MOST 256u

struct own_request {
    struct ks_property property;
    struct vdw_selector selector;
};

static struct own_request request_of(uint32_t property, uint32_t index, uint32_t item,
                                     uint32_t flags)
{
    struct own_request request = {
        ks_property_of(&ks_set_own, property, flags), {index, item}
    };

    return request;
}

uint32_t ks_own_get(const struct ks_device *device, uint32_t property, uint32_t index,
                    uint32_t item, void *value, uint32_t bytes)
{
    struct own_request request = request_of(property, index, item, KS_TYPE_GET);

    return ks_get(device, device->filter, &request, sizeof(request), value, bytes);
}

uint32_t ks_own_set(const struct ks_device *device, uint32_t property, uint32_t index, void *value,
                    uint32_t bytes)
{
    struct own_request request = request_of(property, index, 0, KS_TYPE_SET);

    return ks_set(device, device->filter, &request, sizeof(request), value, bytes);
}

int ks_own_identify(struct ks_device *device)
{
    struct vdw_identity *identity = &device->identity;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_IDENTITY, 0, 0, identity, sizeof(*identity));

    device->own = 0;
    if (ks_is_gone(result)) {
        return ks_error(device, result, "asking who it is");
    }
    if (result != KS_OK) {
        memset(identity, 0, sizeof(*identity));
        return VDC_OK;
    }
    identity->serial[sizeof(identity->serial) - 1] = 0;
    if (identity->interface_version != VDW_INTERFACE_VERSION) {
        vdi_log(device->device->context, VDC_LOG_WARNING,
                "ks:%s: the driver's interface has version %u, this library knows %u: it is used "
                "as any other driver's",
                device->id, (unsigned)identity->interface_version, (unsigned)VDW_INTERFACE_VERSION);
        return VDC_OK;
    }
    device->own = 1;
    return VDC_OK;
}

/* ---- Modes ---- */

/* In the order of struct vdw_mode's bits: the library's code, and the subtype's. */
static const struct {
    uint32_t fourcc, sub, bits;
} kinds[] = {
    {VDC_FOURCC_YUYV,  VDC_FOURCC('Y', 'U', 'Y', '2'), 16},
    {VDC_FOURCC_UYVY,  VDC_FOURCC('U', 'Y', 'V', 'Y'), 16},
    {VDC_FOURCC_NV12,  VDC_FOURCC('N', 'V', '1', '2'), 12},
    {VDC_FOURCC_RGB24, VDC_FOURCC('R', 'G', 'B', '3'), 24},
    {VDC_FOURCC_GREY,  VDC_FOURCC('Y', '8', '0', '0'), 8 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What the data sheet says of every picture of the card. */
static void put_colour(struct ks_mode *mode, uint32_t fourcc)
{
    mode->matrix = fourcc == VDC_FOURCC_RGB24 ? VDC_MATRIX_RGB : VDC_MATRIX_BT601;
    mode->range = fourcc == VDC_FOURCC_RGB24 ? VDC_RANGE_FULL : VDC_RANGE_LIMITED;
    mode->chroma_site = fourcc == VDC_FOURCC_NV12 ? VDC_CHROMA_TOP_LEFT
                        : fourcc == VDC_FOURCC_YUYV || fourcc == VDC_FOURCC_UYVY ? VDC_CHROMA_LEFT
                                                                                 : VDC_CHROMA_ANY;
}

static int sane_mode(const struct vdw_mode *mode)
{
    return mode->width_px >= 1 && mode->width_px <= KS_SIDE_MAX && mode->height_px >= 1 &&
           mode->height_px <= KS_SIDE_MAX && mode->width_min_px >= 1 &&
           mode->width_min_px <= mode->width_px && mode->height_min_px >= 1 &&
           mode->height_min_px <= mode->height_px && mode->width_step_px >= 1 &&
           mode->width_step_px <= KS_SIDE_MAX && mode->height_step_px >= 1 &&
           mode->height_step_px <= KS_SIDE_MAX;
}

/* The SD rasters have the pixels of BT.601, all others square ones; here as the aspect of the picture. */
static void put_aspect(struct ks_mode *out)
{
    uint32_t num = 1;
    uint32_t den = 1;

    if (out->width == 720) {
        num = out->height == 576 ? 12 : 10;
        den = 11;
    }
    out->aspect_x = num * out->width;
    out->aspect_y = den * out->height;
}

static void put_mode(struct ks_mode *out, const struct ks_device *device,
                     const struct vdw_mode *mode, uint32_t number, uint32_t field)
{
    int windows = (device->identity.caps & KS_CAPS_CROP) != 0;

    memset(out, 0, sizeof(*out));
    out->own = 1;
    out->number = number + 1;
    out->width = mode->width_px;
    out->height = mode->height_px;
    out->width_max = mode->width_px;
    out->height_max = mode->height_px;
    out->width_min = windows ? mode->width_min_px : mode->width_px;
    out->height_min = windows ? mode->height_min_px : mode->height_px;
    out->width_step = mode->width_step_px;
    out->height_step = mode->height_step_px;
    out->interval_first = device->interval_count;
    out->field = field;
    put_aspect(out);
}

static int add_intervals(struct ks_device *device, struct ks_mode *out, uint32_t number,
                         uint32_t count)
{
    for (uint32_t k = 0; k < count && k < INTERVALS_MOST; k++) {
        struct vdw_interval one;
        uint32_t result =
            ks_own_get(device, VDW_PROPERTY_INTERVAL_INFO, number, k, &one, sizeof(one));

        if (result != KS_OK) {
            return ks_error(device, result, "asking for its frame intervals");
        }
        if (one.num == 0 || one.den == 0) {
            continue;
        }
        if (!ks_interval_add(device, (vdc_fraction){one.num, one.den},
                             ks_interval_100ns((vdc_fraction){one.num, one.den}))) {
            return vdi_error(VDC_E_NO_MEMORY, "ks:%s: no memory for its intervals", device->id);
        }
        out->interval_count++;
    }
    if (out->interval_count != 0) {
        out->interval_100ns = device->intervals[out->interval_first].hundred_ns;
    }
    return VDC_OK;
}

static int add_kinds(struct ks_device *device, struct ks_mode *mode, uint32_t formats)
{
    for (uint32_t bit = 0; bit < KINDS; bit++) {
        struct ks_bitmap *bitmap = &mode->header.bitmap;

        if (!(formats >> bit & 1u)) {
            continue;
        }
        mode->fourcc = kinds[bit].fourcc;
        mode->sub = ks_subtype_code;
        mode->sub.a = kinds[bit].sub;
        put_colour(mode, mode->fourcc);
        memset(bitmap, 0, sizeof(*bitmap));
        bitmap->bytes = sizeof(*bitmap);
        bitmap->planes = 1;
        bitmap->bits = (uint16_t)kinds[bit].bits;
        bitmap->compression = kinds[bit].sub;
        if (ks_mode_add(device, mode) == NULL) {
            return vdi_error(VDC_E_NO_MEMORY, "ks:%s: no memory for its modes", device->id);
        }
    }
    return VDC_OK;
}

static uint32_t field_now(const struct ks_device *device)
{
    struct vdw_timing timing;
    uint32_t number = 0;

    if (ks_own_get(device, VDW_PROPERTY_TIMING, 0, 0, &number, sizeof(number)) == KS_OK &&
        ks_own_get(device, VDW_PROPERTY_TIMING_INFO, number, 0, &timing, sizeof(timing)) == KS_OK &&
        timing.flags & 1u) {
        return VDC_FIELD_TOP_FIRST;
    }
    return VDC_FIELD_PROGRESSIVE;
}

int ks_own_modes(struct ks_device *device)
{
    uint32_t field = field_now(device);
    uint32_t input = 0;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_INPUT, 0, 0, &input, sizeof(input));
    int status = ks_error(device, result, "asking for its input");

    device->mode_count = 0;
    device->interval_count = 0;
    device->pin = 0;
    for (uint32_t i = 0; i < device->identity.mode_count && i < ITEMS_MOST && status == VDC_OK;
         i++) {
        struct vdw_mode mode;
        struct ks_mode out;

        result = ks_own_get(device, VDW_PROPERTY_MODE_INFO, i, 0, &mode, sizeof(mode));
        if (result != KS_OK) {
            return ks_error(device, result, "asking for its modes");
        }
        if (input > 31 || !(mode.inputs >> input & 1u) || !sane_mode(&mode)) {
            continue;
        }
        put_mode(&out, device, &mode, i, field);
        status = add_intervals(device, &out, i, mode.interval_count);
        if (status == VDC_OK && out.interval_count != 0) {
            status = add_kinds(device, &out, mode.formats);
        }
    }
    return status;
}

/* ---- Inputs and timings ---- */

static int list_inputs(struct vdi_device *base, struct vdi_sink *sink)
{
    struct ks_device *device = ks_device_of(base);
    int status = VDC_OK;

    for (uint32_t i = 0; i < device->identity.input_count && i < ITEMS_MOST && status == VDC_OK;
         i++) {
        struct vdw_input input;
        uint32_t result = ks_own_get(device, VDW_PROPERTY_INPUT_INFO, i, 0, &input, sizeof(input));
        vdc_input_info info;

        if (result != KS_OK) {
            return ks_error(device, result, "asking for its inputs");
        }
        input.name[sizeof(input.name) - 1] = 0;
        info.id = i;
        info.kind = input.kind == 1 ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL;
        info.name = input.name;
        status = vdi_sink_input(sink, &info);
    }
    return status;
}

static int select_number(struct ks_device *device, uint32_t property, uint32_t count,
                         uint32_t number, const char *tried)
{
    uint32_t result;

    if (number >= count) {
        return vdi_error(VDC_E_RANGE, "ks:%s: %s: there is no number %u", device->id, tried,
                         (unsigned)number);
    }
    result = ks_own_set(device, property, 0, &number, sizeof(number));
    if (result != KS_OK) {
        return ks_error(device, result, tried);
    }
    return ks_own_modes(device);
}

static int select_input(struct vdi_device *base, uint32_t input)
{
    struct ks_device *device = ks_device_of(base);

    return select_number(device, VDW_PROPERTY_INPUT, device->identity.input_count, input,
                         "selecting an input");
}

static int set_timing(struct vdi_device *base, uint32_t timing)
{
    struct ks_device *device = ks_device_of(base);

    return select_number(device, VDW_PROPERTY_TIMING, device->identity.timing_count, timing,
                         "selecting a timing");
}

static int read_signal(struct vdi_device *base, vdc_signal *out)
{
    static const uint32_t states[3] = {VDC_SIGNAL_NONE, VDC_SIGNAL_UNSTABLE, VDC_SIGNAL_LOCKED};
    struct ks_device *device = ks_device_of(base);
    struct vdw_signal signal;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_SIGNAL, 0, 0, &signal, sizeof(signal));

    if (result == KS_OK) {
        result = ks_own_get(device, VDW_PROPERTY_INPUT, 0, 0, &out->input, sizeof(out->input));
    }
    if (result == KS_OK) {
        result = ks_own_get(device, VDW_PROPERTY_TIMING, 0, 0, &out->selected_timing,
                            sizeof(out->selected_timing));
    }
    if (result != KS_OK) {
        return ks_error(device, result, "reading the signal");
    }
    out->state = signal.state < 3 ? states[signal.state] : (uint32_t)VDC_SIGNAL_UNKNOWN;
    if (out->state == VDC_SIGNAL_LOCKED && signal.mismatch) {
        out->state = VDC_SIGNAL_MISMATCH;
    }
    out->detected_timing = signal.detected < device->identity.timing_count
                               ? signal.detected
                               : (uint32_t)VDC_TIMING_NONE;
    out->changes = signal.changes;
    return VDC_OK;
}

static int add_timing(struct ks_device *device, struct vdi_sink *sink, uint32_t number)
{
    struct vdw_timing timing;
    uint32_t result =
        ks_own_get(device, VDW_PROPERTY_TIMING_INFO, number, 0, &timing, sizeof(timing));
    vdc_timing_info info;

    if (result != KS_OK) {
        return ks_error(device, result, "asking for its timings");
    }
    timing.name[sizeof(timing.name) - 1] = 0;
    memset(&info, 0, sizeof(info));
    info.id = number;
    info.kind = timing.kind == 1 ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL;
    info.name = timing.name;
    info.width_px = timing.width_px;
    info.height_px = timing.height_px;
    info.interval_s.num = timing.interval_num;
    info.interval_s.den = timing.interval_den;
    info.interlaced = timing.flags & 1u;
    info.pixel_clock_hz = timing.pixel_clock_khz * UINT64_C(1000);
    return vdi_sink_timing(sink, &info);
}

static int list_timings(struct vdi_device *base, struct vdi_sink *sink)
{
    struct ks_device *device = ks_device_of(base);
    struct vdw_input input;
    uint32_t number = 0;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_INPUT, 0, 0, &number, sizeof(number));
    int status = VDC_OK;

    if (result == KS_OK) {
        result = ks_own_get(device, VDW_PROPERTY_INPUT_INFO, number, 0, &input, sizeof(input));
    }
    if (result != KS_OK) {
        return ks_error(device, result, "asking for its timings");
    }
    for (uint32_t i = 0; i < input.timing_count && i < ITEMS_MOST && status == VDC_OK; i++) {
        if (input.timing_first + i < device->identity.timing_count) {
            status = add_timing(device, sink, input.timing_first + i);
        }
    }
    return status;
}

const struct vdi_input_ops ks_input_ops = {
    .list = list_inputs,
    .select = select_input,
    .signal = read_signal,
    .timings = list_timings,
    .set_timing = set_timing,
};
