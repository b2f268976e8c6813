/* SPDX-License-Identifier: MIT */
/*
 * Vidicon's own property set: what vdw_interface.h promises. User space reaches only those registers
 * that the table marks; the core refuses the others.
 */
#include "vdw.h"

#define SELECTED (sizeof(KSPROPERTY) + sizeof(struct vdw_selector))

/* One line a property: what the request and the value must hold at least. The class driver gets it as
 * KSPROPERTY_ITEMs, and vdw_own_property checks by it again. */
#define ITEMS(ITEM)                                                                              \
    ITEM(IDENTITY, sizeof(KSPROPERTY), sizeof(struct vdw_identity), TRUE, FALSE)                 \
    ITEM(REGISTER, SELECTED, sizeof(uint32_t), TRUE, TRUE)                                       \
    ITEM(FIRMWARE_STATUS, sizeof(KSPROPERTY), sizeof(struct vdw_firmware_status), TRUE, FALSE)   \
    ITEM(FIRMWARE_COMMAND, sizeof(KSPROPERTY), sizeof(struct vdw_firmware_command), FALSE, TRUE) \
    ITEM(INPUT_INFO, SELECTED, sizeof(struct vdw_input), TRUE, FALSE)                            \
    ITEM(TIMING_INFO, SELECTED, sizeof(struct vdw_timing), TRUE, FALSE)                          \
    ITEM(CONTROL_INFO, SELECTED, sizeof(struct vdw_control), TRUE, FALSE)                        \
    ITEM(MENU_NAME, SELECTED, 32, TRUE, FALSE)                                                   \
    ITEM(CONTROL, SELECTED, sizeof(int32_t), TRUE, TRUE)                                         \
    ITEM(INPUT, sizeof(KSPROPERTY), sizeof(uint32_t), TRUE, TRUE)                                \
    ITEM(TIMING, sizeof(KSPROPERTY), sizeof(uint32_t), TRUE, TRUE)                               \
    ITEM(PATTERN, sizeof(KSPROPERTY), sizeof(uint32_t), FALSE, TRUE)                             \
    ITEM(SIGNAL, sizeof(KSPROPERTY), sizeof(struct vdw_signal), TRUE, FALSE)                     \
    ITEM(TIME, sizeof(KSPROPERTY), sizeof(struct vdw_time), TRUE, FALSE)                         \
    ITEM(COUNTS, sizeof(KSPROPERTY), sizeof(struct vdw_counts), TRUE, FALSE)                     \
    ITEM(MODE_INFO, SELECTED, sizeof(struct vdw_mode), TRUE, FALSE)                              \
    ITEM(INTERVAL_INFO, SELECTED, sizeof(struct vdw_interval), TRUE, FALSE)                      \
    ITEM(REGISTER_INFO, SELECTED, sizeof(struct vdw_register_info), TRUE, FALSE)

#define AS_ITEM(name, request, value, get, set) \
    {VDW_PROPERTY_##name,                       \
     {.GetSupported = (get)},                   \
     (request),                                 \
     (value),                                   \
     {.SetSupported = (set)},                   \
     NULL,                                      \
     0,                                         \
     NULL,                                      \
     NULL,                                      \
     0},

/* What a program was compiled with, of whatever width: nothing is padded. */
_Static_assert(sizeof(struct vdw_selector) == 8, "as in the interface");
_Static_assert(sizeof(struct vdw_identity) == 88, "as in the interface");
_Static_assert(sizeof(struct vdw_register_info) == 176, "as in the interface");
_Static_assert(sizeof(struct vdw_firmware_status) == 80, "as in the interface");
_Static_assert(sizeof(struct vdw_firmware_command) == 16, "as in the interface");
_Static_assert(sizeof(struct vdw_input) == 48, "as in the interface");
_Static_assert(sizeof(struct vdw_timing) == 56, "as in the interface");
_Static_assert(sizeof(struct vdw_mode) == 40, "as in the interface");
_Static_assert(sizeof(struct vdw_interval) == 8, "as in the interface");
_Static_assert(sizeof(struct vdw_control) == 64, "as in the interface");
_Static_assert(sizeof(struct vdw_signal) == 16, "as in the interface");
_Static_assert(sizeof(struct vdw_time) == 32, "as in the interface");
_Static_assert(sizeof(struct vdw_counts) == 64, "as in the interface");
_Static_assert(sizeof(struct vdw_format) == 32, "as in the interface");
_Static_assert(sizeof(struct vdw_frame_info) == 56, "as in the interface");

