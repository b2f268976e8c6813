/* SPDX-License-Identifier: MIT */
/*
 * vidicon info: all that a device says about itself. What it lacks is left out, and a device
 * that cannot capture is shown as far as it answers.
 */
#include "tool.h"

#include <getopt.h>
#include <inttypes.h>

static void gather(struct tool_device *out, vdc_device *device)
{
    static const vdc_firmware_info firmware = VDC_FIRMWARE_INFO_INIT;
    static const vdc_signal signal = VDC_SIGNAL_INIT;
    uint32_t caps;

    out->device = device;
    out->info = vdc_device_get_info(device);
    out->firmware = firmware;
    out->signal = signal;
    caps = out->info->caps;
    if (caps & VDC_CAP_FIRMWARE) {
        out->has_firmware = vdc_device_get_firmware(&out->firmware, device) == VDC_OK;
    }
    if (out->info->state != VDC_DEVICE_READY) {
        return;
    }
    /* A list that cannot be had stays NULL, which counts 0 items. */
    if (caps & VDC_CAP_INPUTS) {
        out->has_signal = vdc_device_get_signal(&out->signal, device) == VDC_OK;
        vdc_device_list_inputs(&out->inputs, device);
    }
    if (caps & VDC_CAP_TIMINGS) {
        vdc_device_list_timings(&out->timings, device);
    }
    vdc_device_list_formats(&out->formats, device);
    vdc_device_list_controls(&out->controls, device);
}

static void print_identity(const vdc_device_info *info)
{
    printf("%s\n", info->id);
    printf("  name      %s\n", info->name);
    printf("  serial    %s\n", info->serial);
    printf("  location  %s\n", info->location);
    printf("  state     %s%s%s\n", tool_state_name(info->state), *info->state_text ? ": " : "",
           info->state_text);
    printf("  offers   ");
    for (unsigned bit = 0; tool_cap_name(bit); bit++) {
        if (info->caps >> bit & 1) {
            printf(" %s", tool_cap_name(bit));
        }
    }
    printf("\n");
    if (info->time_hz != 0) {
        printf("  time      %" PRIu32 " ticks a second\n", info->time_hz);
    }
}

static void print_firmware(const vdc_firmware_info *firmware)
{
    char running[16], oldest[16], newest[16];

    tool_version_text(running, firmware->running);
    tool_version_text(oldest, firmware->required_min);
    tool_version_text(newest, firmware->required_max);
    printf("firmware\n");
    printf("  runs      %s from %s%s%s\n", running, tool_source_name(firmware->source),
           firmware->on_trial ? ", on trial" : "",
           firmware->fell_back ? ", another one failed to start" : "");
    for (uint32_t slot = 0; slot < 2; slot++) {
        char version[16];

        if (firmware->slot_state[slot] == VDC_SLOT_ABSENT) {
            continue;
        }
        tool_version_text(version, firmware->slot_version[slot]);
        printf("  slot %c    %s%s%s%s\n", "AB"[slot], tool_slot_name(firmware->slot_state[slot]),
               firmware -> slot_version[slot] ? ", " : "",
               firmware->slot_version[slot] ? version : "",
               firmware->active_slot == slot + 1 ? ", active" : "");
    }
    printf("  accepts   %s %s%s, at most %" PRIu32 " bytes, for target 0x%08" PRIx32 "\n", oldest,
           firmware->required_max == UINT32_MAX ? "or newer" : "to ",
           firmware->required_max == UINT32_MAX ? "" : newest, firmware->capacity_bytes,
           firmware->target);
}

static const char *timing_name(const vdc_list *timings, uint32_t id)
{
    for (size_t i = 0; i < vdc_list_count(timings); i++) {
        if (vdc_list_timing_at(timings, i)->id == id) {
            return vdc_list_timing_at(timings, i)->name;
        }
    }
    return "no timing";
}

static void print_inputs(const struct tool_device *device)
{
    printf("inputs      (* is selected)\n");
    for (size_t i = 0; i < vdc_list_count(device->inputs); i++) {
        const vdc_input_info *input = vdc_list_input_at(device->inputs, i);
        int selected = device->has_signal && device->signal.input == input->id;
        printf("%c %-9" PRIu32 " %s, %s\n", selected ? '*' : ' ', input->id, input->name,
               tool_input_kind_name(input->kind));
    }
    if (device->has_signal) {
        printf("signal\n  %s, %s arrives\n", tool_signal_name(device->signal.state),
               timing_name(device->timings, device->signal.detected_timing));
    }
    if (vdc_list_count(device->timings) > 0) {
        printf("timings     (* is selected)\n");
    }
    for (size_t i = 0; i < vdc_list_count(device->timings); i++) {
        const vdc_timing_info *timing = vdc_list_timing_at(device->timings, i);
        char rate[16];

        tool_rate_text(rate, timing->interval_s);
        printf("%c %-9" PRIu32 " %-9s %" PRIu32 "x%" PRIu32 "%s, %s a second\n",
               device->has_signal && device->signal.selected_timing == timing->id ? '*' : ' ',
               timing->id, timing->name, timing->width_px, timing->height_px,
               timing->interlaced ? " interlaced" : "", rate);
    }
}

