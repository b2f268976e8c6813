/* SPDX-License-Identifier: MIT */
/*
 * The table of the simulated backend, and opening a card by its id. A simulated card is never
 * found by accident: only a "sim:" id or an option of the context leads here.
 */
#include "sim_card.h"
#include "sim_stream.h"

#include <stdlib.h>
#include <string.h>

static int open_card(struct vdi_device *device, const char *path)
{
    struct card_device *own = device->priv;
    struct sim_card *card = NULL;
    struct sim_options *options = malloc(sizeof(*options));
    char why[512];
    int result;

    if (!options)
        return vdi_error(VDC_E_NO_MEMORY, "no memory to open sim:%.32s", path);
    if (sim_options_parse(options, path, strlen(path), why, sizeof(why)))
        result = vdi_error(VDC_E_INVALID, "cannot open sim:%.64s: %s", path, why);
    else
        result = sim_card_create(&card, device, options);
    if (!result)
        own->card = &card->base;
    free(options);
    return result;
}

static void close_card(struct vdi_device *device)
{
    struct card_device *own = device->priv;

    if (own->card)
        sim_card_destroy(sim_card_from(own->card));
    own->card = NULL;
}

static const struct vdi_stream_ops stream_ops = {
    .progress = sim_stream_progress,
};

const struct vdi_backend vdi_backend_sim = {
    .name = "sim",
    .simulated = 1,
    .device_size = sizeof(struct card_device),
    .stream_size = sizeof(struct sim_stream),
    .buffer_size = sizeof(struct sim_buffer),
    .firmware = &card_firmware_ops,
    .registers = &card_register_ops,
    .inputs = &card_input_ops,
    .extra = &stream_ops,
    .list = sim_registry_list,
    .watch = sim_registry_watch,
    .open = open_card,
    .close = close_card,
    .formats = card_formats,
    .negotiate = card_negotiate,
    .controls = card_controls,
    .get_control = card_get_control,
    .set_control = card_set_control,
    .stream_open = sim_stream_open,
    .stream_close = sim_stream_close,
    .attach = sim_buffer_attach,
    .detach = sim_buffer_detach,
    .start = sim_stream_start,
    .queue = sim_stream_queue,
    .wait = sim_stream_wait,
    .wake = sim_stream_wake,
    .stop = sim_stream_stop,
    .counts = sim_stream_counts,
    .poll_begin = sim_stream_poll_begin,
};
