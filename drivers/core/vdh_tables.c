/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Firmware tables: the check, record by record so that it can stop anywhere, and the getters. After
 * a check no index can lead outside; the getters check only the number they are given.
 */
#include "vdh_tables.h"

#define SIZE_MIN_PX   16u
#define SIZE_MAX_PX   8192u
#define FORMATS_KNOWN 0x1fu

/* The records, in the order in which they follow the head. */
enum section {
    IN_HEAD,
    IN_INPUTS,
    IN_TIMINGS,
    IN_MODES,
    IN_INTERVALS,
    IN_CONTROLS,
    IN_MENUS,
    DONE,
    BAD
};

struct section_shape {
    uint8_t count_offset; /* where in the head the number of records stands */
    uint8_t record_bytes;
    uint8_t least;
    uint16_t most;
};

static const struct section_shape shapes[] = {
    {0,                           VDH_S_TABLES,   1, 1  },
    {VDH_O_TABLES_INPUT_COUNT,    VDH_S_INPUT,    1, 8  },
    {VDH_O_TABLES_TIMING_COUNT,   VDH_S_TIMING,   1, 64 },
    {VDH_O_TABLES_MODE_COUNT,     VDH_S_MODE,     1, 64 },
    {VDH_O_TABLES_INTERVAL_COUNT, VDH_S_INTERVAL, 1, 256},
    {VDH_O_TABLES_CONTROL_COUNT,  VDH_S_CONTROL,  0, 32 },
    {VDH_O_TABLES_MENU_COUNT,     VDH_S_MENU,     0, 128},
};

static uint32_t section_count(const struct vdh_tables *tables, uint32_t section)
{
    switch (section) {
    case IN_INPUTS:
        return tables->input_count;
    case IN_TIMINGS:
        return tables->timing_count;
    case IN_MODES:
        return tables->mode_count;
    case IN_INTERVALS:
        return tables->interval_count;
    case IN_CONTROLS:
        return tables->control_count;
    case IN_MENUS:
        return tables->menu_count;
    default:
        return 1;
    }
}

/* Entry `index` of a section; NULL past its end. */
static const uint8_t *record(const struct vdh_tables *tables, uint32_t section, uint32_t index)
{
    uint32_t offset = 0;

    if (!tables->bytes || index >= section_count(tables, section))
        return NULL;
    for (uint32_t i = IN_HEAD; i < section; i++)
        offset += section_count(tables, i) * shapes[i].record_bytes;
    return tables->bytes + offset + (size_t)index * shapes[section].record_bytes;
}

static int is_zero(const uint8_t *bytes, uint32_t count)
{
    uint8_t any = 0;

    for (uint32_t i = 0; i < count; i++)
        any |= bytes[i];
    return any == 0;
}

/* first + count lies within total. */
static int within(uint32_t first, uint32_t count, uint32_t total)
{
    return count <= total && first <= total - count;
}

static int is_fraction(const uint8_t *num, const uint8_t *den)
{
    uint32_t n = vdh_get_u32(num);
    uint32_t d = vdh_get_u32(den);

    return n >= 1u && n <= 65535u && d >= 1u && d <= 65535u;
}

static int is_even_size(uint32_t size)
{
    return size >= SIZE_MIN_PX && size <= SIZE_MAX_PX && size % 2u == 0;
}

static int head_is_good(struct vdh_tables_check *check)
{
    const uint8_t *head = check->bytes;
    struct vdh_tables *view = &check->view;
    uint32_t total = 0;

    if (check->count < VDH_S_TABLES || check->count > VDH_TABLES_MAX_BYTES)
        return 0;
    if (vdh_get_u32(head + VDH_O_TABLES_MAGIC) != (uint32_t)VDH_L_TABLES_MAGIC_TABLES ||
        vdh_get_u16(head + VDH_O_TABLES_FORMAT) != VDH_L_TABLES_FORMAT_V1 ||
        vdh_get_u16(head + VDH_O_TABLES_HEADER_BYTES) != VDH_S_TABLES ||
        !is_zero(head + VDH_O_TABLES_RESERVED, 8))
        return 0;
    for (uint32_t i = IN_HEAD; i < DONE; i++) {
        const struct section_shape *shape = &shapes[i];
        uint32_t count = i == IN_HEAD ? 1u : vdh_get_u16(head + shape->count_offset);

        if (count < shape->least || count > shape->most)
            return 0;
        total += count * shape->record_bytes;
    }
    if (vdh_get_u32(head + VDH_O_TABLES_TOTAL_BYTES) != total || total > check->count)
        return 0;
    view->bytes = head;
    view->input_count = vdh_get_u16(head + VDH_O_TABLES_INPUT_COUNT);
    view->timing_count = vdh_get_u16(head + VDH_O_TABLES_TIMING_COUNT);
    view->mode_count = vdh_get_u16(head + VDH_O_TABLES_MODE_COUNT);
    view->interval_count = vdh_get_u16(head + VDH_O_TABLES_INTERVAL_COUNT);
    view->control_count = vdh_get_u16(head + VDH_O_TABLES_CONTROL_COUNT);
    view->menu_count = vdh_get_u16(head + VDH_O_TABLES_MENU_COUNT);
    return 1;
}

