/* SPDX-License-Identifier: MIT */
/*
 * fault_check list | NAME [unarmed] | frames COUNT [FILE] | unplugs PLACE STEPS: the card's faults under the kernel's driver, through the
 * library, in a guest of tests/vm (suite/faults.sh). A fault that was not injected is a failure, so "unarmed" fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_check.h"
#include "fault_rig.h"
#include "vidicon/vidicon.h"

#define FRAMES     24u
#define WAIT_MS    4000
#define BOOT_MS    60000
#define LOOKS_MS   120000 /* all that the driver tries before it gives up */
#define PATIENCE_S 300    /* of all of it; then it is a hang */

static vdc_context *context;
static char node[96]; /* as an id */
static int unarmed;
static int frame_ms = WAIT_MS; /* for a frame */
static const char *until;      /* a file: frames count from when it is there */

static int fail(const char *what)
{
    printf("%s: %s\n", what, vdc_error_text());
    return -1;
}

/* ---- The card as it should be ---- */

static int ready(int patience_ms)
{
    uint64_t end = fault_now_ms() + (uint64_t)patience_ms;
    char path[80];

    do {
        vdc_device *device = NULL;
        uint32_t state = VDC_DEVICE_LIMITED;

        if (!fault_driver_node(path, sizeof path, 0)) {
            (void)snprintf(node, sizeof node, "v4l2:%s", path);
            if (vdc_device_open(&device, context, node, 0) == VDC_OK) {
                state = vdc_device_get_info(device)->state;
                vdc_device_close(device);
            }
        }
        if (state == VDC_DEVICE_READY) {
            return 0;
        }
        fault_sleep_ms(100);
    } while (fault_now_ms() < end);
    return -1;
}

static int settle(void)
{
    if (fault_rig_arm("") || fault_rig_ask("signal 0 0 -1") || fault_rig_ask("rate 0 patient")) {
        return -1;
    }
    if (fault_driver_bound() && ready(0) == 0) {
        return 0;
    }
    if (fault_driver_unbind() || fault_rig_ask("power 0") || fault_driver_bind() ||
        ready(BOOT_MS)) {
        printf("the card does not come back\n");
        return -1;
    }
    return 0;
}

/* Arms it at so many accesses (boots, ...) from now; again, if the driver was quicker than the rig. */
static int arm(const struct fault *fault)
{
    struct fault_ledger now;
    char script[160];
    uint64_t at, before, injected;

    if (unarmed) {
        return 0;
    }
    for (int tries = 0; tries < 50; tries++) {
        if (fault_rig_injected(fault->kind, &before) || fault_rig_ledger(&now)) {
            return -1;
        }
        at = fault_stands_at(fault, &now) + fault->at;
        fault_write_script(script, sizeof script, fault, at, &now);
        if (fault_rig_arm(script) || fault_rig_ledger(&now) ||
            fault_rig_injected(fault->kind, &injected)) {
            return -1;
        }
        if (fault_stands_at(fault, &now) < at || injected != before) {
            return 0;
        }
    }
    printf("the driver is always quicker than the rig\n");
    return -1;
}

/* ---- One capture ---- */

struct capture {
    vdc_device *device;
    vdc_stream *stream;
    vdc_stats stats;
    struct fault_ledger before, started, stopping, after;
    uint32_t frames, wrong, jumps, changes;
    int status; /* how it ended */
    int mismatch;
};

static void take(struct capture *capture, const vdc_frame *frame, const struct fault *fault)
{
    uint32_t number = 0;
    int right = fault_picture_is_right(frame->planes[0], 128, &number);

    /* After a new start of the engine the card counts from 0, the library does not. */
    if (right && (!fault || fault->outcome != RESTARTS) && number != frame->sequence) {
        printf("frame %llu shows picture %u\n", (unsigned long long)frame->sequence, number);
        right = 0;
    }
    capture->wrong += !right;
    capture->jumps += (frame->flags & VDC_FRAME_TIME_JUMP) != 0;
    capture->frames++;
}

