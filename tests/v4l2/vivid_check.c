/* SPDX-License-Identifier: MIT */
/*
 * vivid_check ID TEST: one of vivid's own error injections, through the library alone, in a guest that has the module
 * (tests/vm/suite/conformance-vivid.sh). Exit status 0: it ended as it must, and it was really injected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vidicon/vidicon.h"

#define WRAP_FRAMES 200
#define OWN_JUMPS \
    20 /* vivid computes stamps from its numbers; in a busy guest some lie ahead of the clock */

static vdc_context *context;
static vdc_device *device;
static vdc_stream *stream;

static int fail(const char *what)
{
    printf("%s: %s\n", what, vdc_error_text());
    return 1;
}

/* Sets the control of that name; its number is the driver's own. */
static int set(const char *name, int64_t value)
{
    const vdc_control_info *control;
    vdc_list *list = NULL;
    int result = -1;

    if (vdc_device_list_controls(&list, device) != VDC_OK) {
        return fail("the list of controls");
    }
    for (size_t at = 0; (control = vdc_list_control_at(list, at)) != NULL; at++) {
        if (strcmp(control->name, name) == 0) {
            result = vdc_device_set_control(device, control->id, value);
        }
    }
    vdc_list_destroy(list);
    if (result != VDC_OK) {
        printf("control \"%s\": %s\n", name, result == -1 ? "not there" : vdc_error_text());
    }
    return result != VDC_OK;
}

static int take(int count, uint32_t flags_wanted, uint64_t *lost, uint32_t cause)
{
    int seen = 0;

    for (int at = 0; at < count; at++) {
        const vdc_frame *frame = NULL;
        int status = vdc_stream_wait(&frame, stream, 3000);

        if (status != VDC_OK) {
            return -1;
        }
        seen += (frame->flags & flags_wanted) != 0;
        *lost += frame->dropped[cause];
        (void)vdc_stream_release(stream, frame);
    }
    return seen;
}

static int reconciles(vdc_stats *stats)
{
    uint64_t sum;

    *stats = (vdc_stats)VDC_STATS_INIT;
    if (vdc_stream_get_stats(stats, stream) != VDC_OK) {
        return 0;
    }
    sum = stats->delivered + stats->in_flight;
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        sum += stats->dropped[cause];
    }
    printf("produced %llu, delivered %llu, bus %llu, no buffer %llu, damaged %llu, stopped %llu\n",
           (unsigned long long)stats->produced, (unsigned long long)stats->delivered,
           (unsigned long long)stats->dropped[VDC_DROP_BUS],
           (unsigned long long)stats->dropped[VDC_DROP_NO_BUFFER],
           (unsigned long long)stats->dropped[VDC_DROP_DAMAGED],
           (unsigned long long)stats->dropped[VDC_DROP_STOPPED]);
    return sum == stats->produced && stats->dropped[VDC_DROP_UNKNOWN] == 0;
}

/* A fifth of all frames gets lost in the driver, while it has buffers. */
static int dropped(void)
{
    vdc_stats stats;
    uint64_t lost = 0;

    if (set("Percentage of Dropped Buffers", 20) || vdc_stream_start(stream) != VDC_OK ||
        take(100, 0, &lost, VDC_DROP_BUS) < 0 || vdc_stream_stop(stream) != VDC_OK ||
        set("Percentage of Dropped Buffers", 0)) {
        return fail("dropped");
    }
    return !(reconciles(&stats) && lost > 0 && stats.dropped[VDC_DROP_BUS] >= lost);
}

/* Each press marks the next frame. */
static int error_flag(void)
{
    vdc_stats stats;
    uint64_t lost = 0;

    if (vdc_stream_start(stream) != VDC_OK) {
        return fail("error flag");
    }
    for (int press = 0; press < 5; press++) {
        if (take(3, 0, &lost, VDC_DROP_DAMAGED) < 0 || set("Inject V4L2_BUF_FLAG_ERROR", 1) ||
            take(5, 0, &lost, VDC_DROP_DAMAGED) < 0) {
            return fail("error flag");
        }
    }
    if (vdc_stream_stop(stream) != VDC_OK) {
        return fail("error flag");
    }
    return !(reconciles(&stats) && lost == 5 && stats.dropped[VDC_DROP_DAMAGED] == 5);
}

/* Wrapping numbers and stamps: no loss is made up, time never goes back, and an impossible stamp is flagged. Stamps that
 * are about to wrap are of the far future, each of them; so many frames are to say that they jumped. */
static int wrap(const char *control, int64_t value, int jumps_wanted)
{
    vdc_stats stats;
    uint64_t lost = 0;
    int64_t last = 0;
    int jumps = 0;

    if (set(control, value) || vdc_stream_start(stream) != VDC_OK) {
        return fail(control);
    }
    for (int at = 0; at < WRAP_FRAMES; at++) {
        const vdc_frame *frame = NULL;

        if (vdc_stream_wait(&frame, stream, 3000) != VDC_OK) {
            return fail(control);
        }
        for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
            lost += frame->dropped[cause];
        }
        if (frame->host_time_ns < last) {
            printf("time went back at frame %d\n", at);
            return 1;
        }
        last = frame->host_time_ns;
        jumps += (frame->flags & VDC_FRAME_TIME_JUMP) != 0;
        (void)vdc_stream_release(stream, frame);
    }
    if (vdc_stream_stop(stream) != VDC_OK || set(control, 0)) {
        return fail(control);
    }
    if (jumps < jumps_wanted || (!jumps_wanted && jumps > OWN_JUMPS)) {
        printf("%d frames of %d tell of a jump in time instead of %d\n", jumps, WRAP_FRAMES,
               jumps_wanted);
        return 1;
    }
    return !(reconciles(&stats) && stats.produced < 1000 && lost < 100);
}