static int input_is_good(const struct vdh_tables *view, const uint8_t *at)
{
    uint32_t first = vdh_get_u16(at + VDH_O_INPUT_TIMING_FIRST);
    uint32_t count = vdh_get_u16(at + VDH_O_INPUT_TIMING_COUNT);
    uint32_t chosen = vdh_get_u16(at + VDH_O_INPUT_TIMING_DEFAULT);

    return at[VDH_O_INPUT_NAME + 31] == 0 && is_zero(at + VDH_O_INPUT_RESERVED, 8) &&
           vdh_get_u16(at + VDH_O_INPUT_KIND) <= VDH_L_INPUT_KIND_ANALOG && count >= 1u &&
           within(first, count, view->timing_count) && chosen >= first && chosen - first < count;
}

/* The inputs were checked before, so what refers to this timing is known by now. */
static int timing_is_good(const struct vdh_tables *view, const uint8_t *at, uint32_t index)
{
    uint32_t kind = vdh_get_u16(at + VDH_O_TIMING_KIND);

    if (at[VDH_O_TIMING_NAME + 23] != 0 || !is_zero(at + VDH_O_TIMING_RESERVED, 4) ||
        kind > VDH_L_INPUT_KIND_ANALOG || !is_even_size(vdh_get_u16(at + VDH_O_TIMING_WIDTH)) ||
        !is_even_size(vdh_get_u16(at + VDH_O_TIMING_HEIGHT)) ||
        !is_fraction(at + VDH_O_TIMING_INTERVAL_NUM, at + VDH_O_TIMING_INTERVAL_DEN))
        return 0;
    for (uint32_t i = 0; i < view->input_count; i++) {
        const uint8_t *input = record(view, IN_INPUTS, i);
        uint32_t first = vdh_get_u16(input + VDH_O_INPUT_TIMING_FIRST);

        if (index - first < vdh_get_u16(input + VDH_O_INPUT_TIMING_COUNT) &&
            vdh_get_u16(input + VDH_O_INPUT_KIND) != kind)
            return 0;
    }
    return 1;
}

static int mode_axis_is_good(const uint8_t *largest, const uint8_t *smallest, const uint8_t *step)
{
    uint32_t most = vdh_get_u16(largest);
    uint32_t least = vdh_get_u16(smallest);
    uint32_t by = vdh_get_u16(step);

    return is_even_size(most) && is_even_size(least) && least <= most && by != 0 && by % 2u == 0;
}

static int mode_is_good(const struct vdh_tables *view, const uint8_t *at)
{
    uint32_t inputs = vdh_get_u16(at + VDH_O_MODE_INPUTS);
    uint32_t intervals = vdh_get_u16(at + VDH_O_MODE_INTERVAL_COUNT);

    return (inputs & ((1u << view->input_count) - 1u)) != 0 &&
           (vdh_get_u16(at + VDH_O_MODE_FORMATS) & FORMATS_KNOWN) != 0 &&
           mode_axis_is_good(at + VDH_O_MODE_WIDTH, at + VDH_O_MODE_WIDTH_MIN,
                             at + VDH_O_MODE_WIDTH_STEP) &&
           mode_axis_is_good(at + VDH_O_MODE_HEIGHT, at + VDH_O_MODE_HEIGHT_MIN,
                             at + VDH_O_MODE_HEIGHT_STEP) &&
           intervals >= 1u &&
           within(vdh_get_u16(at + VDH_O_MODE_INTERVAL_FIRST), intervals, view->interval_count) &&
           is_zero(at + VDH_O_MODE_RESERVED, 12);
}

static int32_t get_s32(const uint8_t *bytes)
{
    uint32_t value = vdh_get_u32(bytes);
    int32_t out;

    memcpy(&out, &value, sizeof(out));
    return out;
}