static void look_at_events(struct capture *capture)
{
    vdc_event event = VDC_EVENT_INIT;

    while (vdc_context_wait_event(&event, context, 0) == VDC_OK) {
        capture->changes += event.kind == VDC_EVENT_CONTROL_CHANGED;
        event = (vdc_event)VDC_EVENT_INIT;
    }
}

static int deliver(struct capture *capture, const struct fault *fault, uint32_t frames)
{
    while (until || capture->frames < frames) {
        const vdc_frame *frame = NULL;
        int mismatches = fault && fault->outcome == MISMATCHES && !capture->mismatch;

        capture->status = vdc_stream_wait(&frame, capture->stream,
                                          mismatches                         ? WAIT_MS / 4
                                          : fault && fault->outcome == FAILS ? LOOKS_MS
                                                                             : frame_ms);
        look_at_events(capture);
        if (capture->status == VDC_E_TIMEOUT && mismatches) {
            vdc_signal signal = VDC_SIGNAL_INIT;

            if (vdc_device_get_signal(&signal, capture->device) != VDC_OK ||
                signal.state != VDC_SIGNAL_MISMATCH || fault_rig_ask("signal 0 0 -1")) {
                return fail("the other source is not told");
            }
            capture->mismatch = 1;
            continue;
        }
        if (capture->status != VDC_OK) {
            return 0;
        }
        take(capture, frame, fault);
        if (vdc_stream_release(capture->stream, frame) != VDC_OK) {
            return fail("release");
        }
        if (until && access(until, F_OK) == 0) {
            frames += capture->frames;
            until = NULL;
        }
    }
    return 0;
}

/* Everything between open and close. A status that ends the capture is in capture->status. */
static int stream(struct capture *capture, const struct fault *fault, uint32_t frames)
{
    int status;

    if (fault_rig_ledger(&capture->before) || (fault && fault->place != AT_STOP && arm(fault))) {
        return -1;
    }
    capture->status = vdc_stream_start(capture->stream);
    if (fault_rig_ledger(&capture->started)) {
        return -1;
    }
    if (capture->status != VDC_OK) {
        return 0;
    }
    if (deliver(capture, fault, frames) || fault_rig_ledger(&capture->stopping) ||
        (fault && fault->place == AT_STOP && arm(fault))) {
        return -1;
    }
    status = vdc_stream_stop(capture->stream);
    if (fault_rig_ledger(&capture->after)) {
        return -1;
    }
    look_at_events(capture);
    if (status != VDC_OK && status != VDC_E_GONE) {
        return fail("stop");
    }
    if (capture->status == VDC_OK) {
        capture->status = status;
    }
    capture->stats = (vdc_stats)VDC_STATS_INIT;
    return vdc_stream_get_stats(&capture->stats, capture->stream) == VDC_OK ? 0 : fail("stats");
}

/* After an unplug each further call says so; what was to be injected at the end, at a read or a write that
 * this stop may not have made, is at the latest here. */
static int every_call_says_gone(vdc_device *device)
{
    vdc_signal signal = VDC_SIGNAL_INIT;
    int status = VDC_OK;

    for (int n = 0; n < 300 && status == VDC_OK; n++) {
        status = vdc_device_get_signal(&signal, device);
        if (status == VDC_OK) {
            status = vdc_device_set_control(device, VDC_CONTROL_BRIGHTNESS, n % 2);
        }
    }
    if (status != VDC_E_GONE || vdc_device_get_signal(&signal, device) != VDC_E_GONE) {
        printf("the device is not GONE but %s\n", vdc_status_name(status));
        return -1;
    }
    printf("%s\n", vdc_error_text());
    return 0;
}

