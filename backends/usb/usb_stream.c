/* SPDX-License-Identifier: MIT */
/*
 * A capture from open to close. Transfers are asked for before the engine starts, and ended after it
 * stands still: what the card had already sent then is a frame like any other.
 */
#include "usb_stream.h"

#include <string.h>

#define SILENCE_NS    (1000 * USB_MS) /* and four intervals */
#define SILENCES_MOST 3u
#define TOGETHER_NS   (100 * USB_MS) /* one waking for what is due within that */

/* ---- Open and close ---- */

/* Whether buffers of `bytes` come from memory that libusb maps. */
static int want_devmem(const struct usb_card *card, uint64_t bytes)
{
    libusb_device_handle *handle = card->link.handle;

    if (card->options.devmem == USB_OFF || !handle || card->link.lost || bytes > SIZE_MAX)
        return 0;
    if (card->options.devmem == USB_AUTO &&
        !usb_devmem_is_fast(card->base.device->context, card->base.id, handle, card->bus))
        return 0;
    return usb_devmem_lends(handle, (size_t)bytes);
}

/* Whether link and host can carry it, and by which transfers. */
static int plan(struct usb_stream *st, const struct vdi_stream_config *config)
{
    struct usb_card *card = st->card;
    struct usb_load load;
    uint64_t pads = ((uint64_t)st->frame_bytes + USB_PAD_BYTES - 1u) / USB_PAD_BYTES;
    uint64_t room = (pads + 1u) * USB_PAD_BYTES;
    uint64_t buffers = room * config->buffer_count;
    char why[400];

    memset(&load, 0, sizeof(load));
    load.frame_bytes = st->frame_bytes;
    load.interval_num = st->format.interval.num;
    load.interval_den = st->format.interval.den;
    load.super = card->speed >= LIBUSB_SPEED_SUPER;
    load.budget_bytes = usb_platform_budget_bytes();
    load.request_ns = usb_tune_request_ns(card->bus, card->request_ns);
    load.transfer_bytes = card->options.transfer_bytes;
    load.in_flight_bytes = card->options.in_flight_bytes;
    st->devmem = 0;
    if (config->memory == VDC_MEMORY_LIBRARY && want_devmem(card, room)) {
        /* Such buffers count as transfers do; a quarter of the budget stays for others. */
        load.buffers_bytes = buffers;
        load.mapped = 1;
        load.buffer_count = config->buffer_count;
        st->devmem = !load.budget_bytes || buffers <= load.budget_bytes / 4u * 3u;
        if (st->devmem)
            st->devmem = usb_tune_plan(&st->plan, &load, why, sizeof(why)) == 0;
        if (st->devmem)
            return VDC_OK;
        load.buffers_bytes = 0;
        load.mapped = 0;
    }
    if (usb_tune_plan(&st->plan, &load, why, sizeof(why)))
        return vdi_error(VDC_E_RANGE, "%s: this cannot work: %s", card->base.id, why);
    return VDC_OK;
}

int usb_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout)
{
    struct usb_card *card = usb_card_of(stream->device);
    struct usb_stream *st = usb_stream_of(stream);
    int result;

    st->card = card;
    st->stream = stream;
    usb_outbox_init(&st->box, stream, card->base.id, card->lock, card->cond, &card->gone,
                    &st->running);
    st->box.pump = &card->pump;
    usb_card_enter(card);
    result = card_stream_format(&card->base, card->stream != NULL, config, &st->format, layout);
    if (!result) {
        st->frame_bytes = (uint32_t)layout->frame_bytes;
        st->interval_ns = (uint64_t)st->format.interval.num * 1000000000u / st->format.interval.den;
        result = plan(st, config);
    }
    if (!result)
        result = usb_transfer_create(st);
    if (result) {
        usb_transfer_destroy(st);
    } else {
        vdi_timebase_init(&st->clock.base, card->base.core.identity.time_hz,
                          card->base.core.identity.time_tolerance_ppm);
        vdi_log(card->base.device->context, VDC_LOG_DEBUG,
                "%s: up to %u transfers of %u bytes, %u bytes in flight", card->base.id,
                (unsigned)st->plan.piece_count, (unsigned)st->plan.transfer_bytes,
                (unsigned)st->plan.in_flight_bytes);
        usb_card_lock(card);
        card->stream = st;
        usb_card_unlock(card);
    }
    usb_card_leave(card);
    return result;
}