static int control_values_are_good(const struct vdh_tables *view, const uint8_t *at)
{
    uint32_t type = vdh_get_u16(at + VDH_O_CONTROL_TYPE);
    uint32_t items = vdh_get_u16(at + VDH_O_CONTROL_MENU_COUNT);
    int32_t low = get_s32(at + VDH_O_CONTROL_MINIMUM);
    int32_t high = get_s32(at + VDH_O_CONTROL_MAXIMUM);
    int32_t step = get_s32(at + VDH_O_CONTROL_STEP);
    int32_t def = get_s32(at + VDH_O_CONTROL_DEFAULT);

    if (low > def || def > high || step < 1 ||
        ((uint32_t)def - (uint32_t)low) % (uint32_t)step != 0)
        return 0;
    if (type != VDH_L_CONTROL_TYPE_MENU && items != 0)
        return 0;
    switch (type) {
    case VDH_L_CONTROL_TYPE_INTEGER:
        return 1;
    case VDH_L_CONTROL_TYPE_BOOLEAN:
        return low == 0 && high == 1 && step == 1;
    case VDH_L_CONTROL_TYPE_MENU:
        return items >= 1u &&
               within(vdh_get_u16(at + VDH_O_CONTROL_MENU_FIRST), items, view->menu_count) &&
               low == 0 && high == (int32_t)items - 1 && step == 1;
    case VDH_L_CONTROL_TYPE_BUTTON:
        return low == 0 && high == 0;
    default:
        return 0;
    }
}

static int control_is_good(const struct vdh_tables *view, const uint8_t *at, uint32_t index)
{
    uint32_t id = vdh_get_u16(at + VDH_O_CONTROL_ID);

    if (id == 0 || at[VDH_O_CONTROL_NAME + 31] != 0 || !is_zero(at + VDH_O_CONTROL_RESERVED, 2) ||
        !is_zero(at + VDH_O_CONTROL_RESERVED2, 4))
        return 0;
    for (uint32_t i = 0; i < index; i++) {
        if (vdh_get_u16(record(view, IN_CONTROLS, i) + VDH_O_CONTROL_ID) == id)
            return 0;
    }
    return control_values_are_good(view, at);
}

static int record_is_good(struct vdh_tables_check *check)
{
    const struct vdh_tables *view = &check->view;
    const uint8_t *at = check->bytes + check->offset;

    switch (check->section) {
    case IN_HEAD:
        return head_is_good(check);
    case IN_INPUTS:
        return input_is_good(view, at);
    case IN_TIMINGS:
        return timing_is_good(view, at, check->index);
    case IN_MODES:
        return mode_is_good(view, at);
    case IN_INTERVALS:
        return is_fraction(at + VDH_O_INTERVAL_NUM, at + VDH_O_INTERVAL_DEN);
    case IN_CONTROLS:
        return control_is_good(view, at, check->index);
    default:
        return at[VDH_O_MENU_NAME + 31] == 0;
    }
}

void vdh_tables_check_start(struct vdh_tables_check *check, const uint8_t *bytes, uint32_t count)
{
    memset(check, 0, sizeof(*check));
    check->bytes = bytes;
    check->count = count;
    check->section = bytes ? IN_HEAD : BAD;
}

int vdh_tables_check_step(struct vdh_tables_check *check, uint32_t budget_bytes)
{
    if (budget_bytes < 64u)
        budget_bytes = 64u;
    while (check->section < DONE) {
        uint32_t size = shapes[check->section].record_bytes;

        if (check->index >= section_count(&check->view, check->section)) {
            check->section++;
            check->index = 0;
            continue;
        }
        if (size > budget_bytes)
            return VDH_AGAIN;
        budget_bytes -= size;
        if (!record_is_good(check)) {
            memset(&check->view, 0, sizeof(check->view));
            check->section = BAD;
            break;
        }
        check->offset += size;
        check->index++;
    }
    return check->section == DONE ? VDH_OK : VDH_E_TABLES;
}

int vdh_tables_parse(struct vdh_tables *out, const uint8_t *bytes, uint32_t count)
{
    struct vdh_tables_check check;
    int result;

    vdh_tables_check_start(&check, bytes, count);
    result = vdh_tables_check_step(&check, VDH_TABLES_MAX_BYTES);
    *out = check.view;
    return result;
}

static void get_name(char *out, const uint8_t *bytes, uint32_t size)
{
    memcpy(out, bytes, size);
    out[size - 1u] = 0;
}

int vdh_tables_input(struct vdh_input_info *out, const struct vdh_tables *tables, uint32_t index)
{
    const uint8_t *at = record(tables, IN_INPUTS, index);

    if (!at)
        return VDH_E_RANGE;
    get_name(out->name, at + VDH_O_INPUT_NAME, sizeof(out->name));
    out->kind = vdh_get_u16(at + VDH_O_INPUT_KIND);
    out->timing_first = vdh_get_u16(at + VDH_O_INPUT_TIMING_FIRST);
    out->timing_count = vdh_get_u16(at + VDH_O_INPUT_TIMING_COUNT);
    out->timing_default = vdh_get_u16(at + VDH_O_INPUT_TIMING_DEFAULT);
    return VDH_OK;
}

