/* SPDX-License-Identifier: MIT */
/*
 * The module's record of each frame, from its metadata node: the card's clock, its flags, and what it dropped by
 * cause. The driver completes a record before its picture, so the two are matched by their number.
 */
#include "v4l2_card.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "v4l2_stream.h"

/* So often a second the card's clock is compared with the host's. */
#define SAMPLES_HZ 8u

static void forget(struct v4l2_records *records)
{
    while (records->count > 0) {
        records->count--;
        v4l2_system->unmap(records->memory[records->count], records->bytes[records->count]);
    }
}

void v4l2_records_close(struct v4l2_records *records)
{
    forget(records);
    if (records->fd >= 0) {
        v4l2_system->close(records->fd);
    }
    records->fd = -1;
}

static int push(struct v4l2_records *records, uint32_t index)
{
    struct v4l2_buffer buffer;

    memset(&buffer, 0, sizeof(buffer));
    buffer.index = index;
    buffer.type = V4L2_BUF_TYPE_META_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    return v4l2_call(records->fd, VIDIOC_QBUF, &buffer);
}

static int map_all(struct v4l2_records *records)
{
    struct v4l2_requestbuffers request;
    int error;

    memset(&request, 0, sizeof(request));
    request.count = V4L2_RECORDS_MAX;
    request.type = V4L2_BUF_TYPE_META_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    error = v4l2_call(records->fd, VIDIOC_REQBUFS, &request);
    while (error == 0 && records->count < request.count && records->count < V4L2_RECORDS_MAX) {
        struct v4l2_buffer buffer;
        void *memory;

        memset(&buffer, 0, sizeof(buffer));
        buffer.index = records->count;
        buffer.type = V4L2_BUF_TYPE_META_CAPTURE;
        buffer.memory = V4L2_MEMORY_MMAP;
        error = v4l2_call(records->fd, VIDIOC_QUERYBUF, &buffer);
        if (error == 0 && buffer.length < sizeof(struct vdl_frame_meta)) {
            error = EPROTO;
        }
        if (error != 0) {
            break;
        }
        memory = v4l2_system->map(NULL, buffer.length, PROT_READ, MAP_SHARED, records->fd,
                                  buffer.m.offset);
        if (memory == MAP_FAILED) {
            return errno;
        }
        records->memory[records->count] = memory;
        records->bytes[records->count++] = buffer.length;
    }
    return error;
}

/* Without records a stream works as with any other driver; the log says why. */
void v4l2_records_open(struct v4l2_device *device, struct v4l2_records *records)
{
    struct v4l2_format format;
    int error;

    records->fd = -1;
    if (!device->card.use_records) {
        return;
    }
    records->fd = v4l2_system->open(device->card.record_path);
    memset(&format, 0, sizeof(format));
    format.type = V4L2_BUF_TYPE_META_CAPTURE;
    error = records->fd < 0 ? errno : v4l2_call(records->fd, VIDIOC_G_FMT, &format);
    if (error == 0 && (format.fmt.meta.dataformat != VDL_META_FMT ||
                       format.fmt.meta.buffersize < sizeof(struct vdl_frame_meta))) {
        error = EPROTO;
    }
    if (error == 0) {
        error = map_all(records);
    }
    if (error != 0) {
        vdi_log(device->outer->context, VDC_LOG_WARNING,
                "\"%s\": no records of its frames from %s (%s): no device time, and causes of "
                "losses are inferred",
                device->info.id, device->card.record_path, strerror(error));
        v4l2_records_close(records);
    }
}

static void sample(struct v4l2_device *device, struct v4l2_records *records)
{
    struct vdl_time time;

    memset(&time, 0, sizeof(time));
    if (v4l2_call(device->fd, VDL_IOC_TIME, &time) == 0 && time.before_ns <= time.after_ns &&
        time.after_ns <= INT64_MAX) {
        vdi_timebase_sample(&records->base, time.ticks, (int64_t)time.before_ns,
                            (int64_t)time.after_ns);
        records->sampled_ticks = time.ticks;
    }
}