void usb_stream_close(struct vdi_stream *stream)
{
    struct usb_stream *st = usb_stream_of(stream);
    struct usb_card *card = st->card;

    usb_card_enter(card);
    usb_card_lock(card);
    if (card->stream == st)
        card->stream = NULL;
    usb_card_unlock(card);
    usb_transfer_destroy(st);
    usb_card_leave(card);
}

/* ---- A failure in doubt ---- */

/* Any register: a device that is gone has none. */
static void look_whether_gone(void *argument)
{
    struct usb_stream *st = argument;
    struct usb_card *card = st->card;
    uint32_t state;
    int result = vdh_user_read(&card->base.core, VDH_R_CAPTURE_STATUS, &state);

    usb_card_lock(card);
    if (result == VDH_E_GONE)
        usb_card_lost(card);
    usb_outbox_settle(&st->box);
    usb_card_unlock(card);
}

/* ---- Start ---- */

/* How long no frame comes before the device is asked why. */
static int64_t patience(const struct usb_stream *st)
{
    return SILENCE_NS + 4 * (int64_t)st->interval_ns;
}

static void reset_run(struct usb_stream *st)
{
    usb_account_reset(st);
    usb_time_reset(st);
    st->filled = 0;
    st->fill_offset = 0;
    st->stopping = 0;
    st->recovering = 0;
    st->halted = 0;
    st->cause = VDC_DROP_BUS;
    st->in_step = 1;
    st->tries = 0;
    usb_outbox_reset(&st->box);
    st->has_last = 0;
    st->last_host_ns = INT64_MIN;
    st->current_from = 0;
    st->jumped = 0;
    st->sample_due_ns = 0;
    st->watched_good = 0;
    st->watch_ns = vdi_now_ns() + patience(st);
}

int usb_stream_start(struct vdi_stream *stream)
{
    struct usb_stream *st = usb_stream_of(stream);
    struct usb_card *card = st->card;
    int result;

    usb_card_enter(card);
    usb_card_lock(card);
    reset_run(st);
    usb_card_unlock(card);
    result = card_error(&card->base, vdh_format_set(&card->base.core, &st->format),
                        "setting the format");
    if (!result)
        result =
            card_error(&card->base, vdh_capture_set_up(&st->capture, &card->base.core, NULL, NULL),
                       "setting up capture");
    /* Whatever the last user of the endpoint left it in. */
    if (!result)
        result = card_error(&card->base,
                            usb_io_result(card, libusb_clear_halt(card->link.handle, USB_BULK_IN)),
                            "clearing its endpoint");
    if (!result) {
        usb_time_sample(st);
        usb_card_lock(card);
        st->running = 1;
        usb_transfer_pump(st);
        usb_transfer_lead(st);
        usb_outbox_decide(&st->box, look_whether_gone, st);
        result = st->box.failure ? usb_outbox_ended(&st->box) : VDC_OK;
        usb_card_unlock(card);
    }
    if (!result) {
        int code = vdh_capture_start(&st->capture, 0);

        if (code)
            (void)card_stream_end(&card->base, &st->capture);
        result = card_error(&card->base, code, "starting capture");
    }
    usb_card_lock(card);
    if (result) {
        st->stopping = 1;
        usb_transfer_lead(st);
        usb_transfer_drain(st);
        st->running = 0;
        st->stopping = 0;
        /* What came before it failed is no frame of a capture. */
        st->box.count = 0;
        usb_account_reset(st);
    }
    usb_outbox_tell(&st->box);
    vdi_cond_signal_all(card->alarm);
    usb_card_unlock(card);
    usb_card_leave(card);
    return result;
}

/* ---- Stop ---- */

static void forget_queue(struct usb_stream *st)
{
    for (uint32_t i = 0; i < st->queue_count; i++)
        st->queue[(st->queue_first + i) % USB_BUFFERS_MAX]->queued = 0;
    st->queue_first = 0;
    st->queue_count = 0;
    st->filled = 0;
    st->fill_offset = 0;
}

static void tell_trouble(const struct usb_stream *st)
{
    const struct usb_trouble *t = &st->trouble;

    if (t->shorts + t->longs + t->refused + t->stalls + t->overruns + t->errors + t->silences)
        vdi_log(st->card->base.device->context, VDC_LOG_WARNING,
                "%s: on the bus: %llu short frames, %llu without an end, %llu impossible records, "
                "%llu stalls, %llu overruns, %llu failed transfers, %llu silences",
                st->card->base.id, (unsigned long long)t->shorts, (unsigned long long)t->longs,
                (unsigned long long)t->refused, (unsigned long long)t->stalls,
                (unsigned long long)t->overruns, (unsigned long long)t->errors,
                (unsigned long long)t->silences);
}

