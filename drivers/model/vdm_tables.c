/* SPDX-License-Identifier: MIT */
/*
 * The firmware's tables: whether they are well formed, and where each record stands. Once parsed
 * they are trusted; the counts are small enough that no offset can overflow.
 */
#include "vdm_private.h"

/* A member of a record, by the name it has in the layout table. */
#define AT16(record, layout, member)  vdm_get16((record) + VDM_M_##layout##_##member)
#define AT32(record, layout, member)  vdm_get32((record) + VDM_M_##layout##_##member)
#define ATS32(record, layout, member) ((int32_t)AT32(record, layout, member))

static const struct {
    uint16_t bytes;
    uint16_t count_at;
    uint16_t least;
    uint16_t most;
} kinds[VDM_RECORDS] = {
    [VDM_INPUT] = {VDM_BYTES_INPUT,    VDM_M_TABLES_INPUT_COUNT,    1, VDM_INPUTS_MAX  },
    [VDM_TIMING] = {VDM_BYTES_TIMING,   VDM_M_TABLES_TIMING_COUNT,   1, 64              },
    [VDM_MODE] = {VDM_BYTES_MODE,     VDM_M_TABLES_MODE_COUNT,     1, 64              },
    [VDM_INTERVAL] = {VDM_BYTES_INTERVAL, VDM_M_TABLES_INTERVAL_COUNT, 1, 256             },
    [VDM_CONTROL] = {VDM_BYTES_CONTROL,  VDM_M_TABLES_CONTROL_COUNT,  0, VDM_CONTROLS_MAX},
    [VDM_MENU] = {VDM_BYTES_MENU,     VDM_M_TABLES_MENU_COUNT,     0, 128             },
};

const uint8_t *vdm_tables_record(const struct vdm_tables *tables, enum vdm_record kind, uint32_t n)
{
    return tables->bytes + tables->offset[kind] + (size_t)n * kinds[kind].bytes;
}

static int zero(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        if (bytes[n] != 0) {
            return 0;
        }
    }
    return 1;
}

static int inside(uint32_t first, uint32_t count, uint32_t all)
{
    return first <= all && count <= all - first;
}

static int input_good(const struct vdm_tables *tables, const uint8_t *input)
{
    uint32_t kind = AT16(input, INPUT, KIND);
    uint32_t first = AT16(input, INPUT, TIMING_FIRST);
    uint32_t count = AT16(input, INPUT, TIMING_COUNT);
    uint32_t standard = AT16(input, INPUT, TIMING_DEFAULT);

    if (input[VDM_M_INPUT_NAME + 31] != 0 || kind > VDM_X_INPUT_KIND_ANALOG || count == 0 ||
        !inside(first, count, tables->count[VDM_TIMING]) || standard < first ||
        standard >= first + count || !zero(input + VDM_M_INPUT_RESERVED, 8)) {
        return 0;
    }
    for (uint32_t n = first; n < first + count; n++) {
        if (AT16(vdm_tables_record(tables, VDM_TIMING, n), TIMING, KIND) != kind) {
            return 0;
        }
    }
    return 1;
}

static int size_good(uint32_t size)
{
    return size >= 16 && size <= VDM_RASTER_MAX && size % 2u == 0;
}

static int timing_good(const uint8_t *timing)
{
    uint32_t num = AT32(timing, TIMING, INTERVAL_NUM);
    uint32_t den = AT32(timing, TIMING, INTERVAL_DEN);

    return timing[VDM_M_TIMING_NAME + 23] == 0 &&
           AT16(timing, TIMING, KIND) <= VDM_X_INPUT_KIND_ANALOG &&
           size_good(AT16(timing, TIMING, WIDTH)) && size_good(AT16(timing, TIMING, HEIGHT)) &&
           num != 0 && num <= 65535u && den != 0 && den <= 65535u &&
           zero(timing + VDM_M_TIMING_RESERVED, 4);
}

static int range_good(uint32_t least, uint32_t most, uint32_t step)
{
    return size_good(least) && size_good(most) && least <= most && step != 0 && step % 2u == 0;
}

static int mode_good(const struct vdm_tables *tables, const uint8_t *mode)
{
    uint32_t known = VDM_X_MODE_FORMATS_YUYV | VDM_X_MODE_FORMATS_UYVY | VDM_X_MODE_FORMATS_NV12 |
                     VDM_X_MODE_FORMATS_RGB24 | VDM_X_MODE_FORMATS_GREY;
    uint32_t inputs = (1u << tables->count[VDM_INPUT]) - 1u;

    return (AT16(mode, MODE, INPUTS) & inputs) != 0 && (AT16(mode, MODE, FORMATS) & known) != 0 &&
           range_good(AT16(mode, MODE, WIDTH_MIN), AT16(mode, MODE, WIDTH),
                      AT16(mode, MODE, WIDTH_STEP)) &&
           range_good(AT16(mode, MODE, HEIGHT_MIN), AT16(mode, MODE, HEIGHT),
                      AT16(mode, MODE, HEIGHT_STEP)) &&
           AT16(mode, MODE, INTERVAL_COUNT) != 0 &&
           inside(AT16(mode, MODE, INTERVAL_FIRST), AT16(mode, MODE, INTERVAL_COUNT),
                  tables->count[VDM_INTERVAL]) &&
           zero(mode + VDM_M_MODE_RESERVED, 12);
}

