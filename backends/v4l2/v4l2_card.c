/* SPDX-License-Identifier: MIT */
/*
 * The project's own module: identity, account, signal and timings by its ioctls. Other drivers have ioctls of the same
 * numbers and other meaning, so nothing is asked of a node whose driver has another name.
 */
#include "v4l2_card.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vidicon_brand.h"

#include "v4l2_stream.h"

#define TIMINGS_MAX 256u

/* Its capability if a node is of the module. */
static int is_ours(int fd, struct v4l2_capability *capability)
{
    memset(capability, 0, sizeof(*capability));
    return v4l2_call(fd, VIDIOC_QUERYCAP, capability) == 0 &&
           strncmp((const char *)capability->driver, VIDICON_BRAND_LINUX_DRIVER_NAME,
                   sizeof(capability->driver)) == 0;
}

static int get_identity(int fd, struct vdl_identity *identity)
{
    memset(identity, 0, sizeof(*identity));
    if (v4l2_call(fd, VDL_IOC_IDENTITY, identity) != 0 ||
        identity->interface_version != VDL_INTERFACE_VERSION) {
        return 0;
    }
    identity->serial[sizeof(identity->serial) - 1] = '\0';
    for (size_t at = 0; identity->serial[at] != '\0'; at++) {
        unsigned char letter = (unsigned char)identity->serial[at];

        if (letter <= 0x20 || letter >= 0x7f || letter == '/') {
            identity->serial[at] = '_';
        }
    }
    return 1;
}

int v4l2_card_is_gone(int fd)
{
    struct v4l2_capability capability;
    struct vdl_time time;

    memset(&time, 0, sizeof(time));
    return is_ours(fd, &capability) && v4l2_call(fd, VDL_IOC_TIME, &time) == ENODEV;
}

void v4l2_card_serial(char *serial, size_t size, int fd)
{
    struct v4l2_capability capability;
    struct vdl_identity identity;

    if (is_ours(fd, &capability) && get_identity(fd, &identity)) {
        snprintf(serial, size, "%s", identity.serial);
    }
}

struct search {
    struct v4l2_device *device;
    char bus_info[sizeof(((struct v4l2_capability *)NULL)->bus_info)];
};

/* The other node of the same card. */
static int find_records(const struct v4l2_node *node, void *user)
{
    struct search *search = user;
    struct v4l2_card *card = &search->device->card;
    struct v4l2_capability capability;
    struct vdl_identity identity;
    int fd, found;

    if (strcmp(node->path, search->device->node.path) == 0 ||
        strcmp(node->location, search->device->node.location) != 0) {
        return 0;
    }
    fd = v4l2_system->open(node->path);
    if (fd < 0) {
        return 0;
    }
    found = is_ours(fd, &capability) && get_identity(fd, &identity) &&
            identity.node == VDL_NODE_META &&
            memcmp(capability.bus_info, search->bus_info, sizeof(search->bus_info)) == 0;
    v4l2_system->close(fd);
    if (found) {
        snprintf(card->record_path, sizeof(card->record_path), "%s", node->path);
        card->use_records = 1;
    }
    return found;
}

void v4l2_card_probe(struct v4l2_device *device, int records)
{
    struct v4l2_card *card = &device->card;
    struct search search = {.device = device};
    struct v4l2_capability capability;

    card->present = is_ours(device->fd, &capability) && get_identity(device->fd, &card->identity) &&
                    card->identity.node == VDL_NODE_PICTURE;
    card->use_records = 0;
    if (card->present && records && card->identity.time_hz != 0) {
        memcpy(search.bus_info, capability.bus_info, sizeof(search.bus_info));
        (void)v4l2_system->enumerate(find_records, &search);
    }
}

void v4l2_card_describe(const struct v4l2_device *device, struct vdi_device_info *info)
{
    const struct v4l2_card *card = &device->card;

    if (!card->present) {
        return;
    }
    info->caps |= VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS;
    info->limited = card->identity.limited != 0;
    info->state_text[0] = '\0';
    if (info->limited) {
        snprintf(info->state_text, sizeof(info->state_text),
                 "no firmware runs; load some, and see the kernel's log for what became of the "
                 "last one");
    }
    if (card->use_records) {
        info->caps |= VDC_CAP_DEVICE_TIME;
        info->time_hz = card->identity.time_hz;
    }
}

/* ---- Signal and timings, numbered as in the firmware's table ---- */

