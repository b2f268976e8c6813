/* SPDX-License-Identifier: MIT */
/*
 * vidicon unit: extension units of a camera, as bytes. What they mean only the camera's maker knows.
 */
#include "tool.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#define BYTES_MAX 4096u /* of any control, says the library */

struct wish {
    const char *id;
    uint32_t unit, selector;
    int one;         /* unit and selector are given */
    const char *set; /* NULL: it is read */
    uint32_t value;  /* vdc_extension_value */
};

static void print_bytes(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

/* Two digits a byte: how many bytes, or -1. */
static int parse_bytes(uint8_t *out, size_t most, const char *text)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t length = strlen(text);

    if (length == 0 || length % 2 != 0 || length / 2 > most) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        const char *digit = strchr(digits, text[i]);

        if (!digit) {
            return -1;
        }
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (digit - digits) % 16);
    }
    return (int)(length / 2);
}

static int parse_value(uint32_t *out, const char *name)
{
    static const char *const names[] = {"current", "minimum", "maximum", "step", "default"};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return -1;
}

static void print_unit(vdc_device *device, const vdc_extension_info *info)
{
    printf("unit %" PRIu32 "  ", info->unit);
    print_bytes(info->guid, sizeof(info->guid));
    for (uint32_t selector = 0; selector < 256; selector++) {
        vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;

        if (!(info->selectors[selector / 32] >> selector % 32 & 1)) {
            continue;
        }
        if (vdc_device_get_extension(&control, device, info->unit, selector) != VDC_OK) {
            printf("  %-4" PRIu32 "%s\n", selector, vdc_error_text());
            continue;
        }
        printf("  %-4" PRIu32 "%" PRIu32 " bytes%s%s\n", selector, control.bytes,
               control.access & VDC_REGISTER_READ ? ", can be read" : "",
               control.access & VDC_REGISTER_WRITE ? ", can be written" : "");
    }
}

static int list_units(vdc_device *device)
{
    vdc_list *units = NULL;
    int status = vdc_device_list_extensions(&units, device);

    for (size_t i = 0; i < vdc_list_count(units); i++) {
        print_unit(device, vdc_list_extension_at(units, i));
    }
    vdc_list_destroy(units);
    return status == VDC_OK ? TOOL_OK : tool_failed(status);
}

static int get(vdc_device *device, const struct wish *wish)
{
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    uint8_t bytes[BYTES_MAX] = {0};
    int status = vdc_device_get_extension(&control, device, wish->unit, wish->selector);

    if (status == VDC_OK) {
        status = vdc_device_read_extension(bytes, control.bytes, device, wish->unit, wish->selector,
                                           wish->value);
    }
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    print_bytes(bytes, control.bytes);
    return TOOL_OK;
}

static int set(vdc_device *device, const struct wish *wish)
{
    uint8_t bytes[BYTES_MAX] = {0};
    int count = parse_bytes(bytes, sizeof(bytes), wish->set);
    int status;

    if (count < 0) {
        return tool_usage("--set %s: bytes of two hexadecimal digits are wanted", wish->set);
    }
    status = vdc_device_write_extension(device, wish->unit, wish->selector, bytes, (size_t)count);
    return status == VDC_OK ? TOOL_OK : tool_failed(status);
}

static int run(const struct wish *wish, int verbosity)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    int result;
    int status = tool_context_create(&context, 0, verbosity);

    if (status == VDC_OK) {
        status = vdc_device_open(&device, context, wish->id, VDC_OPEN_REGISTERS);
    }
    if (status != VDC_OK) {
        result = tool_failed(status);
    } else if (!wish->one) {
        result = list_units(device);
    } else {
        result = wish->set ? set(device, wish) : get(device, wish);
    }
    vdc_device_close(device);
    vdc_context_destroy(context);
    return result;
}

int tool_unit(int argc, char **argv)
{
    static const struct option options[] = {
        {"set",     required_argument, NULL, 's'},
        {"value",   required_argument, NULL, 'w'},
        {"verbose", no_argument,       NULL, 'v'},
        {NULL,      0,                 NULL, 0  },
    };
    struct wish wish = {0};
    int verbosity = 0, option;

    while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (option) {
        case 's':
            wish.set = optarg;
            break;
        case 'w':
            if (parse_value(&wish.value, optarg) != 0) {
                return tool_usage("--value %s: current, minimum, maximum, step or default is "
                                  "wanted",
                                  optarg);
            }
            break;
        case 'v':
            verbosity++;
            break;
        default:
            return tool_usage("unit: see above");
        }
    }
    wish.one = argc - optind == 3;
    if (argc - optind > 1 && !wish.one) {
        return tool_usage("unit takes a device, or a device, a unit and a selector");
    }
    wish.id = argc > optind ? argv[optind] : NULL;
    if (wish.one && (tool_parse_number(&wish.unit, argv[optind + 1], 0, 255) != 0 ||
                     tool_parse_number(&wish.selector, argv[optind + 2], 0, 255) != 0)) {
        return tool_usage("%s %s: unit and selector are numbers from 0 to 255", argv[optind + 1],
                          argv[optind + 2]);
    }
    if (!wish.one && (wish.set || wish.value)) {
        return tool_usage("--set and --value are for a unit and a selector");
    }
    if (wish.set && wish.value) {
        return tool_usage("--set writes the current value");
    }
    return run(&wish, verbosity);
}