static int capture_frames(struct capture *capture, const struct fault *fault, uint32_t frames)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    int result;

    memset(capture, 0, sizeof *capture);
    config.format.fourcc = VDC_FOURCC_YUYV;
    config.format.width_px = 64;
    config.format.height_px = 64;
    if (vdc_device_open(&capture->device, context, node, 0) != VDC_OK) {
        return fail("opening");
    }
    look_at_events(capture);
    if (vdc_device_negotiate(&answer, capture->device, &config.format) == VDC_OK) {
        config.format = answer.format;
    }
    if (vdc_stream_open(&capture->stream, capture->device, &config) != VDC_OK) {
        result = fail("opening a stream");
    } else {
        result = stream(capture, fault, frames);
    }
    if (!result && fault && fault->outcome == LEAVES) {
        result = every_call_says_gone(capture->device);
    }
    vdc_stream_close(capture->stream);
    vdc_device_close(capture->device);
    return result;
}

/* ---- The account ---- */

static int differs(const char *what, uint64_t ours, uint64_t ledger, int may_be_less)
{
    if (ours == ledger || (may_be_less && ours < ledger)) {
        return 0;
    }
    printf("%s: %llu, in the ledger %llu\n", what, (unsigned long long)ours,
           (unsigned long long)ledger);
    return 1;
}

/* `less`: the card was gone or without power, and its last report stands. */
static int reconciles(const struct capture *capture, int less)
{
    const vdc_stats *stats = &capture->stats;
    const struct fault_ledger *from = &capture->before, *to = &capture->after;
    uint64_t sum = stats->delivered + stats->in_flight, kept;
    int bad = 0;

    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        sum += stats->dropped[cause];
    }
    kept = stats->delivered + stats->dropped[VDC_DROP_STOPPED] + stats->dropped[VDC_DROP_BUS] +
           stats->dropped[VDC_DROP_DAMAGED];
    bad |= differs("sum of frames", sum, stats->produced, 0);
    bad |= differs("in flight", stats->in_flight, 0, 0);
    bad |= differs("without a cause", stats->dropped[VDC_DROP_UNKNOWN], 0, 0);
    bad |= differs("produced", stats->produced, to->produced - from->produced, less);
    bad |= differs("whole", kept, to->good - from->good, less);
    bad |= differs("FIFO", stats->dropped[VDC_DROP_DEVICE_FIFO], to->fifo - from->fifo, less);
    bad |= differs("no buffer", stats->dropped[VDC_DROP_NO_BUFFER], to->no_buffer - from->no_buffer,
                   less);
    bad |= differs("no signal", stats->dropped[VDC_DROP_NO_SIGNAL], to->no_signal - from->no_signal,
                   less);
    bad |= differs("DMA", stats->dropped[VDC_DROP_DMA], to->dma - from->dma, less);
    return bad ? -1 : 0;
}

static int judge(const struct capture *capture, const struct fault *fault)
{
    int leaves = fault->outcome == LEAVES, fails = fault->outcome == FAILS;
    int wanted = leaves ? VDC_E_GONE : fails ? VDC_E_IO : VDC_OK;

    if (capture->wrong) {
        return -1;
    }
    if (capture->status != wanted || (wanted == VDC_OK && capture->frames < FRAMES)) {
        printf("it ended with %s after %u frames: %s\n", vdc_status_name(capture->status),
               capture->frames, vdc_error_text());
        return -1;
    }
    if (reconciles(capture, leaves || fails || fault->outcome == RESTARTS)) {
        return -1;
    }
    if (fault->cause >= 0 && capture->stats.dropped[fault->cause] == 0) {
        printf("no frame was lost by %s\n", vdc_drop_name((uint32_t)fault->cause));
        return -1;
    }
    if ((fault->outcome == JUMPS && !capture->jumps) ||
        (fault->outcome == CHANGES && !capture->changes) ||
        (fault->outcome == MISMATCHES && !capture->mismatch)) {
        printf("nothing was told of it\n");
        return -1;
    }
    return 0;
}

/* ---- Faults ---- */

static int injected_since(const struct fault *fault, uint64_t before, uint64_t *count)
{
    if (fault_rig_injected(fault->kind, count)) {
        return -1;
    }
    *count -= before;
    if (!*count) {
        printf("%s was not injected\n", fault->kind);
    }
    return *count ? 0 : -1;
}