static int timing_at(struct v4l2_device *device, uint32_t index, struct vdl_timing *out)
{
    memset(out, 0, sizeof(*out));
    out->index = index;
    if (index >= TIMINGS_MAX) {
        return EINVAL;
    }
    return v4l2_call(device->fd, VDL_IOC_TIMING, out);
}

static uint32_t selected_input(struct v4l2_device *device)
{
    int input = 0;

    return v4l2_call(device->fd, VIDIOC_G_INPUT, &input) == 0 && input >= 0 && input < 32
               ? (uint32_t)input
               : 0;
}

int v4l2_card_signal(struct v4l2_device *device, vdc_signal *out)
{
    static const uint32_t states[] = {VDC_SIGNAL_NONE, VDC_SIGNAL_UNSTABLE, VDC_SIGNAL_LOCKED};
    struct vdl_signal signal;
    struct vdl_timing timing;
    int error;

    memset(&signal, 0, sizeof(signal));
    error = v4l2_call(device->fd, VDL_IOC_SIGNAL, &signal);
    if (error != 0) {
        return v4l2_failure(device, error, "asking for its signal");
    }
    out->state = signal.state < 3 ? states[signal.state] : (uint32_t)VDC_SIGNAL_UNKNOWN;
    if (out->state == VDC_SIGNAL_LOCKED && signal.mismatch) {
        out->state = VDC_SIGNAL_MISMATCH;
    }
    out->detected_timing = signal.detected < TIMINGS_MAX - 1 ? signal.detected : VDC_TIMING_NONE;
    out->changes = signal.changes;
    for (uint32_t at = 0; timing_at(device, at, &timing) == 0; at++) {
        if (timing.selected) {
            out->selected_timing = at;
        }
    }
    return VDC_OK;
}

int v4l2_card_timings(struct v4l2_device *device, struct vdi_sink *sink)
{
    uint32_t input = selected_input(device);
    struct vdl_timing timing;
    int status = VDC_OK;

    for (uint32_t at = 0; status == VDC_OK && timing_at(device, at, &timing) == 0; at++) {
        vdc_timing_info info;

        if (!(timing.input_mask >> input & 1) || timing.interval_num == 0 ||
            timing.interval_den == 0) {
            continue;
        }
        timing.name[sizeof(timing.name) - 1] = '\0';
        memset(&info, 0, sizeof(info));
        info.id = at;
        info.kind = timing.kind == 1 ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL;
        info.name = timing.name;
        info.width_px = timing.width_px;
        info.height_px = timing.height_px;
        info.interval_s = (vdc_fraction){timing.interval_num, timing.interval_den};
        info.interlaced = timing.flags & 1;
        info.pixel_clock_hz = timing.pixel_clock_khz * UINT64_C(1000);
        status = vdi_sink_timing(sink, &info);
    }
    return status;
}

int v4l2_card_set_timing(struct v4l2_device *device, uint32_t timing)
{
    __u32 number = timing;

    return v4l2_call(device->fd, VDL_IOC_TIMING_SELECT, &number);
}

/* ---- Account ---- */

static void raise(uint64_t *value, uint64_t to)
{
    *value = *value > to ? *value : to;
}

/* Both accounts only grow, so whichever of the two is further is the last report. */
void v4l2_card_counts(struct v4l2_stream *st, struct vdi_counts *out)
{
    struct vdl_counts *counts = &st->card_counts;
    uint64_t damaged = atomic_load(&st->account.damaged);
    uint64_t good = atomic_load(&st->account.good);
    struct vdl_counts now;

    memset(&now, 0, sizeof(now));
    if (!st->gone && v4l2_call(st->device->fd, VDL_IOC_COUNTS, &now) == 0) {
        *counts = now;
    }
    if (counts->produced == 0 || counts->incomplete != 0) {
        return; /* its share is not all of it: the numbers of the frames stand */
    }
    out->basis = VDC_BASIS_DEVICE;
    raise(&out->produced, counts->produced);
    raise(&out->dropped[VDC_DROP_DEVICE_FIFO], counts->dropped_fifo);
    raise(&out->dropped[VDC_DROP_NO_BUFFER], counts->dropped_no_buffer);
    raise(&out->dropped[VDC_DROP_NO_SIGNAL], counts->dropped_no_signal);
    /* Damaged pictures that were handed out are counted by the library. */
    raise(&out->dropped[VDC_DROP_DMA],
          counts->dropped_dma > damaged ? counts->dropped_dma - damaged : 0);
    if (!atomic_load(&st->running) && !st->gone && counts->good > good) {
        out->dropped[VDC_DROP_STOPPED] += counts->good - good;
    }
}
