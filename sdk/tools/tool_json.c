/* SPDX-License-Identifier: MIT */
/*
 * The same facts for machines, by Jansson, which escapes them. Members are never renamed; a fact
 * that a device does not have is null or missing. Unlike text it has all numbers in full.
 */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int tool_json_available(void)
{
    return 1;
}

/* Names come from devices and may be no UTF-8: then only their ASCII is kept. */
static json_t *text(const char *value)
{
    json_t *result = json_string(value);

    if (!result && value) {
        size_t length = strlen(value);
        char *ascii = malloc(length + 1);
        if (ascii) {
            for (size_t i = 0; i <= length; i++) {
                ascii[i] = (unsigned char)value[i] < 0x80 ? value[i] : '?';
            }
            result = json_string(ascii);
            free(ascii);
        }
    }
    return result ? result : json_null();
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static int finish(FILE *file, json_t *root)
{
    int failed = json_dumpf(root, file, JSON_INDENT(2)) != 0 || fputc('\n', file) == EOF ||
                 fflush(file) != 0;

    json_decref(root);
    if (failed) {
        tool_error("JSON could not be written");
    }
    return failed ? TOOL_FAILED : TOOL_OK;
}

static json_t *flags(uint32_t value, const char *(*name)(unsigned bit))
{
    json_t *array = json_array();

    for (unsigned bit = 0; name(bit); bit++) {
        if (value >> bit & 1) {
            json_array_append_new(array, text(name(bit)));
        }
    }
    return array;
}

static json_t *fraction(vdc_fraction value)
{
    json_t *object = json_object();

    set(object, "num", number(value.num));
    set(object, "den", number(value.den));
    return object;
}

static json_t *identity(const vdc_device_info *info)
{
    json_t *object = json_object();

    set(object, "id", text(info->id));
    set(object, "name", text(info->name));
    set(object, "serial", text(info->serial));
    set(object, "location", text(info->location));
    set(object, "backend", text(info->backend));
    set(object, "state", text(tool_state_name(info->state)));
    set(object, "state_text", text(info->state_text));
    set(object, "caps", flags(info->caps, tool_cap_name));
    set(object, "time_hz", number(info->time_hz));
    return object;
}

static json_t *version(uint32_t value)
{
    char name[16];

    tool_version_text(name, value);
    return value == 0 ? json_null() : text(name);
}

static json_t *firmware(const vdc_firmware_info *info)
{
    json_t *object = json_object();
    json_t *slots = json_array();

    for (uint32_t slot = 0; slot < 2; slot++) {
        json_t *item = json_object();
        set(item, "state", text(tool_slot_name(info->slot_state[slot])));
        set(item, "version", version(info->slot_version[slot]));
        set(item, "active", json_boolean(info->active_slot == slot + 1));
        json_array_append_new(slots, item);
    }
    set(object, "running", version(info->running));
    set(object, "source", text(tool_source_name(info->source)));
    set(object, "on_trial", json_boolean(info->on_trial));
    set(object, "fell_back", json_boolean(info->fell_back));
    set(object, "slots", slots);
    set(object, "required_min", version(info->required_min));
    set(object, "required_max", version(info->required_max));
    set(object, "capacity_bytes", number(info->capacity_bytes));
    set(object, "target", number(info->target));
    return object;
}

static json_t *timing_id(uint32_t id)
{
    return id == VDC_TIMING_NONE ? json_null() : number(id);
}

static json_t *signal_state(const vdc_signal *signal)
{
    json_t *object = json_object();

    set(object, "state", text(tool_signal_name(signal->state)));
    set(object, "input", number(signal->input));
    set(object, "selected_timing", timing_id(signal->selected_timing));
    set(object, "detected_timing", timing_id(signal->detected_timing));
    set(object, "changes", number(signal->changes));
    return object;
}

static json_t *input(const vdc_input_info *info)
{
    json_t *object = json_object();

    set(object, "id", number(info->id));
    set(object, "kind", text(tool_input_kind_name(info->kind)));
    set(object, "name", text(info->name));
    return object;
}

static json_t *timing(const vdc_timing_info *info)
{
    json_t *object = json_object();

    set(object, "id", number(info->id));
    set(object, "kind", text(tool_input_kind_name(info->kind)));
    set(object, "name", text(info->name));
    set(object, "width_px", number(info->width_px));
    set(object, "height_px", number(info->height_px));
    set(object, "interval_s", fraction(info->interval_s));
    set(object, "interlaced", json_boolean(info->interlaced));
    set(object, "pixel_clock_hz", number(info->pixel_clock_hz));
    return object;
}

static json_t *fourcc(uint32_t code)
{
    char name[5];

    vdc_fourcc_text(name, code);
    return text(name);
}

static json_t *span(uint32_t minimum, uint32_t maximum, uint32_t step)
{
    json_t *object = json_object();

    set(object, "min", number(minimum));
    set(object, "max", number(maximum));
    set(object, "step", number(step));
    return object;
}

static json_t *format_offer(const vdc_format_info *info)
{
    json_t *object = json_object();
    json_t *intervals = json_array();

    for (size_t i = 0; i < info->interval_count; i++) {
        json_array_append_new(intervals, fraction(info->intervals_s[i]));
    }
    set(object, "fourcc", fourcc(info->fourcc));
    set(object, "compressed", json_boolean(info->compressed));
    set(object, "width_px", span(info->width_min_px, info->width_max_px, info->width_step_px));
    set(object, "height_px", span(info->height_min_px, info->height_max_px, info->height_step_px));
    set(object, "intervals_s", intervals);
    set(object, "interval_range", json_boolean(info->interval_range));
    set(object, "field", text(tool_field_name(info->field)));
    set(object, "matrix", text(tool_matrix_name(info->matrix)));
    set(object, "range", text(tool_range_name(info->range)));
    return object;
}

static json_t *control(vdc_device *device, const vdc_control_info *info)
{
    json_t *object = json_object();
    int64_t value;

    set(object, "id", number(info->id));
    set(object, "name", text(info->name));
    set(object, "type", text(tool_control_type_name(info->type)));
    set(object, "flags", flags(info->flags, tool_control_flag_name));
    set(object, "minimum", json_integer(info->minimum));
    set(object, "maximum", json_integer(info->maximum));
    set(object, "step", json_integer(info->step));
    set(object, "default", json_integer(info->default_value));
    set(object, "value",
        vdc_device_get_control(&value, device, info->id) == VDC_OK ? json_integer(value)
                                                                   : json_null());
    if (info->menu_count > 0) {
        json_t *menu = json_array();
        for (size_t i = 0; i < info->menu_count; i++) {
            json_t *item = json_object();
            set(item, "value", json_integer(info->menu[i].value));
            set(item, "name", text(info->menu[i].name));
            json_array_append_new(menu, item);
        }
        set(object, "menu", menu);
    }
    return object;
}

int tool_json_list(FILE *file, const vdc_list *devices)
{
    json_t *root = json_object();
    json_t *array = json_array();

    for (size_t i = 0; i < vdc_list_count(devices); i++) {
        json_array_append_new(array, identity(vdc_list_device_at(devices, i)));
    }
    set(root, "devices", array);
    return finish(file, root);
}

int tool_json_info(FILE *file, const struct tool_device *device)
{
    json_t *root = identity(device->info);
    json_t *inputs = json_array(), *timings = json_array();
    json_t *formats = json_array(), *controls = json_array();

    for (size_t i = 0; i < vdc_list_count(device->inputs); i++) {
        json_array_append_new(inputs, input(vdc_list_input_at(device->inputs, i)));
    }
    for (size_t i = 0; i < vdc_list_count(device->timings); i++) {
        json_array_append_new(timings, timing(vdc_list_timing_at(device->timings, i)));
    }
    for (size_t i = 0; i < vdc_list_count(device->formats); i++) {
        json_array_append_new(formats, format_offer(vdc_list_format_at(device->formats, i)));
    }
    for (size_t i = 0; i < vdc_list_count(device->controls); i++) {
        json_array_append_new(controls,
                              control(device->device, vdc_list_control_at(device->controls, i)));
    }
    set(root, "firmware", device->has_firmware ? firmware(&device->firmware) : json_null());
    set(root, "signal", device->has_signal ? signal_state(&device->signal) : json_null());
    set(root, "inputs", inputs);
    set(root, "timings", timings);
    set(root, "formats", formats);
    set(root, "controls", controls);
    return finish(file, root);
}

static json_t *format_taken(const vdc_format *format)
{
    json_t *object = json_object();

    set(object, "fourcc", fourcc(format->fourcc));
    set(object, "width_px", number(format->width_px));
    set(object, "height_px", number(format->height_px));
    set(object, "interval_s", fraction(format->interval_s));
    set(object, "stride_bytes", number(format->stride_bytes));
    set(object, "field", text(tool_field_name(format->field)));
    set(object, "matrix", text(tool_matrix_name(format->matrix)));
    set(object, "range", text(tool_range_name(format->range)));
    return object;
}

static json_t *account(const vdc_stats *stats)
{
    int known = stats->produced_basis != VDC_BASIS_UNKNOWN;
    json_t *object = json_object();
    json_t *dropped = json_object();
    json_t *latency = json_array();

    for (uint32_t cause = 0; cause <= VDC_DROP_OVERRUN; cause++) {
        set(dropped, vdc_drop_name(cause), number(stats->dropped[cause]));
    }
    for (unsigned slot = 0; slot < VDC_LATENCY_SLOTS; slot++) {
        json_array_append_new(latency, number(stats->latency_us[slot]));
    }
    set(object, "produced", known ? number(stats->produced) : json_null());
    set(object, "produced_basis", text(tool_basis_name(stats->produced_basis)));
    set(object, "delivered", number(stats->delivered));
    set(object, "dropped", dropped);
    set(object, "dropped_total", number(tool_stats_dropped(stats)));
    set(object, "in_flight", number(stats->in_flight));
    set(object, "copies", number(stats->copies));
    set(object, "copied_bytes", number(stats->copied_bytes));
    set(object, "latency_us_log2", latency);
    set(object, "reconciles", known ? json_boolean(tool_stats_reconcile(stats)) : json_null());
    return object;
}

int tool_json_report(FILE *file, const struct tool_report *report)
{
    json_t *root = json_object();

    set(root, "device", identity(report->device));
    set(root, "format", format_taken(&report->format));
    set(root, "negotiation", text(report->reason));
    set(root, "output", text(report->path));
    set(root, "status", text(vdc_status_name(report->status)));
    set(root, "interrupted", json_boolean(report->interrupted));
    set(root, "frames_wanted", number(report->frames_wanted));
    set(root, "frames_written", number(report->frames_written));
    set(root, "bytes_written", number(report->bytes_written));
    set(root, "elapsed_ms", json_integer(report->elapsed_ms));
    set(root, "stats", account(&report->stats));
    return finish(file, root);
}