/* The card opens, says why it cannot capture, and refuses to, by name. */
static int is_limited(void)
{
    char path[80];
    vdc_device *device = NULL;
    vdc_stream *none = NULL;
    int status, result = -1;

    if (fault_driver_node(path, sizeof path, BOOT_MS)) {
        printf("no node\n");
        return -1;
    }
    (void)snprintf(node, sizeof node, "v4l2:%s", path);
    if (vdc_device_open(&device, context, node, 0) != VDC_OK) {
        return fail("opening");
    }
    status = vdc_stream_open(&none, device, NULL);
    if (vdc_device_get_info(device)->state != VDC_DEVICE_LIMITED || status != VDC_E_FIRMWARE) {
        printf("it is not limited; a stream gives %s\n", vdc_status_name(status));
    } else {
        printf("%s; %s\n", vdc_device_get_info(device)->state_text, vdc_error_text());
        result = 0;
    }
    vdc_stream_close(none);
    vdc_device_close(device);
    return result;
}

static int probe(const struct fault *fault)
{
    int refused;

    if (fault_driver_unbind() || fault_rig_ask("power 0") || arm(fault)) {
        return -1;
    }
    refused = fault_driver_bind();
    if (fault->outcome == NO_DRIVER) {
        return refused ? 0 : -1;
    }
    if (refused) {
        printf("probe fails\n");
        return -1;
    }
    if (fault->outcome == LIMITED) {
        return is_limited();
    }
    return ready(BOOT_MS) ? fail("it does not come up") : 0;
}

static int after_it(void)
{
    struct capture again;

    if (settle() || capture_frames(&again, NULL, 5) || again.status != VDC_OK || again.wrong ||
        reconciles(&again, 0)) {
        printf("the next capture is not right: %s\n", vdc_status_name(again.status));
        return -1;
    }
    return 0;
}

static int run(const struct fault *fault)
{
    static struct capture capture;
    uint64_t before, count = 0;

    if (settle() || fault_rig_injected(fault->kind, &before)) {
        return -1;
    }
    if (fault->place == IN_PROBE) {
        if (probe(fault)) {
            return -1;
        }
    } else if (capture_frames(&capture, fault, FRAMES) || judge(&capture, fault)) {
        return -1;
    }
    if (injected_since(fault, before, &count) || after_it()) {
        return -1;
    }
    printf("injected %llu", (unsigned long long)count);
    if (fault->place != IN_PROBE) {
        printf(", produced %llu, delivered %llu", (unsigned long long)capture.stats.produced,
               (unsigned long long)capture.stats.delivered);
        for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
            if (capture.stats.dropped[cause]) {
                printf(", %s %llu", vdc_drop_name(cause),
                       (unsigned long long)capture.stats.dropped[cause]);
            }
        }
    }
    printf("\n");
    return 0;
}

/* ---- Unplugs at each stage ---- */

/* How many accesses the stage makes, undisturbed. */
static int measure(const char *place, uint64_t *reads, uint64_t *writes)
{
    struct capture clean;
    const struct fault_ledger *from = &clean.before, *to = &clean.started;

    if (strcmp(place, "probe") == 0) {
        if (fault_driver_unbind() || fault_rig_ask("power 0") || fault_rig_ledger(&clean.before) ||
            fault_driver_bind() || ready(BOOT_MS) || fault_rig_ledger(&clean.started)) {
            return -1;
        }
    } else if (capture_frames(&clean, NULL, 5)) {
        return -1;
    } else if (strcmp(place, "stop") == 0) {
        from = &clean.stopping;
        to = &clean.after;
    }
    *reads = to->reads - from->reads;
    *writes = to->writes - from->writes;
    return *reads && *writes ? 0 : -1;
}

