/* SPDX-License-Identifier: MIT */
/*
 * Prints the controls of a device, after setting some. Shows the types of controls, their ranges
 * and how a refused value is told.
 *
 *     controls                                      of the first real device
 *     controls sim:0                                of a simulated card
 *     controls sim:0 Brightness=140 Gain=20         sets two of them first
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vidicon/vidicon.h"

static void print_control(vdc_device *device, const vdc_control_info *control)
{
    int64_t value = 0;

    printf("%-22s", control->name);
    if (control->type == VDC_CONTROL_BUTTON) {
        printf(" button\n"); /* It has no value: setting it acts. */
        return;
    }
    if (vdc_device_get_control(&value, device, control->id) != VDC_OK) {
        printf(" %s\n", vdc_error_text());
        return;
    }
    printf(" %6" PRId64 "   (%" PRId64 " to %" PRId64 " in steps of %" PRId64 ", default %" PRId64
           ")",
           value, control->minimum, control->maximum, control->step, control->default_value);
    for (size_t i = 0; i < control->menu_count; i++) {
        printf("%s %" PRId64 " = %s", i == 0 ? "" : ",", control->menu[i].value,
               control->menu[i].name);
    }
    printf("%s%s\n", control->flags & VDC_CONTROL_READ_ONLY ? " read only" : "",
           control->flags & VDC_CONTROL_INACTIVE ? " without effect now" : "");
}

/* "Name=value". VDC_OK, or the failure was told. */
static int set_control(vdc_device *device, const vdc_list *controls, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;

    for (size_t i = 0; equals && i < vdc_list_count(controls); i++) {
        const vdc_control_info *control = vdc_list_control_at(controls, i);

        if (strlen(control->name) == length && memcmp(control->name, text, length) == 0) {
            int status = vdc_device_set_control(device, control->id, strtoll(equals + 1, NULL, 0));
            if (status != VDC_OK) {
                fprintf(stderr, "%s: %s\n", text, vdc_error_text());
            }
            return status;
        }
    }
    fprintf(stderr, "%s: write the name of a control, = and a number\n", text);
    return VDC_E_NOT_FOUND;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_list *controls = NULL;
    int failures = 0;

    if (vdc_context_create(&context, NULL) != VDC_OK ||
        vdc_device_open(&device, context, argc > 1 ? argv[1] : NULL, 0) != VDC_OK ||
        vdc_device_list_controls(&controls, device) != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
        failures = 1;
    }
    for (int i = 2; i < argc && controls; i++) {
        failures += set_control(device, controls, argv[i]) != VDC_OK;
    }
    for (size_t i = 0; i < vdc_list_count(controls); i++) { /* 0 for NULL */
        print_control(device, vdc_list_control_at(controls, i));
    }

    vdc_list_destroy(controls);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
