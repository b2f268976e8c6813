/* SPDX-License-Identifier: MIT */
/* Any text behind "sim:": what is accepted is in range and terminated, what is not has a reason. */
#include "sim_options.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void require_text(const char *text, size_t room)
{
    require(memchr(text, 0, room) != NULL);
}

static void check_options(const struct sim_options *options)
{
    require(options->card < SIM_CARDS);
    require(options->rate == SIM_RATE_REAL || options->rate == SIM_RATE_MAX);
    require(options->body == SIM_BODY_MEMORY || options->body == SIM_BODY_PORTS);
    require(options->source_format <= SIM_RAW_I444);
    require(options->source_width <= SIM_SIDE_MAX && options->source_height <= SIM_SIDE_MAX);
    require_text(options->source, sizeof options->source);
    require_text(options->faults, sizeof options->faults);
    require_text(options->flash, sizeof options->flash);
    require_text(options->ledger, sizeof options->ledger);
    require_text(options->firmware, sizeof options->firmware);
    require_text(options->serial, sizeof options->serial);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t rooms[] = {1, 20, 256};
    char *text = malloc(size ? size : 1);
    struct sim_options options;

    if (!text) {
        return 0;
    }
    if (size != 0) {
        memcpy(text, data, size);
    }
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        char *why = malloc(rooms[i]);

        if (!why) {
            break;
        }
        memset(why, 0x55, rooms[i]);
        if (sim_options_parse(&options, text, size, why, rooms[i]) == 0) {
            check_options(&options);
        } else {
            require_text(why, rooms[i]);
            require(rooms[i] == 1 || why[0] != '\0');
        }
        free(why);
    }
    free(text);
    return 0;
}
