/* SPDX-License-Identifier: MIT */
/*
 * Lists the capture devices, and what each one offers.
 *
 *     list              devices of this machine
 *     list --sim 2      two simulated cards too
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vidicon/vidicon.h"

static void print_device(const vdc_device_info *info)
{
    printf("%s\n    %s", info->id, info->name);
    if (*info->serial) {
        printf(", serial number %s", info->serial);
    }
    if (*info->location) {
        printf(", at %s", info->location);
    }
    if (info->caps & VDC_CAP_SIMULATED) {
        printf(", simulated");
    }
    printf("\n");
    if (*info->state_text) {
        printf("    %s\n", info->state_text);
    }
}

int main(int argc, char **argv)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    vdc_context *context = NULL;
    vdc_list *devices = NULL;
    int status;

    if (argc == 3 && strcmp(argv[1], "--sim") == 0) {
        config.simulated_cards = (uint32_t)strtoul(argv[2], NULL, 10);
    } else if (argc != 1) {
        fprintf(stderr, "usage: list [--sim N]\n");
        return 2;
    }

    status = vdc_context_create(&context, &config);
    if (status == VDC_OK) {
        status = vdc_context_list_devices(&devices, context);
    }
    if (status == VDC_OK) {
        /* A snapshot: it does not change while we read it, even if a device is unplugged. */
        for (size_t i = 0; i < vdc_list_count(devices); i++) {
            print_device(vdc_list_device_at(devices, i));
        }
        printf("%zu found\n", vdc_list_count(devices));
    } else {
        fprintf(stderr, "%s\n", vdc_error_text());
    }

    /* All of these accept NULL, so there is one way out, whatever failed. */
    vdc_list_destroy(devices);
    vdc_context_destroy(context);
    return status == VDC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
