/* SPDX-License-Identifier: MIT */
/* Any bytes as a pin's list of data ranges: what is accepted must be a picture, within bounds. */
#include <stdlib.h>
#include <string.h>

#include "ks_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void require_axis(uint32_t favourite, uint32_t least, uint32_t most, uint32_t step)
{
    require(least >= 1 && least <= favourite && favourite <= most && most <= KS_SIDE_MAX);
    require(step >= 1 && step <= 2 * KS_SIDE_MAX);
}

static void require_mode(const struct ks_mode *mode)
{
    vdc_fraction interval = ks_interval_fraction(mode->interval_100ns);

    require(mode->fourcc != 0);
    require_axis(mode->width, mode->width_min, mode->width_max, mode->width_step);
    require_axis(mode->height, mode->height_min, mode->height_max, mode->height_step);
    require(mode->interval_min_100ns <= mode->interval_100ns);
    require(mode->interval_100ns <= mode->interval_max_100ns);
    require((interval.den != 0) == (mode->interval_100ns != 0));
    require(mode->field <= VDC_FIELD_BOTTOM_FIRST && mode->range <= VDC_RANGE_FULL);
    require((mode->compressed != 0) == (ks_stride_bytes(mode, mode->width_max) == 0));
}

/* A list of exactly these bytes; `modes` of its items were understood. */
static void walk(const uint8_t *bytes, size_t size)
{
    size_t offset = 0;
    uint32_t count = 0;
    const uint8_t *item;

    while ((item = ks_range_next(bytes, size, &offset, &count)) != NULL) {
        struct ks_mode mode;

        require(item >= bytes && count <= size - (size_t)(item - bytes));
        if (ks_range_parse(&mode, item, count)) {
            require_mode(&mode);
        }
    }
}

/* Makes of any bytes a range that names video, so that what lies behind the names is reached. */
static void repair(uint8_t *bytes, size_t size)
{
    struct ks_format format;
    uint32_t code;

    if (size < sizeof(struct ks_video_range) + sizeof(struct ks_video)) {
        return;
    }
    memcpy(&format, bytes, sizeof(format));
    code = format.sub.a;
    format.specifier = format.reserved & 1 ? ks_specifier_video2 : ks_specifier_video;
    format.major = ks_type_video;
    format.sub = format.reserved & 2 ? ks_subtype_rgb24 : ks_subtype_code;
    if (!(format.reserved & 2)) {
        static const uint32_t known[] = {0x32595559, 0x3231564e, 0x47504a4d, 0x59565955};

        format.sub.a = format.reserved & 4 ? code : known[code % 4];
    }
    format.bytes = (uint32_t)size;
    memcpy(bytes, &format, sizeof(format));
}

/* In memory of its very length; at least `least` bytes, the rest 0. */
static void check(const uint8_t *data, size_t size, size_t least, int repaired)
{
    size_t count = size > least ? size : least;
    uint8_t *bytes = calloc(1, count ? count : 1);

    if (!bytes) {
        return;
    }
    if (size != 0) {
        memcpy(bytes, data, size);
    }
    if (repaired) {
        repair(bytes, count);
    }
    walk(bytes, count);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size, 0, 0);
    check(data, size, 0, 1);
    check(data, size, sizeof(struct ks_video_range) + sizeof(struct ks_video2), 1);
    return 0;
}
