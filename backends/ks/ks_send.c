/* SPDX-License-Identifier: MIT */
/*
 * Where a read comes to nothing when the thread ends that sent it, a thread that outlives the run sends them all: whoever
 * releases frames may then come and go. Elsewhere there is none, and reads are sent at once.
 */
#include "ks_stream.h"

/* With the lock held. */
static void give_up(struct ks_stream *st, struct vdi_buffer *buffer)
{
    struct ks_buffer *own = buffer->priv;
    uint32_t kept = 0;

    own->in_flight = 0;
    st->in_flight--;
    for (uint32_t i = 0; i < st->sent_count; i++) {
        struct vdi_buffer *at = st->sent[(st->sent_first + i) % KS_READS_MAX];

        if (at != buffer) {
            st->sent[(st->sent_first + kept++) % KS_READS_MAX] = at;
        }
    }
    st->sent_count = kept;
}

static void run_sender(void *argument)
{
    struct ks_stream *st = argument;

    vdi_mutex_lock(st->lock);
    while (!st->sender_ends) {
        struct vdi_buffer *buffer;
        uint32_t result;

        if (st->unsent_count == 0) {
            (void)vdi_cond_wait(st->to_send, st->lock, INT64_MAX);
            continue;
        }
        buffer = st->unsent[st->unsent_first];
        st->unsent_first = (st->unsent_first + 1) % KS_READS_MAX;
        st->unsent_count--;
        result = st->device->system->submit(st->pin, &((struct ks_buffer *)buffer->priv)->read);
        if (result != KS_OK) {
            give_up(st, buffer);
            ks_read_fail(st, result);
        }
    }
    vdi_mutex_unlock(st->lock);
}

uint32_t ks_send(struct ks_stream *st, struct vdi_buffer *buffer)
{
    if (st->sender == NULL) {
        return st->device->system->submit(st->pin, &((struct ks_buffer *)buffer->priv)->read);
    }
    st->unsent[(st->unsent_first + st->unsent_count++) % KS_READS_MAX] = buffer;
    vdi_cond_signal_all(st->to_send);
    return KS_OK;
}

void ks_send_forget(struct ks_stream *st)
{
    while (st->unsent_count != 0) {
        give_up(st, st->unsent[st->unsent_first]);
        st->unsent_first = (st->unsent_first + 1) % KS_READS_MAX;
        st->unsent_count--;
    }
}

int ks_sender_start(struct ks_stream *st)
{
    int status;

    if (!st->device->system->reads_need_thread() || st->sender != NULL) {
        return VDC_OK;
    }
    st->sender_ends = 0;
    status = vdi_cond_create(&st->to_send);
    if (status == VDC_OK) {
        status = vdi_thread_create(&st->sender, run_sender, st, "vidicon ks send");
    }
    if (status != VDC_OK) {
        vdi_cond_destroy(st->to_send);
        st->to_send = NULL;
    }
    return status;
}

void ks_sender_stop(struct ks_stream *st)
{
    if (st->sender != NULL) {
        vdi_mutex_lock(st->lock);
        st->sender_ends = 1;
        vdi_cond_signal_all(st->to_send);
        vdi_mutex_unlock(st->lock);
        vdi_thread_join(st->sender);
        st->sender = NULL;
        vdi_cond_destroy(st->to_send);
        st->to_send = NULL;
    }
}