/* The card leaves while the driver looks at it: no node, or one that says GONE. */
static int unplug_in_probe(const struct fault *fault, uint64_t before)
{
    uint64_t end = fault_now_ms() + BOOT_MS, count = before;
    vdc_device *device = NULL;
    char path[80];

    if (fault_driver_unbind() || fault_rig_ask("power 0") || arm(fault)) {
        return -1;
    }
    (void)fault_driver_bind();
    while (count == before && fault_now_ms() < end) {
        if (fault_rig_injected("unplug", &count)) {
            return -1;
        }
        fault_sleep_ms(10);
    }
    if (!fault_driver_node(path, sizeof path, 100)) {
        (void)snprintf(node, sizeof node, "v4l2:%s", path);
        if (vdc_device_open(&device, context, node, 0) == VDC_OK) {
            vdc_signal signal = VDC_SIGNAL_INIT;
            int status = vdc_device_get_signal(&signal, device);

            vdc_device_close(device);
            if (status != VDC_E_GONE) {
                printf("a card that left says %s\n", vdc_status_name(status));
                return -1;
            }
        }
    }
    return fault_driver_unbind();
}

static int unplugs(const char *place, unsigned steps)
{
    struct fault fault = {.name = "unplug",
                          .kind = "unplug",
                          .keys = "",
                          .outcome = LEAVES,
                          .place = strcmp(place, "stop") == 0 ? AT_STOP : AT_START};
    static struct capture capture;
    uint64_t reads, writes, before, count, total = 0;

    if (settle() || measure(place, &reads, &writes)) {
        printf("no measure of %s\n", place);
        return -1;
    }
    for (unsigned n = 0; n < steps; n++) {
        uint64_t span = n % 2 ? reads : writes;

        fault.trigger = n % 2 ? "read" : "write";
        fault.at = 1 + span * (n / 2) / (steps / 2 + 1);
        printf("%s %s %llu of %llu\n", place, fault.trigger, (unsigned long long)fault.at,
               (unsigned long long)span);
        if (settle() || fault_rig_injected("unplug", &before)) {
            return -1;
        }
        if (strcmp(place, "probe") == 0) {
            if (unplug_in_probe(&fault, before)) {
                return -1;
            }
        } else if (capture_frames(&capture, &fault, 5) || capture.wrong) {
            return -1;
        }
        if (injected_since(&fault, before, &count)) {
            return -1;
        }
        total += count;
    }
    if (after_it()) {
        return -1;
    }
    printf("%llu unplugs over %llu reads and %llu writes\n", (unsigned long long)total,
           (unsigned long long)reads, (unsigned long long)writes);
    return 0;
}

/* A capture that somebody outside disturbs: the machine sleeps, for instance. With a file it goes on until that is there, and
 * then for so many frames. */
static int disturbed(uint32_t frames)
{
    static const struct fault any = {.place = IN_STREAM, .outcome = RESTARTS, .cause = -1};
    static struct capture capture;

    unarmed = 1;
    frame_ms = BOOT_MS;
    if (settle() || capture_frames(&capture, &any, frames) || judge(&capture, &any)) {
        return -1;
    }
    printf("produced %llu, delivered %llu\n", (unsigned long long)capture.stats.produced,
           (unsigned long long)capture.stats.delivered);
    return 0;
}

static int begin(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "unplugs") == 0) {
        return unplugs(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    }
    if (argc > 2 && strcmp(argv[1], "frames") == 0) {
        until = argc > 3 ? argv[3] : NULL;
        return disturbed((uint32_t)strtoul(argv[2], NULL, 10));
    }
    unarmed = argc > 2 && strcmp(argv[2], "unarmed") == 0;
    for (size_t n = 0; argc > 1 && n < fault_count; n++) {
        if (strcmp(argv[1], faults[n].name) == 0) {
            return run(&faults[n]);
        }
    }
    printf("fault_check list | NAME [unarmed] | frames COUNT [FILE] | unplugs probe|start|stop "
           "STEPS\n");
    return -1;
}

int main(int argc, char **argv)
{
    int result;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t n = 0; n < fault_count; n++) {
            printf("%s\n", faults[n].name);
        }
        return 0;
    }
    (void)alarm(PATIENCE_S);
    if (vdc_context_create(&context, NULL) != VDC_OK || fault_rig_open()) {
        return 1;
    }
    result = begin(argc, argv);
    (void)fault_rig_arm("");
    vdc_context_destroy(context);
    return result ? 1 : 0;
}
