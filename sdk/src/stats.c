/* SPDX-License-Identifier: MIT */
/* The account of a stream: where each frame that the device produced has gone.
 * `produced` is what the backend says and nothing else. What is lost is either in the device's own report
 * (which holds the losses that completions tell) or was counted here; never in both. */
#include "internal.h"

#include <string.h>

VDC_API(const char *) vdc_drop_name(uint32_t cause)
{
    static const char *const names[] = {
        [VDC_DROP_DEVICE_FIFO] = "DEVICE_FIFO",
        [VDC_DROP_NO_BUFFER] = "NO_BUFFER",
        [VDC_DROP_NO_SIGNAL] = "NO_SIGNAL",
        [VDC_DROP_DMA] = "DMA",
        [VDC_DROP_BUS] = "BUS",
        [VDC_DROP_DAMAGED] = "DAMAGED",
        [VDC_DROP_STOPPED] = "STOPPED",
        [VDC_DROP_GONE] = "GONE",
        [VDC_DROP_UNKNOWN] = "UNKNOWN",
        [VDC_DROP_SHORT] = "SHORT",
        [VDC_DROP_LONG] = "LONG",
        [VDC_DROP_MALFORMED] = "MALFORMED",
        [VDC_DROP_STALL] = "STALL",
        [VDC_DROP_OVERRUN] = "OVERRUN",
    };

    return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "?";
}

void vdi_account_reset(struct vdi_account *account)
{
    memset(account, 0, sizeof(*account));
}

static int any_lost(const uint32_t dropped[VDC_DROP_SLOTS])
{
    uint32_t any = 0;

    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        any |= dropped[cause];
    }
    return any != 0;
}

void vdi_account_report(struct vdi_account *account, const uint32_t dropped[VDC_DROP_SLOTS])
{
    if (!any_lost(dropped)) {
        return; /* nearly always */
    }
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        account->reported[cause] += dropped[cause];
        account->pending[cause] += dropped[cause];
    }
    account->any_pending = 1;
}

void vdi_account_lose(struct vdi_account *account, uint32_t cause)
{
    account->own[cause]++;
    account->pending[cause]++;
    account->any_pending = 1;
}

static unsigned latency_slot(int64_t from_ns)
{
    int64_t now_ns = vdi_now_ns();
    uint64_t us = now_ns > from_ns ? (uint64_t)(now_ns - from_ns) / 1000 : 0;
    unsigned slot = 0;

    while (us != 0 && slot < VDC_LATENCY_SLOTS - 1) {
        us >>= 1;
        slot++;
    }
    return slot;
}

void vdi_account_deliver(struct vdi_account *account, const struct vdi_completion *completion,
                         vdc_frame *frame)
{
    account->delivered++;
    if (completion->copied_bytes != 0) {
        account->copies++;
        account->copied_bytes += completion->copied_bytes;
    }
    if (completion->end_time_ns != INT64_MIN) {
        account->latency_us[latency_slot(completion->end_time_ns)]++;
    }
    memcpy(frame->dropped, account->pending, sizeof(account->pending));
    if (account->any_pending) {
        memset(account->pending, 0, sizeof(account->pending));
        account->any_pending = 0;
        frame->flags |= VDC_FRAME_DISCONTINUITY;
    }
    if (completion->sequence != account->next_sequence) {
        frame->flags |= VDC_FRAME_DISCONTINUITY;
    }
    account->next_sequence = completion->sequence + 1;
}

/* Under the lock no frame changes hands, so the report is never behind what was delivered before it. */
void vdi_account_refresh(vdc_stream *stream)
{
    struct vdi_counts counts;

    memset(&counts, 0, sizeof(counts));
    if (stream->countable &&
        stream->device->base.backend->counts(&stream->base, &counts) == VDC_OK) {
        stream->account.counts = counts;
    }
}

/* A loss that a completion told must be in the report; if it is not, it still happened. */
static uint64_t lost_by(const struct vdi_account *account, int cause)
{
    uint64_t device = account->counts.dropped[cause];

    if (device < account->reported[cause]) {
        device = account->reported[cause];
    }
    return device + account->own[cause];
}

static uint64_t explained(const struct vdi_account *account)
{
    uint64_t sum = account->delivered;

    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        sum += lost_by(account, cause);
    }
    return sum;
}

void vdi_account_finish(vdc_stream *stream, int gone)
{
    struct vdi_account *account = &stream->account;
    uint64_t sum;

    vdi_account_refresh(stream);
    sum = explained(account);
    if (account->counts.basis != VDC_BASIS_UNKNOWN && account->counts.produced > sum) {
        account->own[gone ? VDC_DROP_GONE : VDC_DROP_UNKNOWN] += account->counts.produced - sum;
    }
    account->final = 1;
}

void vdi_account_log(vdc_stream *stream)
{
    struct vdi_context *context = &stream->device->context->base;
    const struct vdi_account *account = &stream->account;
    const char *id = vdi_device_id(stream->device);
    uint64_t sum = explained(account);

    if (account->own[VDC_DROP_UNKNOWN] != 0) {
        vdi_log(context, VDC_LOG_WARNING, "\"%s\": %llu of %llu frames are missing without a cause",
                id, (unsigned long long)account->own[VDC_DROP_UNKNOWN],
                (unsigned long long)account->counts.produced);
    }
    if (account->counts.basis != VDC_BASIS_UNKNOWN && sum > account->counts.produced) {
        vdi_log(context, VDC_LOG_ERROR,
                "\"%s\": the account is impossible: %llu frames delivered or lost, and only %llu "
                "produced",
                id, (unsigned long long)sum, (unsigned long long)account->counts.produced);
    }
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        if (account->counts.dropped[cause] < account->reported[cause]) {
            vdi_log(context, VDC_LOG_ERROR,
                    "\"%s\": the account is impossible: frames told of %llu lost by %s, the "
                    "device's report has %llu",
                    id, (unsigned long long)account->reported[cause],
                    vdc_drop_name((uint32_t)cause),
                    (unsigned long long)account->counts.dropped[cause]);
        }
    }
}

VDC_API(int) vdc_stream_get_stats(vdc_stats *out, vdc_stream *stream)
{
    static const char function[] = "vdc_stream_get_stats";
    vdc_stats stats = VDC_STATS_INIT;
    const struct vdi_account *account;
    uint64_t sum;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_stats", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    account = &stream->account;
    vdi_mutex_lock(stream->lock);
    /* The end of a stop books frame by frame; no callback runs then, so this wait is short. */
    while (stream->state == VDI_STOPPING && !stream->countable) {
        (void)vdi_cond_wait(stream->changed, stream->lock, INT64_MAX);
    }
    vdi_account_refresh(stream);
    sum = explained(account);
    stats.produced_basis = account->counts.basis;
    stats.produced = account->counts.basis != VDC_BASIS_UNKNOWN ? account->counts.produced : 0;
    stats.delivered = account->delivered;
    stats.in_flight = !account->final && stats.produced > sum ? stats.produced - sum : 0;
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        stats.dropped[cause] = lost_by(account, cause);
    }
    stats.copies = account->copies;
    stats.copied_bytes = account->copied_bytes;
    memcpy(stats.latency_us, account->latency_us, sizeof(stats.latency_us));
    vdi_mutex_unlock(stream->lock);
    vdi_copy_out(out, &stats, sizeof(stats));
    return VDC_OK;
}
