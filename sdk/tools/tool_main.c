/* SPDX-License-Identifier: MIT */
/*
 * The command line tool: list, info, capture, unit. This file knows the commands and the help.
 */
#include "tool.h"

#include <string.h>

static const char help_text[] =
    "Usage: " TOOL_NAME " COMMAND [OPTION]...\n"
    "\n"
    "  " TOOL_NAME " list [--sim N] [--json]\n"
    "      The devices that are present, and N simulated cards.\n"
    "\n"
    "  " TOOL_NAME " info [ID] [--json]\n"
    "      What a device is and has: state, firmware, inputs, signal, formats, controls.\n"
    "\n"
    "  " TOOL_NAME " capture [ID] -o FILE [--frames N] [OPTION]...\n"
    "      Frames to a file, then a table of those produced, delivered and dropped.\n"
    "      -o, --output FILE   .y4m for video, .png for pictures (numbered if more than\n"
    "                          one), .raw for bytes as they are; - is standard output\n"
    "      -n, --frames N      how many; 0: until interrupted; a picture needs no number\n"
    "      --type TYPE         y4m, png or raw, whatever FILE is called; - is y4m by default\n"
    "      --format CODE       YUYV, UYVY, NV12, RGB24 (RGB3), GREY or another code\n"
    "      --size WxH          width and height\n"
    "      --interval N/D      seconds between frames, such as 1001/60000\n"
    "      --fps RATE          the same as a rate: 60, 59.94 or 60000/1001\n"
    "      --exact             fail if the device can do it only nearly\n"
    "      --input INPUT       number or name of an input\n"
    "      --buffers N         1 to 64, 8 unless given\n"
    "      --timeout MS        longest wait for a frame, 3000 unless given\n"
    "      --json              the table for machines\n"
    "      --quiet             no progress and no table\n"
    "\n"
    "  " TOOL_NAME " unit [ID] [UNIT SELECTOR [--value WHICH | --set HEX]]\n"
    "      The extension units of a camera; of one control the value, as bytes in the order\n"
    "      of the device. WHICH is current, minimum, maximum, step or default. What --set\n"
    "      does only the camera's maker knows.\n"
    "\n"
    "  " TOOL_NAME " --help | --version\n"
    "\n"
    "ID is an id from the list, a backend such as \"v4l2:\", or a simulated card such as\n"
    "\"sim:0?rate=max\"; without one the first real device is taken, never a simulated one.\n"
    "-v shows what the library logs, -v -v what the hardware does. Table and JSON go to\n"
    "standard output, or to standard error if that carries the frames.\n"
    "\n"
    "Exit status: 0 done; 1 the device or the file failed; 2 wrong arguments; 3 no such\n"
    "device; 4 the capture ended before its last frame (no signal, unplugged, interrupted),\n"
    "and the output holds those before.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"list",    tool_list   },
    {"info",    tool_info   },
    {"capture", tool_capture},
    {"unit",    tool_unit   },
};

static int wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return 1;
        }
    }
    return argc > 1 && strcmp(argv[1], "help") == 0;
}

static int say(const char *text)
{
    return fputs(text, stdout) == EOF || fflush(stdout) != 0 ? TOOL_FAILED : TOOL_OK;
}

int main(int argc, char **argv)
{
    if (wants_help(argc, argv)) {
        return say(help_text);
    }
    if (argc < 2) {
        fputs(help_text, stderr);
        return TOOL_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return say(vdc_version_text()) != TOOL_OK ? TOOL_FAILED : say("\n");
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return tool_usage("%s is no command", argv[1]);
}