int vdh_tables_timing(struct vdh_timing_info *out, const struct vdh_tables *tables, uint32_t index)
{
    const uint8_t *at = record(tables, IN_TIMINGS, index);

    if (!at)
        return VDH_E_RANGE;
    get_name(out->name, at + VDH_O_TIMING_NAME, sizeof(out->name));
    out->kind = vdh_get_u16(at + VDH_O_TIMING_KIND);
    out->flags = vdh_get_u16(at + VDH_O_TIMING_FLAGS);
    out->width = vdh_get_u16(at + VDH_O_TIMING_WIDTH);
    out->height = vdh_get_u16(at + VDH_O_TIMING_HEIGHT);
    out->interval_num = vdh_get_u32(at + VDH_O_TIMING_INTERVAL_NUM);
    out->interval_den = vdh_get_u32(at + VDH_O_TIMING_INTERVAL_DEN);
    out->pixel_clock_khz = vdh_get_u32(at + VDH_O_TIMING_PIXEL_CLOCK_KHZ);
    return VDH_OK;
}

int vdh_tables_mode(struct vdh_mode_info *out, const struct vdh_tables *tables, uint32_t index)
{
    const uint8_t *at = record(tables, IN_MODES, index);

    if (!at)
        return VDH_E_RANGE;
    out->inputs = vdh_get_u16(at + VDH_O_MODE_INPUTS);
    out->formats = vdh_get_u16(at + VDH_O_MODE_FORMATS);
    out->width = vdh_get_u16(at + VDH_O_MODE_WIDTH);
    out->height = vdh_get_u16(at + VDH_O_MODE_HEIGHT);
    out->width_min = vdh_get_u16(at + VDH_O_MODE_WIDTH_MIN);
    out->height_min = vdh_get_u16(at + VDH_O_MODE_HEIGHT_MIN);
    out->width_step = vdh_get_u16(at + VDH_O_MODE_WIDTH_STEP);
    out->height_step = vdh_get_u16(at + VDH_O_MODE_HEIGHT_STEP);
    out->interval_first = vdh_get_u16(at + VDH_O_MODE_INTERVAL_FIRST);
    out->interval_count = vdh_get_u16(at + VDH_O_MODE_INTERVAL_COUNT);
    return VDH_OK;
}

int vdh_tables_interval(struct vdh_interval *out, const struct vdh_tables *tables, uint32_t index)
{
    const uint8_t *at = record(tables, IN_INTERVALS, index);

    if (!at)
        return VDH_E_RANGE;
    out->num = vdh_get_u32(at + VDH_O_INTERVAL_NUM);
    out->den = vdh_get_u32(at + VDH_O_INTERVAL_DEN);
    return VDH_OK;
}

int vdh_tables_control(struct vdh_control_info *out, const struct vdh_tables *tables,
                       uint32_t index)
{
    const uint8_t *at = record(tables, IN_CONTROLS, index);

    if (!at)
        return VDH_E_RANGE;
    out->id = vdh_get_u16(at + VDH_O_CONTROL_ID);
    out->type = vdh_get_u16(at + VDH_O_CONTROL_TYPE);
    out->flags = vdh_get_u16(at + VDH_O_CONTROL_FLAGS);
    out->menu_first = vdh_get_u16(at + VDH_O_CONTROL_MENU_FIRST);
    out->menu_count = vdh_get_u16(at + VDH_O_CONTROL_MENU_COUNT);
    out->minimum = get_s32(at + VDH_O_CONTROL_MINIMUM);
    out->maximum = get_s32(at + VDH_O_CONTROL_MAXIMUM);
    out->step = get_s32(at + VDH_O_CONTROL_STEP);
    out->def = get_s32(at + VDH_O_CONTROL_DEFAULT);
    get_name(out->name, at + VDH_O_CONTROL_NAME, sizeof(out->name));
    return VDH_OK;
}

int vdh_tables_menu(char name[32], const struct vdh_tables *tables, uint32_t control, uint32_t item)
{
    const uint8_t *at = record(tables, IN_CONTROLS, control);

    if (!at || item >= vdh_get_u16(at + VDH_O_CONTROL_MENU_COUNT))
        return VDH_E_RANGE;
    at = record(tables, IN_MENUS, vdh_get_u16(at + VDH_O_CONTROL_MENU_FIRST) + item);
    if (!at)
        return VDH_E_RANGE;
    get_name(name, at, 32);
    return VDH_OK;
}