const KSPROPERTY_ITEM vdw_own_items[VDW_PROPERTY_COUNT] = {ITEMS(AS_ITEM)};

/* What a get hands back, so that each need not be written to the value on its own. */
static NTSTATUS give(struct vdw_property_call *call, int result, const void *from, uint32_t bytes)
{
    if (result == VDH_OK) {
        memcpy(call->value, from, bytes);
        call->used_bytes = bytes;
    }
    return vdw_status(result);
}

static int is_programs(const struct vdh_reg_info *reg)
{
    return reg->user != VDH_USER_NONE && reg->body != VDH_BODY_USB;
}

static uint32_t count_registers(void)
{
    const struct vdh_reg_info *reg;
    uint32_t count = 0;

    for (uint32_t i = 0; (reg = vdh_reg_at(i)) != NULL; i++)
        count += is_programs(reg) ? 1u : 0u;
    return count;
}

/* `to` is zero: what is too long is cut, and the last byte stays. */
static void copy_text(char *to, const char *from, uint32_t bytes)
{
    for (uint32_t i = 0; i + 1 < bytes && from[i]; i++)
        to[i] = from[i];
}

static NTSTATUS get_register(struct vdw_property_call *call, uint32_t index)
{
    const struct vdh_reg_info *reg;
    struct vdw_register_info out;

    for (uint32_t i = 0; (reg = vdh_reg_at(i)) != NULL; i++) {
        if (is_programs(reg) && index-- == 0)
            break;
    }
    memset(&out, 0, sizeof(out));
    if (reg) {
        out.offset = reg->offset;
        out.count = reg->count;
        out.access = VDW_REGISTER_READ | (reg->user == VDH_USER_WRITE ? VDW_REGISTER_WRITE : 0u);
        copy_text(out.name, reg->name, sizeof(out.name));
        copy_text(out.help, reg->help, sizeof(out.help));
    }
    return give(call, reg ? VDH_OK : VDH_E_RANGE, &out, sizeof(out));
}

static NTSTATUS get_identity(struct vdw_property_call *call)
{
    const struct vdw_device *device = call->device;
    const struct vdh_identity *identity = &device->core.identity;
    struct vdw_identity out;

    memset(&out, 0, sizeof(out));
    out.interface_version = VDW_INTERFACE_VERSION;
    out.limited = !device->ready;
    out.revision = identity->revision;
    out.caps = identity->caps;
    out.target = identity->target;
    out.version_min = identity->version_min;
    out.version_max = identity->version_max;
    out.capacity_bytes = identity->capacity_bytes;
    out.time_hz = identity->time_hz;
    out.time_tolerance_ppm = identity->time_tolerance_ppm;
    out.input_count = device->core.tables.input_count;
    out.timing_count = device->core.tables.timing_count;
    out.mode_count = device->core.tables.mode_count;
    out.control_count = device->core.tables.control_count;
    out.body = device->memory ? 0 : 1;
    out.register_count = count_registers();
    memcpy(out.serial, identity->serial, sizeof(identity->serial));
    return give(call, VDH_OK, &out, sizeof(out));
}

