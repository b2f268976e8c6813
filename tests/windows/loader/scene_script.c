/* SPDX-License-Identifier: MIT */
/*
 * Random scripts of requests, with the seed printed on failure: any request in any state, sizes that
 * lie, cancellation, sleep, faults, removal. Only what must always hold is checked: nothing crashes,
 * every request ends, every queue comes back, and pictures are the card's.
 */
#include <string.h>

#include "capture.h"
#include "driver.h"
#include "memory.h"
#include "report.h"

#define STEPS 24

static struct capture_format window;
static struct class_stream *stream;
static struct dma_buffer *pictures[8];
static unsigned asleep;
static unsigned gone;

static struct dma_buffer *free_picture(void)
{
    for (unsigned i = 0; i < 8; i++) {
        if (!pictures[i]->live)
            return pictures[i];
    }
    return NULL;
}

/* A whole picture can be read, whatever happened around it. */
static void on_read(struct class_request *request)
{
    const struct ks_header *header = (const struct ks_header *)(void *)request->headers_copy;
    uint32_t number;

    if (!request->headers || request->result.status != STATUS_SUCCESS || header->used == 0)
        return;
    if (header->used != window.picture_bytes ||
        vdm_pattern_read_number(CODE('Y', 'U', 'Y', 'V'), request->picture[0]->bytes,
                                2 * window.width, &number) != 0)
        report_fail(CHECK_PICTURE, "a read of %u bytes holds no picture", header->used);
    report->frames++;
}

static void step_read(void)
{
    struct dma_buffer *picture = free_picture();
    struct class_request *request;
    uint32_t kind = report_random(12);

    if (!picture)
        return;
    request = scene_read_request(stream, picture, (enum dma_shape)report_random(DMA_SHAPES));
    if (kind == 0) /* a header that is too small, or lies */
        request->headers->size = report_random(request->headers->size);
    else if (kind == 1)
        request->headers->extent = report_random(0x10000);
    else if (kind == 2)
        request->srb->segment_count = report_random(request->srb->segment_count + 1);
    else if (kind == 3)
        request->srb->buffers = 0;
    request->srb->timeout = request->srb->timeout_original = report_random(4);
    request->headers = kind <= 3 ? NULL : request->headers; /* no copy is to be made of a lie */
    request->done = on_read;
    class_send(request);
}

static void step_cancel(void)
{
    struct class_request *request =
        class_find_sent(report_random(8) ? SRB_READ_DATA : SRB_SET_STREAM_STATE);

    if (request)
        class_cancel(request);
}

/* A property set of the driver's, or none it knows, with sizes of chance. */
static void step_property(void)
{
    static struct nt_guid sets[8];
    static unsigned set_count;
    int of_stream = stream && report_random(3) == 0;
    int set = (int)report_random(2);
    struct class_request *request;
    struct sc_property *info;
    uint32_t input = 24 + report_random(4) * 8;
    uint32_t output = report_random(5) == 0 ? 0 : report_random(200);
    const struct ks_property_set *list;
    const struct sc_header *header;
    uint32_t count;

    header = scene_info(&request);
    list =
        of_stream ? ((const struct sc_information *)(header + 1))->properties : header->properties;
    count = of_stream ? ((const struct sc_information *)(header + 1))->property_sets
                      : header->property_sets;
    set_count = count < 8 ? count : 8;
    for (unsigned i = 0; i < set_count; i++)
        sets[i] = *list[i].set;
    class_request_free(request);

    request =
        class_request_create(of_stream ? (set ? SRB_SET_STREAM_PROPERTY : SRB_GET_STREAM_PROPERTY)
                                       : (set ? SRB_SET_DEVICE_PROPERTY : SRB_GET_DEVICE_PROPERTY),
                             of_stream ? stream : NULL);
    info = class_request_part(request, sizeof(*info), "property descriptor");
    info->property = class_request_part(request, input, "property");
    info->info = class_request_part(request, output ? output : 1, "property value");
    info->input_size = input;
    info->output_size = output;
    info->set = set_count ? report_random(set_count) : 0;
    if (set_count)
        info->property->set = sets[info->set];
    info->property->id = report_random(20);
    info->property->flags = set ? 2 : 1;
    for (uint32_t i = 24; i < input; i++)
        ((uint8_t *)info->property)[i] = (uint8_t)(report_random(3) ? 0 : report_random(256));
    for (uint32_t i = 0; i < output; i++)
        ((uint8_t *)info->info)[i] = (uint8_t)(report_random(3) ? 0 : report_random(256));
    request->srb->u.property = info;
    request->srb->bytes = output;
    class_send(request);
}

static void step_format(void)
{
    static const uint32_t commands[] = {SRB_PROPOSE_DATA_FORMAT, SRB_SET_DATA_FORMAT,
                                        SRB_GET_DATA_FORMAT};
    uint32_t command = commands[report_random(3)];
    struct class_request *request = class_request_create(command, stream);
    uint32_t size = report_random(4) ? window.size : 64 + report_random(window.size - 64);
    uint8_t *bytes = class_request_part(request, size, "format");

    memcpy(bytes, window.bytes, size);
    memcpy(bytes, &size, 4); /* what the class driver makes sure of */
    for (unsigned i = report_random(4); i > 0; i--)
        bytes[4 + report_random(size - 4)] = (uint8_t)report_random(256);
    request->srb->u.pointer = bytes;
    class_send(request);
}

