/* SPDX-License-Identifier: MIT */
/*
 * Captures into memory of the program's own, such as that of an encoder. Shows that each frame
 * lies where the program put its buffer, and that nothing was copied on the way.
 *
 *     caller_buffers 100                            from the first real device
 *     caller_buffers "sim:0?rate=max" 100           from a simulated card
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vidicon/vidicon.h"

enum { BUFFERS = 4 };

/* Memory for all frames at once, and its parts given to the stream. The caller frees it, after the
 * stream was closed. */
static uint8_t *add_buffers(vdc_stream *stream)
{
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    uint8_t *memory;

    if (vdc_stream_get_info(&info, stream) != VDC_OK) {
        return NULL;
    }
    memory = malloc(BUFFERS * info.frame_bytes);
    for (int i = 0; memory && i < BUFFERS; i++) {
        vdc_buffer buffer = VDC_BUFFER_INIT;

        buffer.data = memory + (size_t)i * info.frame_bytes;
        buffer.capacity_bytes = info.frame_bytes;
        buffer.user = buffer.data; /* Comes back in each frame; it could be the encoder's own. */
        if (vdc_stream_add_buffer(stream, &buffer) != VDC_OK) {
            free(memory);
            return NULL;
        }
    }
    return memory;
}

/* 1 if all frames came, lay where they should, and were not copied. */
static int capture(vdc_stream *stream, unsigned long wanted)
{
    vdc_stats stats = VDC_STATS_INIT;
    unsigned long elsewhere = 0;

    for (unsigned long i = 0; i < wanted; i++) {
        const vdc_frame *frame = NULL;

        if (vdc_stream_wait(&frame, stream, 3000) != VDC_OK) {
            fprintf(stderr, "%s\n", vdc_error_text());
            return 0;
        }
        elsewhere += frame->planes[0] != (const uint8_t *)frame->buffer_user;
        vdc_stream_release(stream, frame);
    }
    if (vdc_stream_stop(stream) != VDC_OK || vdc_stream_get_stats(&stats, stream) != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
        return 0;
    }
    printf("%" PRIu64 " delivered, %lu outside of our buffers\n", stats.delivered, elsewhere);
    printf("copies = %" PRIu64 "\n", stats.copies);
    return elsewhere == 0 && stats.copies == 0;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    uint8_t *memory = NULL;
    int good = 0;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: caller_buffers [ID] FRAMES\n");
        return 2;
    }
    config.memory = VDC_MEMORY_CALLER; /* VDC_E_UNSUPPORTED without VDC_CAP_CALLER_MEMORY */
    if (vdc_context_create(&context, NULL) != VDC_OK ||
        vdc_device_open(&device, context, argc > 2 ? argv[1] : NULL, 0) != VDC_OK ||
        vdc_stream_open(&stream, device, &config) != VDC_OK ||
        (memory = add_buffers(stream)) == NULL || vdc_stream_start(stream) != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
    } else {
        good = capture(stream, strtoul(argv[argc - 1], NULL, 10));
    }

    vdc_stream_close(stream); /* Until here the device may write to the memory. */
    free(memory);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