int v4l2_records_start(struct v4l2_device *device, struct v4l2_records *records)
{
    int type = V4L2_BUF_TYPE_META_CAPTURE;
    int error = 0;

    records->ahead = 0;
    records->last_ticks = 0;
    records->last_host_ns = INT64_MIN;
    if (records->fd < 0) {
        return 0;
    }
    vdi_timebase_init(&records->base, device->card.identity.time_hz,
                      device->card.identity.time_tolerance_ppm);
    sample(device, records);
    for (uint32_t at = 0; error == 0 && at < records->count; at++) {
        error = push(records, at);
    }
    return error == 0 ? v4l2_call(records->fd, VIDIOC_STREAMON, &type) : error;
}

void v4l2_records_stop(struct v4l2_records *records)
{
    int type = V4L2_BUF_TYPE_META_CAPTURE;

    if (records->fd >= 0) {
        (void)v4l2_call(records->fd, VIDIOC_STREAMOFF, &type);
    }
}

/* The next record that says something; 0 if none is there. */
static int read_one(struct v4l2_records *records, struct vdl_frame_meta *out)
{
    for (uint32_t turn = 0; turn <= V4L2_RECORDS_MAX; turn++) {
        struct v4l2_buffer buffer;
        int whole;

        memset(&buffer, 0, sizeof(buffer));
        buffer.type = V4L2_BUF_TYPE_META_CAPTURE;
        buffer.memory = V4L2_MEMORY_MMAP;
        if (v4l2_call(records->fd, VIDIOC_DQBUF, &buffer) != 0 || buffer.index >= records->count) {
            return 0;
        }
        whole = buffer.bytesused >= sizeof(*out) && !(buffer.flags & V4L2_BUF_FLAG_ERROR);
        memcpy(out, records->memory[buffer.index], sizeof(*out));
        (void)push(records, buffer.index);
        if (whole && out->size >= sizeof(*out) && out->sequence == buffer.sequence) {
            return 1;
        }
    }
    return 0;
}

int v4l2_records_take(struct v4l2_records *records, struct vdl_frame_meta *out, uint32_t sequence)
{
    for (uint32_t turn = 0; turn <= V4L2_RECORDS_MAX; turn++) {
        uint32_t step;

        if (!records->ahead && !read_one(records, &records->next)) {
            return 0;
        }
        records->ahead = 1;
        step = records->next.sequence - sequence;
        if (step != 0 && step < 0x80000000u) {
            return 0; /* that of a picture to come */
        }
        records->ahead = 0;
        if (step == 0) {
            *out = records->next;
            return 1;
        }
    }
    return 0;
}

void v4l2_records_time(struct v4l2_device *device, struct v4l2_records *records,
                       const struct vdl_frame_meta *meta, struct vdi_completion *out)
{
    uint64_t since = meta->ticks - records->sampled_ticks;
    int64_t bound = VDC_ERROR_UNKNOWN_NS;

    /* Backwards is far ahead, too: then the samples must show it. */
    if (since < UINT64_MAX / 2 ? since > device->card.identity.time_hz / SAMPLES_HZ
                               : 0 - since > device->card.identity.time_hz / SAMPLES_HZ) {
        sample(device, records);
    }
    out->device_ticks = meta->ticks;
    records->last_ticks = meta->ticks;
    out->clock = VDC_CLOCK_MONOTONIC;
    vdi_timebase_map(&records->base, meta->ticks, &out->host_time_ns, &out->error_bound_ns);
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS) {
        /* A better sample may move what is known by more than a frame; time still does not go back. */
        if (out->host_time_ns < records->last_host_ns) {
            out->error_bound_ns += records->last_host_ns - out->host_time_ns;
            out->host_time_ns = records->last_host_ns;
        }
        records->last_host_ns = out->host_time_ns;
        vdi_timebase_map(&records->base, meta->end_ticks, &out->end_time_ns, &bound);
    }
    if (records->base.jumped) {
        records->base.jumped = 0;
        out->flags |= VDC_FRAME_TIME_JUMP;
    }
    if (meta->flags & VDL_META_PATTERN) {
        out->flags |= VDC_FRAME_TEST_PATTERN;
    }
    if (meta->flags & VDL_META_SOURCE_CHANGED) {
        out->flags |= VDC_FRAME_SOURCE_CHANGED;
    }
}
