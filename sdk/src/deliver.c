/* SPDX-License-Identifier: MIT */
/* Delivery by callback: one thread a stream, which waits as an application would.
 * All that the application does on this thread, it does in a callback. */
#include "internal.h"

void vdi_stream_deliver(void *argument)
{
    static const char function[] = "delivery by callback";
    vdc_stream *stream = argument;
    int started;

    vdi_this_thread()->in_callback = 1;
    vdi_mutex_lock(stream->lock);
    while (stream->state == VDI_STARTING) {
        (void)vdi_cond_wait(stream->changed, stream->lock, INT64_MAX);
    }
    started = stream->state != VDI_STOPPED;
    vdi_mutex_unlock(stream->lock);
    while (started) {
        const vdc_frame *frame = NULL;
        int status = vdi_stream_take(&frame, stream, INT64_MAX, function);

        if (status == VDC_E_STATE) {
            return; /* stopped, which whoever stops it knows */
        }
        stream->on_frame(stream, frame, status, stream->user);
        if (status != VDC_OK) {
            return;
        }
    }
}