static void step_any(void)
{
    static const uint32_t of_stream[] = {
        SRB_GET_STREAM_STATE, SRB_UNKNOWN_STREAM_COMMAND, SRB_BEGIN_FLUSH,        SRB_END_FLUSH,
        SRB_SET_STREAM_RATE,  SRB_INDICATE_MASTER_CLOCK,  SRB_CLOSE_MASTER_CLOCK, 77};
    static const uint32_t of_device[] = {SRB_UNKNOWN_DEVICE_COMMAND, SRB_NOTIFY_IDLE_STATE,
                                         SRB_DEVICE_METHOD, SRB_OPEN_DEVICE_INSTANCE, 0x1ff};
    uint32_t command =
        stream && report_random(2) ? of_stream[report_random(8)] : of_device[report_random(5)];
    struct class_request *request = class_request_create(command, command < 0x100 ? stream : NULL);

    if (command == SRB_INDICATE_MASTER_CLOCK)
        request->srb->u.pointer = report_random(3) ? (void *)(uintptr_t)0x5150 : NULL;
    class_send(request);
}

static void step_state(void)
{
    struct class_request *request = class_request_create(SRB_SET_STREAM_STATE, stream);

    request->srb->u.state = report_random(3)   ? KSSTATE_RUN
                            : report_random(9) ? report_random(4)
                                               : report_random(100);
    class_send(request);
}

static void step_power(void)
{
    enum nt_power state = asleep ? POWER_D0 : POWER_D3;

    (void)scene_power(state);
    asleep = !asleep;
}

static void step_open(void)
{
    struct capture_format format = window;
    nt_status status;

    if (report_random(6) == 0)
        format.bytes[report_random(format.size)] ^= (uint8_t)(1 + report_random(255));
    memcpy(format.bytes, &format.size, 4);
    stream =
        scene_open(report_random(10) ? 0 : report_random(5), format.bytes, format.size, &status);
}

static void step_close(void)
{
    (void)scene_close(stream);
    stream = NULL;
}

static void step_fault(void)
{
    static const char *const scripts[] = {"signal-loss@frame=1,ms=50",
                                          "fifo-overflow@frame=2,count=3",
                                          "dma-error@frame=1",
                                          "irq-lost@frame=1,count=4",
                                          "irq-late@frame=0,us=20000,count=9",
                                          "irq-storm@frame=2,n=20",
                                          "torn-completion@frame=1,count=2",
                                          "ring-error@frame=2",
                                          "stop-slow@frame=0,ms=50",
                                          "stop-never@frame=0",
                                          "power-cut@frame=2",
                                          "time-jump@frame=1,ticks=123456789"};
    const char *text = scripts[report_random(sizeof(scripts) / sizeof(scripts[0]))];

    scene_fault_script(text);
}

static void step(void)
{
    uint32_t kind = report_random(100);

    if (kind < 30)
        class_run_for(report_random(40000000));
    else if (asleep || kind < 32)
        step_power();
    else if (!stream)
        step_open();
    else if (kind < 58)
        step_read();
    else if (kind < 72)
        step_state();
    else if (kind < 78)
        step_cancel();
    else if (kind < 85)
        step_property();
    else if (kind < 89)
        step_format();
    else if (kind < 93)
        step_any();
    else if (kind < 95)
        step_fault();
    else if (kind < 99)
        step_close();
    else if (report_random(4) == 0) {
        vdm_unplug(bus.card);
        (void)scene_device(SRB_SURPRISE_REMOVAL);
        gone = 1;
    }
}

/* Everything is let come to rest. */
static void end_script(void)
{
    if (asleep)
        step_power();
    if (stream)
        step_close();
    class_run_for(50000000);
    (void)scene_fault_count();
    scene_fault_script("");
    if (class_outstanding() > 0)
        report_fail(CHECK_SRB_NEVER, "%u requests are left after a script", class_outstanding());
    class_check_idle();
    report->scripts++;
}

static void begin_device(void)
{
    struct class_request *request;

    class_add_device(scene_options.ranges);
    request = class_request_create(SRB_INITIALIZE_DEVICE, NULL);
    request->srb->u.config = class.config;
    scene_expect(class_do(request), STATUS_SUCCESS, "INITIALIZE_DEVICE");
    (void)scene_device(SRB_INITIALIZATION_COMPLETE);
    class_run_for(2000000000);
    bus.strange_dma = 1;
    asleep = gone = 0;
}

static void fill_flash(void)
{
    struct class_request *request;

    (void)scene_info(&request);
    class_request_free(request);
    scene_flash_fill();
}

static void end_device(void)
{
    (void)scene_device(SRB_UNINITIALIZE_DEVICE);
    class_run_for(100000000);
    class_remove_device();
    memory_check_leaks();
}

static void random_scripts(void)
{
    unsigned generation = 0;
    uint64_t count = scene_options.count     ? scene_options.count
                     : scene_options.is_long ? 10000
                                             : 250;
    uint64_t first = report_seed;

    /* The first devices upload their firmware at every waking, later ones find it in flash. */
    scene_flash_make();
    scene_load();
    begin_device();
    capture_window(&window, CODE('Y', 'U', 'Y', 'V'), 66, 64);
    for (unsigned i = 0; i < 8; i++)
        pictures[i] = dma_create(window.picture_bytes, 97 * i, DMA_RUNS);
    for (uint64_t n = 0; n < count; n++) {
        report_seed_set(first + n);
        for (unsigned i = 0; i < STEPS && !gone; i++)
            step();
        end_script();
        /* One device does not live for ever. */
        if (gone || n % 50 == 49) {
            end_device();
            vdm_power_cycle(bus.card);
            begin_device();
            if (generation++ == 0)
                fill_flash();
        }
    }
    end_device();
    class_unload();
}

const struct scene scene_script[] = {
    {"script.random", random_scripts},
    {NULL,            NULL          }
};