static NTSTATUS get_input(struct vdw_property_call *call, uint32_t index)
{
    struct vdh_input_info info;
    struct vdw_input out;
    int result = vdh_tables_input(&info, &call->device->core.tables, index);

    memset(&out, 0, sizeof(out));
    if (!result) {
        memcpy(out.name, info.name, sizeof(out.name));
        out.kind = info.kind;
        out.timing_first = info.timing_first;
        out.timing_count = info.timing_count;
        out.timing_default = info.timing_default;
    }
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_timing(struct vdw_property_call *call, uint32_t index)
{
    struct vdh_timing_info info;
    struct vdw_timing out;
    int result = vdh_tables_timing(&info, &call->device->core.tables, index);

    memset(&out, 0, sizeof(out));
    if (!result) {
        memcpy(out.name, info.name, sizeof(out.name));
        out.kind = info.kind;
        out.flags = info.flags;
        out.width_px = info.width;
        out.height_px = info.height;
        out.interval_num = info.interval_num;
        out.interval_den = info.interval_den;
        out.pixel_clock_khz = info.pixel_clock_khz;
    }
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_mode(struct vdw_property_call *call, uint32_t index)
{
    struct vdh_mode_info info;
    struct vdw_mode out;
    int result = vdh_tables_mode(&info, &call->device->core.tables, index);

    memset(&out, 0, sizeof(out));
    if (!result) {
        out.inputs = info.inputs;
        out.formats = info.formats;
        out.width_px = info.width;
        out.height_px = info.height;
        out.width_min_px = info.width_min;
        out.height_min_px = info.height_min;
        out.width_step_px = info.width_step;
        out.height_step_px = info.height_step;
        out.interval_count = info.interval_count;
    }
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_interval(struct vdw_property_call *call, const struct vdw_selector *selector)
{
    const struct vdh_tables *tables = &call->device->core.tables;
    struct vdh_mode_info mode;
    struct vdh_interval info = {0, 0};
    struct vdw_interval out;
    int result = vdh_tables_mode(&mode, tables, selector->index);

    if (!result && selector->item >= mode.interval_count)
        result = VDH_E_RANGE;
    if (!result)
        result = vdh_tables_interval(&info, tables, mode.interval_first + selector->item);
    out.num = info.num;
    out.den = info.den;
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_control(struct vdw_property_call *call, uint32_t index)
{
    struct vdh_control_info info;
    struct vdw_control out;
    int result = vdh_tables_control(&info, &call->device->core.tables, index);

    memset(&out, 0, sizeof(out));
    if (!result) {
        out.id = info.id;
        out.type = info.type;
        out.flags = info.flags;
        out.menu_count = info.menu_count;
        out.minimum = info.minimum;
        out.maximum = info.maximum;
        out.step = info.step;
        out.default_value = info.def;
        memcpy(out.name, info.name, sizeof(out.name));
    }
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_signal(struct vdw_property_call *call)
{
    struct vdh_signal signal;
    struct vdw_signal out;
    int result = vdh_input_read_signal(&call->device->core, &signal);

    memset(&out, 0, sizeof(out));
    if (!result) {
        out.state = signal.state;
        out.mismatch = signal.mismatch;
        out.detected = signal.detected;
        out.changes = signal.changes;
    }
    return give(call, result, &out, sizeof(out));
}

static NTSTATUS get_time(struct vdw_property_call *call)
{
    struct vdw_time out;
    int result;

    memset(&out, 0, sizeof(out));
    out.counter_hz = call->device->counter_hz;
    out.counter_before = vdw_clock_counter();
    result = vdh_time_read(&call->device->core, &out.ticks);
    out.counter_after = vdw_clock_counter();
    return give(call, result, &out, sizeof(out));
}

/* Finished captures, and the one that runs: 6 accesses at most. */
void vdw_own_counts(struct vdw_counts *out, struct vdw_device *device)
{
    struct vdh_capture_counts now;

    memset(out, 0, sizeof(*out));
    if (!device->stream)
        return;
    *out = device->stream->counts;
    if (device->engine < VDW_ENGINE_RUNS)
        return;
    if (vdh_capture_read_counts(&device->capture, &now) != VDH_OK) {
        out->incomplete++;
        return;
    }
    out->produced += now.produced;
    out->good += now.good;
    out->dropped_fifo += now.dropped_fifo;
    out->dropped_no_buffer += now.dropped_no_buffer;
    out->dropped_no_signal += now.dropped_no_signal;
    out->dropped_dma += now.dropped_dma;
}

static NTSTATUS get(struct vdw_property_call *call, const struct vdw_selector *selector)
{
    struct vdh_device *core = &call->device->core;
    struct vdw_counts counts;
    uint32_t word = 0;
    int32_t value = 0;
    char name[32];
    int result;

    switch (call->id) {
    case VDW_PROPERTY_IDENTITY:
        return get_identity(call);
    case VDW_PROPERTY_REGISTER:
        result = vdh_user_read(core, selector->index, &word);
        return give(call, result, &word, sizeof(word));
    case VDW_PROPERTY_FIRMWARE_STATUS:
        return vdw_firmware_read_status(call);
    case VDW_PROPERTY_INPUT_INFO:
        return get_input(call, selector->index);
    case VDW_PROPERTY_TIMING_INFO:
        return get_timing(call, selector->index);
    case VDW_PROPERTY_CONTROL_INFO:
        return get_control(call, selector->index);
    case VDW_PROPERTY_MENU_NAME:
        memset(name, 0, sizeof(name));
        result = vdh_tables_menu(name, &core->tables, selector->index, selector->item);
        return give(call, result, name, sizeof(name));
    case VDW_PROPERTY_CONTROL:
        result = vdh_control_get(core, selector->index, &value);
        return give(call, result, &value, sizeof(value));
    case VDW_PROPERTY_INPUT:
        word = core->input;
        return give(call, VDH_OK, &word, sizeof(word));
    case VDW_PROPERTY_TIMING:
        word = core->timing;
        return give(call, VDH_OK, &word, sizeof(word));
    case VDW_PROPERTY_SIGNAL:
        return get_signal(call);
    case VDW_PROPERTY_TIME:
        return get_time(call);
    case VDW_PROPERTY_COUNTS:
        vdw_own_counts(&counts, call->device);
        return give(call, VDH_OK, &counts, sizeof(counts));
    case VDW_PROPERTY_MODE_INFO:
        return get_mode(call, selector->index);
    case VDW_PROPERTY_INTERVAL_INFO:
        return get_interval(call, selector);
    case VDW_PROPERTY_REGISTER_INFO:
        return get_register(call, selector->index);
    default:
        return STATUS_NOT_FOUND;
    }
}

static NTSTATUS set(struct vdw_property_call *call, const struct vdw_selector *selector)
{
    struct vdw_device *device = call->device;
    struct vdh_device *core = &device->core;
    uint32_t word = 0;
    int result;

    if (call->id == VDW_PROPERTY_FIRMWARE_COMMAND)
        return vdw_firmware_command(call);
    memcpy(&word, call->value, sizeof(word));
    switch (call->id) {
    case VDW_PROPERTY_REGISTER:
        result = vdh_user_write(core, selector->index, word);
        /* Kept over a loss of power, as if the property had been set. */
        if (!result && selector->index == VDH_R_PATTERN)
            device->pattern = vdh_field_get(word, VDH_F_PATTERN_ENABLE) != 0;
        return vdw_status(result);
    case VDW_PROPERTY_CONTROL:
        return vdw_status(vdw_control_put(device, selector->index, (int32_t)word));
    case VDW_PROPERTY_INPUT:
        /* The pin's data ranges are the input's. */
        if (device->engine != VDW_ENGINE_OFF ||
            (call->stream && call->stream->state != KSSTATE_STOP))
            return STATUS_DEVICE_BUSY;
        result = vdh_input_select(core, word);
        if (result)
            return vdw_status(result);
        device->input_set = 1;
        device->input = word;
        device->timing_set = 0;
        vdw_info_changed(device);
        return STATUS_SUCCESS;
    case VDW_PROPERTY_TIMING:
        if (device->engine != VDW_ENGINE_OFF)
            return STATUS_DEVICE_BUSY;
        result = vdh_timing_select(core, word);
        if (!result) {
            device->timing_set = 1;
            device->input_timing = word;
        }
        return vdw_status(result);
    case VDW_PROPERTY_PATTERN:
        result = vdh_pattern_enable(core, word);
        if (!result)
            device->pattern = word != 0;
        return vdw_status(result);
    default:
        return STATUS_NOT_FOUND;
    }
}

NTSTATUS vdw_own_property(struct vdw_property_call *call)
{
    struct vdw_selector selector = {0, 0};
    const KSPROPERTY_ITEM *item;
    NTSTATUS status;

    if (call->id >= VDW_PROPERTY_COUNT)
        return STATUS_NOT_FOUND;
    item = &vdw_own_items[call->id];
    if (!(call->set ? item->SetSupported : item->GetSupported))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (call->property_bytes < item->MinProperty)
        return STATUS_INVALID_PARAMETER;
    status = vdw_property_room(call, item->MinData);
    if (status != STATUS_SUCCESS)
        return status;
    if (item->MinProperty >= SELECTED)
        memcpy(&selector, (const uint8_t *)call->property + sizeof(KSPROPERTY), sizeof(selector));
    return call->set ? set(call, &selector) : get(call, &selector);
}
