/* SPDX-License-Identifier: MIT */
/*
 * Time: the performance counter, the card's counter against it, and the stream's time. The clock
 * function is called beside everything else, so what it reads is guarded by a version number, and
 * its attempts are counted.
 */
#include "vdw.h"

#define TICKS_100NS    10000000u
#define ATTEMPTS_MAX   8u
#define BACKWARD_MAX_S 2u

uint64_t vdw_clock_counter(void)
{
    return (uint64_t)KeQueryPerformanceCounter(NULL).QuadPart;
}

/* count * units / hz without an overflow on the way. */
static uint64_t scale(uint64_t count, uint64_t units, uint64_t hz)
{
    if (hz == 0)
        return 0;
    return count / hz * units + count % hz * units / hz;
}

uint64_t vdw_clock_us(const struct vdw_device *device)
{
    return scale(vdw_clock_counter(), 1000000u, device->counter_hz);
}

uint64_t vdw_clock_100ns(uint64_t count, uint64_t hz)
{
    return scale(count, TICKS_100NS, hz);
}

/* ---- The card's counter ---- */

int vdw_clock_sample(struct vdw_device *device)
{
    uint64_t before = vdw_clock_counter();
    uint64_t ticks = 0;
    int result = vdh_time_read(&device->core, &ticks);
    uint64_t after = vdw_clock_counter();

    if (!result) {
        device->base_ticks = ticks;
        device->base_counter = before + (after - before) / 2u;
        device->base_valid = 1;
    }
    return result;
}

uint64_t vdw_clock_counter_at(const struct vdw_device *device, uint64_t ticks, uint64_t now)
{
    uint64_t hz = device->core.identity.time_hz;
    uint64_t at;

    if (!device->base_valid)
        return 0;
    if (ticks >= device->base_ticks)
        at = device->base_counter + scale(ticks - device->base_ticks, device->counter_hz, hz);
    else
        at = device->base_counter - scale(device->base_ticks - ticks, device->counter_hz, hz);
    /* A frame cannot begin in the future, nor lie long in the ring: the counter jumped. */
    if (at > now || now - at > BACKWARD_MAX_S * device->counter_hz)
        return 0;
    return at;
}

/* ---- Stream time ---- */

static void set(struct vdw_stream *stream, uint64_t base, uint64_t counter, uint32_t runs)
{
    atomic_fetch_add(&stream->time_version, 1u);
    stream->time_base = base;
    stream->time_counter = counter;
    stream->time_runs = runs;
    atomic_fetch_add(&stream->time_version, 1u);
}

static uint64_t time_at(uint64_t base, uint64_t start, uint32_t runs, uint64_t counter, uint64_t hz)
{
    uint64_t gone;

    if (!runs)
        return base;
    if (counter >= start)
        return base + vdw_clock_100ns(counter - start, hz);
    gone = vdw_clock_100ns(start - counter, hz);
    return gone > base ? 0 : base - gone;
}

uint64_t vdw_clock_stream_time(const struct vdw_stream *stream, uint64_t counter)
{
    return time_at(stream->time_base, stream->time_counter, stream->time_runs, counter,
                   stream->device->counter_hz);
}

void vdw_clock_run(struct vdw_stream *stream, int runs)
{
    uint64_t now = vdw_clock_counter();

    set(stream, vdw_clock_stream_time(stream, now), now, runs != 0);
}

void vdw_clock_reset(struct vdw_stream *stream)
{
    set(stream, 0, vdw_clock_counter(), 0);
}

/* Called for the master of a graph, at any level up to DISPATCH. */
VDW_BESIDE void STREAMAPI vdw_clock_function(PHW_TIME_CONTEXT context)
{
    struct vdw_stream *stream = context->HwStreamObject->HwStreamExtension;
    uint64_t hz = stream->device->counter_hz;
    uint64_t now = vdw_clock_counter();
    uint64_t base = 0;
    uint64_t start = 0;
    uint32_t runs = 0;

    for (uint32_t i = 0; i < ATTEMPTS_MAX; i++) {
        unsigned int version = atomic_load(&stream->time_version);

        base = stream->time_base;
        start = stream->time_counter;
        runs = stream->time_runs;
        if (version % 2u == 0 && atomic_load(&stream->time_version) == version)
            break;
    }
    /* There is one clock only; its time is the stream's, whichever of the two is asked for. */
    context->Time = time_at(base, start, runs, now, hz);
    context->SystemTime = vdw_clock_100ns(now, hz);
}

/* ---- Somebody else's clock ---- */

VDW_PASSIVE void vdw_clock_read_master(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;
    HW_TIME_CONTEXT *context = &device->master_time;
    HANDLE master = stream ? stream->master : NULL;

    device->master_counter = 0;
    if (!master)
        return;
    memset(context, 0, sizeof(*context));
    context->HwDeviceExtension = (struct _HW_DEVICE_EXTENSION *)(void *)device;
    context->HwStreamObject = stream->object;
    context->Function = TIME_GET_STREAM_TIME;
    StreamClassQueryMasterClockSync(master, context);
    device->master_counter = vdw_clock_counter();
}

void vdw_clock_take_master(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;

    if (!stream || !stream->master || !device->master_counter || !stream->time_runs)
        return;
    /* From here on the stream's time follows the master's, until the next reading. */
    set(stream, device->master_time.Time, device->master_counter, 1);
}
