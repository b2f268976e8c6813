/* SPDX-License-Identifier: MIT */
/*
 * vidicon list: the devices that are present.
 */
#include "tool.h"

#include <getopt.h>

static int wider(int width, const char *text)
{
    int length = snprintf(NULL, 0, "%s", text);

    return length > width ? length : width;
}

static void print_devices(const vdc_list *devices)
{
    size_t count = vdc_list_count(devices);
    int id = 2, name = 4, serial = 6;

    if (count == 0) {
        fputs("No capture device found. '" TOOL_NAME " list --sim 1' shows a simulated card, "
              "and 'sim:0' opens it.\n",
              stderr);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const vdc_device_info *info = vdc_list_device_at(devices, i);
        id = wider(id, info->id);
        name = wider(name, info->name);
        serial = wider(serial, info->serial);
    }
    printf("%-*s  %-7s  %-*s  %-*s  %s\n", id, "ID", "STATE", name, "NAME", serial, "SERIAL",
           "LOCATION");
    for (size_t i = 0; i < count; i++) {
        const vdc_device_info *info = vdc_list_device_at(devices, i);
        printf("%-*s  %-7s  %-*s  %-*s  %s\n", id, info->id, tool_state_name(info->state), name,
               info->name, serial, info->serial, info->location);
    }
}

int tool_list(int argc, char **argv)
{
    static const struct option options[] = {
        {"sim",     required_argument, NULL, 's'},
        {"json",    no_argument,       NULL, 'j'},
        {"verbose", no_argument,       NULL, 'v'},
        {NULL,      0,                 NULL, 0  },
    };
    vdc_context *context = NULL;
    vdc_list *devices = NULL;
    uint32_t simulated = 0;
    int json = 0, verbosity = 0, option, result = TOOL_OK;

    while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (option) {
        case 's':
            if (tool_parse_number(&simulated, optarg, 0, 16) != 0) {
                return tool_usage("--sim %s: a number from 0 to 16 is wanted", optarg);
            }
            break;
        case 'j':
            json = 1;
            break;
        case 'v':
            verbosity++;
            break;
        default:
            return tool_usage("list: see above");
        }
    }
    if (optind < argc) {
        return tool_usage("list takes no argument like %s", argv[optind]);
    }
    if (json && !tool_json_available()) {
        return TOOL_FAILED;
    }

    int status = tool_context_create(&context, simulated, verbosity);
    if (status == VDC_OK) {
        status = vdc_context_list_devices(&devices, context);
    }
    if (status != VDC_OK) {
        result = tool_failed(status);
    } else if (json) {
        result = tool_json_list(stdout, devices);
    } else {
        print_devices(devices);
    }
    vdc_list_destroy(devices);
    vdc_context_destroy(context);
    return result;
}
