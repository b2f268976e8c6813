/* SPDX-License-Identifier: MIT */
/*
 * One thread that serves frames and events, from an event loop. Stream and context have a handle
 * each that poll() or WaitForMultipleObjects() takes, see common/wait_handles.h.
 *
 *     eventloop 100                                 from the first real device
 *     eventloop "sim:0?rate=max" 100                from a simulated card
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vidicon/vidicon.h"

#include "common/wait_handles.h"

/* Takes one frame. More may be complete: then the handle is still ready, and the loop comes back,
 * after it has served whatever else is ready. */
static int take_frame(vdc_stream *stream, unsigned long *count)
{
    const vdc_frame *frame = NULL;

    int status = vdc_stream_wait(&frame, stream, 0);
    if (status == VDC_OK) {
        printf("frame %" PRIu64 " at %.3f ms\n", frame->sequence,
               (double)frame->host_time_ns / 1e6);
        (*count)++;
        vdc_stream_release(stream, frame);
    }
    return status;
}

static int take_events(vdc_context *context)
{
    vdc_event event = VDC_EVENT_INIT;
    int status;

    while ((status = vdc_context_wait_event(&event, context, 0)) == VDC_OK) {
        printf("event %u of %s\n", (unsigned)event.kind, event.device_id);
    }
    return status == VDC_E_TIMEOUT ? VDC_OK : status;
}

static int loop(vdc_context *context, vdc_stream *stream, unsigned long wanted)
{
    vdc_handle handles[2];
    unsigned long count = 0;

    int status = vdc_stream_get_handle(&handles[0], stream);
    if (status == VDC_OK) {
        status = vdc_context_get_handle(&handles[1], context);
    }
    while (status == VDC_OK && count < wanted) {
        int ready[2];
        int result = wait_handles(ready, handles, 2, 3000);

        if (result <= 0) {
            fprintf(stderr, "%s\n", result == 0 ? "nothing for 3 seconds" : "the wait failed");
            return VDC_E_TIMEOUT;
        }
        if (ready[0]) {
            status = take_frame(stream, &count);
        }
        if (ready[1] && status == VDC_OK) {
            status = take_events(context);
        }
    }
    if (status != VDC_OK) { /* The stream's handle is ready for its end, too. */
        fprintf(stderr, "%s\n", vdc_error_text());
    }
    return status;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    int status = VDC_E_IO;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: eventloop [ID] FRAMES\n");
        return 2;
    }
    if (vdc_context_create(&context, NULL) != VDC_OK ||
        vdc_device_open(&device, context, argc > 2 ? argv[1] : NULL, 0) != VDC_OK ||
        vdc_stream_open(&stream, device, &config) != VDC_OK || vdc_stream_start(stream) != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
    } else {
        status = loop(context, stream, strtoul(argv[argc - 1], NULL, 10));
    }

    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return status == VDC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
