/* SPDX-License-Identifier: MIT */
/*
 * The model's private ledger as JSON: what really happened, for any program to compare with what
 * it was told. Nothing here passed through a register.
 */
#include "sim_card.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct text {
    char *bytes;
    size_t used;
    size_t room;
};

VDI_PRINTF(2, 3) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->used, text->room - text->used, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < text->room - text->used)
        text->used += (size_t)length;
}

static void put_causes(struct text *text, const uint64_t by_cause[VDM_CAUSES])
{
    static const char *const names[VDM_CAUSES] = {"good",      "fifo", "no_buffer",
                                                  "no_signal", "dma",  "usb"};

    for (uint32_t i = 0; i < VDM_CAUSES; i++)
        put(text, ", \"%s\": %llu", names[i], (unsigned long long)by_cause[i]);
}

static void put_ledger(struct text *text, const struct vdm_ledger *ledger)
{
    uint32_t count =
        ledger->frame_count < VDM_LEDGER_FRAMES ? ledger->frame_count : VDM_LEDGER_FRAMES;

    put(text, "{\n  \"captures\": %llu,\n  \"total\": {\"produced\": %llu",
        (unsigned long long)ledger->captures, (unsigned long long)ledger->produced);
    put_causes(text, ledger->by_cause);
    put(text, "},\n  \"capture\": {\"produced\": %llu",
        (unsigned long long)ledger->capture.produced);
    put_causes(text, ledger->capture.by_cause);
    put(text,
        "},\n  \"interrupts\": %llu,\n  \"register_reads\": %llu,\n  \"register_writes\": %llu,\n"
        "  \"dma_bytes\": %llu,\n  \"injected\": {",
        (unsigned long long)ledger->interrupts, (unsigned long long)ledger->register_reads,
        (unsigned long long)ledger->register_writes, (unsigned long long)ledger->dma_bytes);
    for (uint32_t i = 0; vdm_fault_name(i); i++)
        put(text, "%s\"%s\": %llu", i ? ", " : "", vdm_fault_name(i),
            (unsigned long long)ledger->injected[i]);
    put(text, "},\n  \"frames\": [");
    for (uint32_t i = 0; i < count; i++) {
        const struct vdm_ledger_frame *frame =
            &ledger->frames[(ledger->frame_count - count + i) % VDM_LEDGER_FRAMES];

        put(text,
            "%s\n    {\"sequence\": %u, \"cause\": %u, \"start_ns\": %llu, \"end_ns\": %llu, "
            "\"source_frame\": %u, \"tag\": %u}",
            i ? "," : "", (unsigned)frame->sequence, (unsigned)frame->cause,
            (unsigned long long)frame->start_ns, (unsigned long long)frame->end_ns,
            (unsigned)frame->source_frame, (unsigned)frame->tag);
    }
    put(text, "\n  ]\n}\n");
}

void sim_ledger_write(struct sim_card *card)
{
    struct text text = {NULL, 0, (size_t)(VDM_LEDGER_FRAMES + 64u) * 192u};

    if (!card->options.ledger[0])
        return;
    text.bytes = malloc(text.room);
    if (text.bytes) {
        put_ledger(&text, vdm_get_ledger(card->model));
        if (vdi_file_write(card->options.ledger, text.bytes, text.used) == VDC_OK) {
            free(text.bytes);
            return;
        }
        free(text.bytes);
    }
    vdi_log(card->base.device->context, VDC_LOG_ERROR, "sim:%u: cannot write its ledger to \"%s\"",
            card->options.card, card->options.ledger);
}