static int interval_good(const uint8_t *interval)
{
    uint32_t num = AT32(interval, INTERVAL, NUM);
    uint32_t den = AT32(interval, INTERVAL, DEN);

    return num >= 1 && num <= 65535 && den >= 1 && den <= 65535;
}

static int type_good(const uint8_t *control)
{
    int32_t most = ATS32(control, CONTROL, MAXIMUM);
    int32_t entries = (int32_t)AT16(control, CONTROL, MENU_COUNT);
    int unit = ATS32(control, CONTROL, MINIMUM) == 0 && ATS32(control, CONTROL, STEP) == 1;

    switch (AT16(control, CONTROL, TYPE)) {
    case VDM_X_CONTROL_TYPE_INTEGER:
        return entries == 0;
    case VDM_X_CONTROL_TYPE_BOOLEAN:
        return entries == 0 && unit && most == 1;
    case VDM_X_CONTROL_TYPE_MENU:
        return entries > 0 && unit && most == entries - 1;
    case VDM_X_CONTROL_TYPE_BUTTON:
        return entries == 0 && ATS32(control, CONTROL, MINIMUM) == 0 && most == 0;
    default:
        return 0;
    }
}

static int control_good(const struct vdm_tables *tables, uint32_t place)
{
    const uint8_t *control = vdm_tables_record(tables, VDM_CONTROL, place);
    uint32_t id = AT16(control, CONTROL, ID);
    int32_t least = ATS32(control, CONTROL, MINIMUM);
    int32_t step = ATS32(control, CONTROL, STEP);
    int32_t standard = ATS32(control, CONTROL, DEFAULT);
    uint32_t entries = AT16(control, CONTROL, MENU_COUNT);

    for (uint32_t n = 0; n < place; n++) {
        if (AT16(vdm_tables_record(tables, VDM_CONTROL, n), CONTROL, ID) == id) {
            return 0;
        }
    }
    return id != 0 && type_good(control) && least <= standard &&
           standard <= ATS32(control, CONTROL, MAXIMUM) && step >= 1 &&
           ((int64_t)standard - least) % step == 0 &&
           (entries == 0 ||
            inside(AT16(control, CONTROL, MENU_FIRST), entries, tables->count[VDM_MENU])) &&
           control[VDM_M_CONTROL_NAME + 31] == 0 && zero(control + VDM_M_CONTROL_RESERVED, 2) &&
           zero(control + VDM_M_CONTROL_RESERVED2, 4);
}

static int record_good(const struct vdm_tables *tables, enum vdm_record kind, uint32_t n)
{
    const uint8_t *record = vdm_tables_record(tables, kind, n);

    switch (kind) {
    case VDM_INPUT:
        return input_good(tables, record);
    case VDM_TIMING:
        return timing_good(record);
    case VDM_MODE:
        return mode_good(tables, record);
    case VDM_INTERVAL:
        return interval_good(record);
    case VDM_CONTROL:
        return control_good(tables, n);
    case VDM_MENU:
        return record[VDM_M_MENU_NAME + 31] == 0;
    case VDM_RECORDS:
        break;
    }
    return 0;
}

int vdm_tables_parse(struct vdm_tables *out, const uint8_t *bytes, uint32_t size)
{
    uint32_t end = VDM_BYTES_TABLES;

    memset(out, 0, sizeof *out);
    if (size < VDM_BYTES_TABLES ||
        AT32(bytes, TABLES, MAGIC) != (uint32_t)VDM_X_TABLES_MAGIC_TABLES ||
        AT16(bytes, TABLES, FORMAT) != VDM_X_TABLES_FORMAT_V1 ||
        AT16(bytes, TABLES, HEADER_BYTES) != VDM_BYTES_TABLES ||
        !zero(bytes + VDM_M_TABLES_RESERVED, 8)) {
        return 0;
    }
    out->bytes = bytes;
    for (uint32_t kind = 0; kind < VDM_RECORDS; kind++) {
        out->count[kind] = vdm_get16(bytes + kinds[kind].count_at);
        if (out->count[kind] < kinds[kind].least || out->count[kind] > kinds[kind].most) {
            return 0;
        }
        out->offset[kind] = end;
        end += out->count[kind] * kinds[kind].bytes;
    }
    out->total = end;
    if (AT32(bytes, TABLES, TOTAL_BYTES) != end || end > size) {
        return 0;
    }
    for (uint32_t kind = 0; kind < VDM_RECORDS; kind++) {
        for (uint32_t n = 0; n < out->count[kind]; n++) {
            if (!record_good(out, (enum vdm_record)kind, n)) {
                return 0;
            }
        }
    }
    return 1;
}