int usb_stream_stop(struct vdi_stream *stream)
{
    struct usb_stream *st = usb_stream_of(stream);
    struct usb_card *card = st->card;
    int result = VDH_OK;

    usb_card_enter(card);
    usb_card_lock(card);
    if (st->running) {
        st->stopping = 1;
        usb_transfer_lead(st);
        usb_card_unlock(card);
        if (!atomic_load(&card->gone))
            result = card_stream_end(&card->base, &st->capture);
        usb_card_lock(card);
        usb_transfer_drain(st);
        usb_card_unlock(card);
        (void)usb_account_read(st);
        usb_card_lock(card);
        st->running = 0;
        st->stopping = 0;
        tell_trouble(st);
    }
    forget_queue(st);
    st->box.woken = 0;
    usb_outbox_tell(&st->box);
    vdi_cond_signal_all(card->cond);
    usb_card_unlock(card);
    usb_card_leave(card);
    /* A device that is gone has stopped; wait tells the rest. */
    return result == VDH_E_GONE ? VDC_OK : card_error(&card->base, result, "stopping capture");
}

/* ---- The control thread's part ---- */

static int is_up(const struct usb_stream *st)
{
    return st && st->running && !st->stopping && !st->card->gone;
}

static int is_live(const struct usb_stream *st)
{
    return is_up(st) && !st->box.failure;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t usb_stream_due(const struct usb_card *card)
{
    const struct usb_stream *st = card->stream;

    if (!is_up(st))
        return INT64_MAX;
    if (st->box.failure)
        return usb_outbox_due(&st->box);
    if (st->halted && !st->flying)
        return 0;
    return sooner(st->sample_due_ns, st->watch_ns);
}

/* No frame for long: the device says whether it has some, or captures at all. */
static void look_why(struct usb_stream *st)
{
    struct usb_card *card = st->card;
    uint64_t before = st->report.good;
    struct vdh_boot_status boot;
    uint32_t state = 0;
    int result = vdh_boot_read_status(&card->base.core, &boot);

    if (!result)
        result = vdh_user_read(&card->base.core, VDH_R_CAPTURE_STATUS, &state);
    if (!result)
        (void)usb_account_read(st);
    usb_card_lock(card);
    state = vdh_field_get(state, VDH_F_CAPTURE_STATUS_STATE);
    if (result == VDH_E_GONE)
        usb_card_lost(card);
    else if (result)
        usb_outbox_fail(&st->box, "no frames come, and it does not answer; stop and start again");
    else if (!boot.runs || state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE)
        usb_outbox_fail(&st->box,
                        "it started anew during capture, as after a loss of power; stop and "
                        "start again");
    else if (is_live(st) && st->report.good > before && st->queue_count) {
        st->trouble.silences++;
        if (st->trouble.silences > SILENCES_MOST)
            usb_outbox_fail(&st->box, "it has frames, and none arrives; stop and start again");
        else
            usb_transfer_recover(st, VDC_DROP_BUS, 1);
    }
    usb_card_unlock(card);
}

void usb_stream_serve(struct usb_card *card)
{
    struct usb_stream *st = card->stream;
    int64_t now = vdi_now_ns();
    int clear;
    int quiet;
    int sample;
    int look;

    usb_card_lock(card);
    if (!is_live(st)) {
        int doubted = usb_stream_due(card) <= now;

        usb_card_unlock(card);
        if (doubted)
            look_whether_gone(st);
        return;
    }
    clear = st->halted && !st->flying;
    /* Nothing can be said of frames while nobody handles events. */
    quiet = usb_pump_parked(&card->pump) && !card->pump.inside;
    look = now + TOGETHER_NS >= st->watch_ns;
    sample = now + (look && now >= st->settled_ns ? TOGETHER_NS : 0) >= st->sample_due_ns;
    if (look) {
        look = !quiet && st->good == st->watched_good;
        st->watched_good = st->good;
        st->watch_ns = now + patience(st);
    }
    usb_card_unlock(card);
    if (clear) {
        int code = libusb_clear_halt(card->link.handle, USB_BULK_IN);

        usb_card_lock(card);
        if (st->halted && !st->flying)
            usb_transfer_cleared(st, code);
        usb_card_unlock(card);
    }
    if (sample)
        usb_time_sample(st);
    if (look)
        look_why(st);
}