/* The next start fails at REQBUFS or QBUF, by name, and the one after it works. */
static int refused(const char *control)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    uint64_t lost = 0;
    int status;

    vdc_stream_close(stream);
    stream = NULL;
    if (set(control, 1)) {
        return 1;
    }
    status = vdc_stream_open(&stream, device, &config);
    if (status == VDC_OK) {
        status = vdc_stream_start(stream);
    }
    printf("%s: %s, %s\n", control, vdc_status_name(status), vdc_error_text());
    if (status == VDC_OK) {
        return 1;
    }
    vdc_stream_close(stream);
    stream = NULL;
    if (vdc_stream_open(&stream, device, &config) != VDC_OK || vdc_stream_start(stream) != VDC_OK ||
        take(5, 0, &lost, VDC_DROP_BUS) < 0 || vdc_stream_stop(stream) != VDC_OK) {
        return fail("the start after it");
    }
    return 0;
}

/* The queue is in error: the wait says so, and a new start works. */
static int queue_error(void)
{
    const vdc_frame *frame = NULL;
    uint64_t lost = 0;
    int status = VDC_OK;

    if (vdc_stream_start(stream) != VDC_OK || take(5, 0, &lost, VDC_DROP_BUS) < 0 ||
        set("Inject Fatal Streaming Error", 1)) {
        return fail("queue error");
    }
    for (int at = 0; at < 20 && status == VDC_OK; at++) {
        status = vdc_stream_wait(&frame, stream, 3000);
        if (status == VDC_OK) {
            status = vdc_stream_release(stream, frame);
        }
    }
    printf("%s: %s\n", vdc_status_name(status), vdc_error_text());
    if (status != VDC_E_IO || vdc_stream_stop(stream) != VDC_OK ||
        vdc_stream_start(stream) != VDC_OK || take(5, 0, &lost, VDC_DROP_BUS) < 0) {
        return fail("after a queue error");
    }
    return vdc_stream_stop(stream) != VDC_OK;
}

static int disconnect(void)
{
    const vdc_frame *frame = NULL;
    uint64_t lost = 0;
    int status = VDC_OK;

    if (vdc_stream_start(stream) != VDC_OK || take(5, 0, &lost, VDC_DROP_BUS) < 0 ||
        set("Disconnect", 1)) {
        return fail("disconnect");
    }
    for (int at = 0; at < 20 && status == VDC_OK; at++) {
        status = vdc_stream_wait(&frame, stream, 3000);
        if (status == VDC_OK) {
            (void)vdc_stream_release(stream, frame);
        }
    }
    printf("%s\n", vdc_status_name(status));
    return status != VDC_E_GONE;
}

static int run(const char *test)
{
    if (strcmp(test, "dropped") == 0) {
        return dropped();
    }
    if (strcmp(test, "error-flag") == 0) {
        return error_flag();
    }
    if (strcmp(test, "wrap-sequence") == 0) {
        return wrap("Wrap Sequence Number", 1, 0);
    }
    if (strcmp(test, "wrap-timestamp") == 0) {
        return wrap("Wrap Timestamp", 1, WRAP_FRAMES);
    }
    if (strcmp(test, "wrap-nothing") == 0) {
        return wrap("Wrap Timestamp", 0, 0);
    }
    if (strcmp(test, "wrap-unarmed") == 0) { /* the control: it must fail */
        return wrap("Wrap Timestamp", 0, WRAP_FRAMES);
    }
    if (strcmp(test, "reqbufs") == 0) {
        return refused("Inject VIDIOC_REQBUFS Error");
    }
    if (strcmp(test, "qbuf") == 0) {
        return refused("Inject VIDIOC_QBUF Error");
    }
    if (strcmp(test, "queue-error") == 0) {
        return queue_error();
    }
    return strcmp(test, "disconnect") == 0 ? disconnect() : 2;
}

int main(int argc, char **argv)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    int result = 2;

    if (argc != 3) {
        printf("usage: vivid_check ID TEST\n");
        return 2;
    }
    config.format.width_px = 64;
    config.format.height_px = 64;
    if (vdc_context_create(&context, NULL) != VDC_OK ||
        vdc_device_open(&device, context, argv[1], 0) != VDC_OK) {
        return fail("opening");
    }
    {
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;

        if (vdc_device_negotiate(&answer, device, &config.format) == VDC_OK) {
            config.format = answer.format;
        }
    }
    if (vdc_stream_open(&stream, device, &config) != VDC_OK) {
        result = fail("opening a stream");
    } else {
        result = run(argv[2]);
    }
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return result;
}
