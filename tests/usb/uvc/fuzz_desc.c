/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration descriptor: the first is the bus' speed. What is understood must hold together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "invariant.h"
#include "uvc_control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The control of this fuzzer: two bytes too many, which the sanitizer must see. */
#ifdef FUZZ_PLANTED_OVERRUN
#define TOO_MANY 2
#else
#define TOO_MANY 0
#endif

static struct uvc_camera camera;

static void check(const char *wrong)
{
    if (wrong) {
        fprintf(stderr, "does not hold: %s\n", wrong);
        abort();
    }
}

static int check_control(const struct uvc_control *control, const struct uvc_unit *unit, void *user)
{
    const struct uvc_unit *found = NULL;

    check(uvc_control_find(&found, user, control->id) == control && found == unit
              ? NULL
              : "a control that is listed is found");
    return 0;
}

static void look(const struct uvc_stream *stream)
{
    struct uvc_chain chain;

    uvc_chain_walk(&chain, &camera, stream);
    uvc_controls_each(&chain, check_control, &chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t controls[4];
    char text[200];
    uint8_t *bytes;

    if (size == 0) {
        return 0;
    }
    bytes = malloc(size > 1 ? size - 1 : 1); /* of its very length */
    if (!bytes) {
        return 0;
    }
    memcpy(bytes, data + 1, size - 1);
    controls[0] = 0;
    uvc_find_controls(controls, 4, bytes, size - 1);
    uvc_parse(&camera, bytes, size - 1 + TOO_MANY, controls[0], (enum uvc_speed)(data[0] % 3 + 1));
    free(bytes);
    check(uvc_invariant(&camera));
    for (uint32_t i = 0; i < camera.stream_count; i++) {
        look(&camera.streams[i]);
    }
    for (uint32_t i = 0; i < camera.note_count && i < UVC_NOTES_MAX; i++) {
        uvc_note_text(text, sizeof(text), &camera.notes[i]);
        check(camera.notes[i].offset < size ? NULL : "a note's place is in the input");
    }
    return 0;
}