static void print_range(uint32_t minimum, uint32_t maximum, uint32_t step)
{
    if (minimum == maximum) {
        printf("%" PRIu32, maximum);
    } else {
        printf("%" PRIu32 "..%" PRIu32 "/%" PRIu32, minimum, maximum, step);
    }
}

static void print_formats(const vdc_list *formats)
{
    printf("formats     (sizes as smallest..largest/step; frames a second)\n");
    for (size_t i = 0; i < vdc_list_count(formats); i++) {
        const vdc_format_info *format = vdc_list_format_at(formats, i);
        char fourcc[5];

        vdc_fourcc_text(fourcc, format->fourcc);
        printf("  %s      ", fourcc);
        print_range(format->width_min_px, format->width_max_px, format->width_step_px);
        printf(" x ");
        print_range(format->height_min_px, format->height_max_px, format->height_step_px);
        printf(" ;");
        for (size_t k = 0; k < format->interval_count; k++) {
            char rate[16];

            tool_rate_text(rate, format->intervals_s[k]);
            printf("%s %s", format->interval_range && k == 1 ? " to" : "", rate);
        }
        printf(" ; %s %s%s\n", tool_matrix_name(format->matrix), tool_range_name(format->range),
               format->compressed ? " compressed" : "");
    }
}

static void print_control(vdc_device *device, const vdc_control_info *control)
{
    int64_t value;

    printf("  %-9" PRIu32 " %s, %s", control->id, control->name,
           tool_control_type_name(control->type));
    if (control->type == VDC_CONTROL_INTEGER) {
        printf(" %" PRId64 "..%" PRId64 "/%" PRId64, control->minimum, control->maximum,
               control->step);
    }
    if (control->type != VDC_CONTROL_BUTTON) {
        printf(", default %" PRId64, control->default_value);
        if (vdc_device_get_control(&value, device, control->id) == VDC_OK) {
            printf(", now %" PRId64, value);
        }
    }
    for (unsigned bit = 0; tool_control_flag_name(bit); bit++) {
        if (control->flags >> bit & 1) {
            printf(", %s", tool_control_flag_name(bit));
        }
    }
    printf("\n");
    for (size_t k = 0; k < control->menu_count; k++) {
        printf("            %" PRId64 " = %s\n", control->menu[k].value, control->menu[k].name);
    }
}

static void print_device(const struct tool_device *device)
{
    print_identity(device->info);
    if (device->has_firmware) {
        print_firmware(&device->firmware);
    }
    if (vdc_list_count(device->inputs) > 0) {
        print_inputs(device);
    }
    if (vdc_list_count(device->formats) > 0) {
        print_formats(device->formats);
    }
    if (vdc_list_count(device->controls) > 0) {
        printf("controls    (numbers as smallest..largest/step)\n");
    }
    for (size_t i = 0; i < vdc_list_count(device->controls); i++) {
        print_control(device->device, vdc_list_control_at(device->controls, i));
    }
}

static int show(const char *id, int json, int verbosity)
{
    struct tool_device all = {0};
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    int result = TOOL_OK;

    int status = tool_context_create(&context, 0, verbosity);
    if (status == VDC_OK) {
        status = vdc_device_open(&device, context, id, 0);
    }
    if (status != VDC_OK) {
        result = tool_failed(status);
    } else {
        gather(&all, device);
        if (json) {
            result = tool_json_info(stdout, &all);
        } else {
            print_device(&all);
        }
    }
    vdc_list_destroy(all.inputs);
    vdc_list_destroy(all.timings);
    vdc_list_destroy(all.formats);
    vdc_list_destroy(all.controls);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return result;
}

int tool_info(int argc, char **argv)
{
    static const struct option options[] = {
        {"json",    no_argument, NULL, 'j'},
        {"verbose", no_argument, NULL, 'v'},
        {NULL,      0,           NULL, 0  },
    };
    int json = 0, verbosity = 0, option;

    while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            json = 1;
            break;
        case 'v':
            verbosity++;
            break;
        default:
            return tool_usage("info: see above");
        }
    }
    if (argc - optind > 1) {
        return tool_usage("info takes one device, not %s too", argv[optind + 1]);
    }
    if (json && !tool_json_available()) {
        return TOOL_FAILED;
    }
    return show(argv[optind], json, verbosity); /* argv ends with NULL: the first real device */
}
