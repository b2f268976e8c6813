/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the packets of a stream: options, the size of a frame in words, then packets as a length, flags and so many
 * bytes. Nothing may be written past a buffer, and the counts must add up.
 */
#include <stdlib.h>
#include <string.h>

#include "uvc_payload.h"
#include "vidicon/vidicon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum option { BULK = 1, JPEG = 2, NO_FID = 4, SOI = 8, NO_SIZE = 16, HUNGRY = 32 };
enum flag { LOST = 1, ENDS = 2 };

struct run {
    struct uvc_assembler assembler;
    uint8_t *buffer;
    size_t frame_bytes;
    uint8_t options;
    uint64_t frames, good, copied;
};

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void next_buffer(struct run *run)
{
    int none = (run->options & HUNGRY) && run->frames % 3 == 0;

    require(uvc_assembler_set_buffer(&run->assembler, none ? NULL : run->buffer, run->frame_bytes));
}

static void take_result(struct run *run, const struct uvc_result *result)
{
    run->frames++;
    run->copied += result->copied_bytes;
    require(result->fault < UVC_FAULTS && result->used_bytes <= run->frame_bytes);
    require(result->copied_bytes == result->used_bytes);
    if (result->fault == UVC_FAULT_NONE) {
        run->good++;
        require(result->used_bytes > 0);
        require((run->options & (JPEG | NO_SIZE)) || result->used_bytes == run->frame_bytes);
        require(!(run->options & JPEG) || (run->buffer[0] == 0xff && run->buffer[1] == 0xd8));
    } else {
        require(uvc_fault_drop(result->fault) < VDC_DROP_SLOTS &&
                uvc_fault_drop(result->fault) != VDC_DROP_UNKNOWN);
    }
    next_buffer(run);
}

static void take_packet(struct run *run, const uint8_t *data, size_t count, uint8_t flags)
{
    uint8_t *bytes = malloc(count ? count : 1); /* of its very length */
    uint32_t lost = flags & LOST ? UVC_FAULT_LOST : UVC_FAULT_NONE;
    enum uvc_step step;
    int turns = 0;

    if (!bytes) {
        return;
    }
    memcpy(bytes, data, count);
    do {
        struct uvc_result result;

        step = run->options & BULK
                   ? uvc_assembler_transfer(&run->assembler, &result, bytes, count, flags & ENDS,
                                            lost, 1)
                   : uvc_assembler_packet(&run->assembler, &result, bytes, count, lost, 1);
        require(++turns <= 2);
        if (step != UVC_GOES_ON) {
            take_result(run, &result);
        }
    } while (step == UVC_ENDED_BEFORE);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uvc_assembler_config config;
    struct run run;
    uint64_t sum = 0;

    if (size < 2) {
        return 0;
    }
    memset(&run, 0, sizeof(run));
    run.options = data[0];
    run.frame_bytes = 4u * data[1] + 4;
    run.buffer = malloc(run.frame_bytes);
    if (!run.buffer) {
        return 0;
    }
    memset(&config, 0, sizeof(config));
    config.kind = run.options & JPEG ? UVC_KIND_MJPEG : UVC_KIND_UNCOMPRESSED;
    config.exact_bytes = run.options & (JPEG | NO_SIZE) ? 0 : (uint32_t)run.frame_bytes;
    config.max_payload_bytes = 300;
    config.no_fid = run.options & NO_FID;
    config.soi_begins = run.options & SOI;
    uvc_assembler_init(&run.assembler, &config);
    next_buffer(&run);
    for (size_t at = 2; size - at >= 2;) {
        size_t count = data[at] < size - at - 2 ? data[at] : size - at - 2;

        take_packet(&run, data + at + 2, count, data[at + 1]);
        at += 2 + count;
    }
    for (uint32_t fault = 0; fault < UVC_FAULTS; fault++) {
        sum += run.assembler.counts.faults[fault];
    }
    require(sum == run.frames && run.assembler.counts.frames == run.frames);
    require(run.assembler.counts.good == run.good);
    require(run.assembler.counts.copied_bytes >= run.copied);
    free(run.buffer);
    return 0;
}
