/* SPDX-License-Identifier: MIT */
/*
 * The command line of a capture. Whatever is wrong is said before a device is opened.
 */
#include "tool_capture.h"

#include <getopt.h>
#include <string.h>

enum {
    OPT_FORMAT = 256,
    OPT_SIZE,
    OPT_INTERVAL,
    OPT_FPS,
    OPT_BUFFERS,
    OPT_INPUT,
    OPT_TIMEOUT,
    OPT_TYPE,
    OPT_EXACT,
    OPT_JSON,
    OPT_QUIET
};

static const struct option long_options[] = {
    {"frames",   required_argument, NULL, 'n'         },
    {"output",   required_argument, NULL, 'o'         },
    {"verbose",  no_argument,       NULL, 'v'         },
    {"format",   required_argument, NULL, OPT_FORMAT  },
    {"size",     required_argument, NULL, OPT_SIZE    },
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"fps",      required_argument, NULL, OPT_FPS     },
    {"buffers",  required_argument, NULL, OPT_BUFFERS },
    {"input",    required_argument, NULL, OPT_INPUT   },
    {"timeout",  required_argument, NULL, OPT_TIMEOUT },
    {"type",     required_argument, NULL, OPT_TYPE    },
    {"exact",    no_argument,       NULL, OPT_EXACT   },
    {"json",     no_argument,       NULL, OPT_JSON    },
    {"quiet",    no_argument,       NULL, OPT_QUIET   },
    {NULL,       0,                 NULL, 0           },
};

/* One option that describes the wanted format; -1: its argument is no good. */
static int take_wish(vdc_format *wanted, int option, const char *argument)
{
    switch (option) {
    case OPT_FORMAT:
        return tool_parse_fourcc(&wanted->fourcc, argument);
    case OPT_SIZE:
        return tool_parse_size(&wanted->width_px, &wanted->height_px, argument);
    case OPT_INTERVAL:
        return tool_parse_fraction(&wanted->interval_s, argument);
    default:
        return tool_parse_rate(&wanted->interval_s, argument);
    }
}

/* Any other option with an argument or without. */
static int take_option(struct tool_capture_options *out, const char **type, int option,
                       const char *argument)
{
    switch (option) {
    case 'n':
        return tool_parse_number(&out->frames, argument, 0, UINT32_MAX);
    case 'o':
        out->path = argument;
        return 0;
    case 'v':
        out->verbosity++;
        return 0;
    case OPT_BUFFERS:
        return tool_parse_number(&out->buffers, argument, 1, 64);
    case OPT_INPUT:
        out->input = argument;
        return 0;
    case OPT_TIMEOUT:
        return tool_parse_number(&out->timeout_ms, argument, 1, 3600000);
    case OPT_TYPE:
        *type = argument;
        return 0;
    case OPT_EXACT:
        out->exact = 1;
        return 0;
    case OPT_JSON:
        out->json = 1;
        return 0;
    default:
        out->quiet = 1;
        return 0;
    }
}

static int find_writer(struct tool_capture_options *out, const char *type)
{
    out->writer = tool_writer_find(type, out->path);
    if (!out->writer && type) {
        return tool_usage("--type %s: there are y4m, png and raw", type);
    }
    if (!out->writer) {
        return tool_usage("%s: the name must end with .y4m, .png or .raw, or --type tell",
                          out->path);
    }
    if (out->writer->absent) {
        tool_error("%s: this program was %s", out->path, out->writer->absent);
        return TOOL_FAILED;
    }
    return TOOL_OK;
}

int tool_capture_parse(struct tool_capture_options *out, int argc, char **argv)
{
    const char *type = NULL;
    int option, index = -1, have_frames = 0, result;

    memset(out, 0, sizeof(*out));
    out->timeout_ms = 3000;
    out->buffers = 8; /* The library's 4 are few for a disk that pauses now and then. */
    while ((option = getopt_long(argc, argv, "n:o:v", long_options, &index)) != -1) {
        int bad;

        if (option == '?') {
            return tool_usage("capture: see above");
        }
        have_frames |= option == 'n';
        if (option >= OPT_FORMAT && option <= OPT_FPS) {
            bad = take_wish(&out->wanted, option, optarg);
        } else {
            bad = take_option(out, &type, option, optarg);
        }
        if (bad) {
            return tool_usage("%s is no value for --%s", optarg,
                              index >= 0 ? long_options[index].name : "frames");
        }
        index = -1;
    }

    if (argc - optind > 1) {
        return tool_usage("capture takes one device, not %s too", argv[optind + 1]);
    }
    out->id = argv[optind]; /* NULL behind the last one */
    if (!out->path) {
        return tool_usage("capture: where to? -o FILE is missing");
    }
    result = find_writer(out, type);
    if (result != TOOL_OK) {
        return result;
    }
    if (!have_frames && strcmp(out->writer->name, "png") == 0) {
        out->frames = 1;
    } else if (!have_frames) {
        return tool_usage("capture: how many? --frames N is missing (0: until interrupted)");
    }
    if (out->json && !tool_json_available()) {
        return TOOL_FAILED;
    }
    return TOOL_OK;
}
