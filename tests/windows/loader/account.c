/* SPDX-License-Identifier: MIT */
/*
 * Losses, by cause: what the driver tells in a frame's header, in its own part of it and in its counts,
 * against the card's private ledger.
 */
#include <string.h>

#include "capture.h"
#include "report.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

static const struct nt_guid own_set = VDW_SET_GUID_INIT;
/* The causes that a card on PCI has, as the driver's structures order them. */
static const enum vdm_cause causes[] = {VDM_CAUSE_FIFO, VDM_CAUSE_NO_BUFFER, VDM_CAUSE_NO_SIGNAL,
                                        VDM_CAUSE_DMA};
static const char *const names[VDM_CAUSES] = {"good",      "FIFO", "no buffer",
                                              "no signal", "DMA",  "USB"};
#define CAUSES (sizeof(causes) / sizeof(causes[0]))

static const struct vdm_ledger *ledger(void)
{
    return vdm_get_ledger(bus.card);
}

void capture_account_begin(void)
{
    capture.next_good = ledger()->frame_count;
    memset(capture.lost, 0, sizeof(capture.lost));
    memset(capture.told, 0, sizeof(capture.told));
    capture.told_capture = 0;
    memcpy(capture.before, ledger()->by_cause, sizeof(capture.before));
    capture.before_produced = ledger()->produced;
    capture.before_captures = ledger()->captures;
}

const struct vdm_ledger_frame *capture_next_good(void)
{
    while (capture.next_good < ledger()->frame_count) {
        const struct vdm_ledger_frame *frame =
            &ledger()->frames[capture.next_good++ % VDM_LEDGER_FRAMES];

        if (frame->cause == VDM_CAUSE_GOOD)
            return frame;
        capture.lost[frame->cause]++;
    }
    report_fail(CHECK_ACCOUNT, "more pictures arrived than the card wrote");
}

static uint64_t all_lost(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < CAUSES; i++)
        sum += capture.lost[causes[i]];
    return sum;
}

/* What a frame that follows the one before tells of the time between. */
static void add_told(const struct vdw_frame_info *own, int good)
{
    const uint32_t more[CAUSES] = {own->dropped_fifo, own->dropped_no_buffer,
                                   own->dropped_no_signal, own->dropped_dma};

    if (own->size != sizeof(*own))
        report_fail(CHECK_ACCOUNT, "the driver's own part of a header has %u bytes", own->size);
    /* A capture that ended took what was lost behind its last frame with it, untold. */
    if (good && capture.told_capture && own->capture != capture.told_capture)
        memcpy(capture.told, capture.lost, sizeof(capture.told));
    else
        for (unsigned i = 0; i < CAUSES; i++)
            capture.told[causes[i]] += more[i];
    if (good)
        capture.told_capture = own->capture;
    else
        capture.told[VDM_CAUSE_DMA]++; /* itself */
}

void capture_told(const struct ks_frame_info *info, int good)
{
    struct vdw_frame_info own;
    int whole = ledger()->captures == capture.before_captures + 1;

    if (capture.format.own) {
        memcpy(&own, info + 1, sizeof(own));
        add_told(&own, good);
    }
    /* The ledger goes on while a read waits to be told: only a good frame has a known place in it. */
    if (!good || capture.lossy)
        return;
    if (whole ? info->dropped != (int64_t)all_lost() : info->dropped > (int64_t)all_lost())
        report_fail(CHECK_ACCOUNT, "DropCount %lld, %llu in the ledger", (long long)info->dropped,
                    (unsigned long long)all_lost());
    for (unsigned i = 0; i < CAUSES && capture.format.own; i++) {
        if (capture.told[causes[i]] != capture.lost[causes[i]])
            report_fail(CHECK_ACCOUNT, "%llu lost (%s) as the frames tell, %llu in the ledger",
                        (unsigned long long)capture.told[causes[i]], names[causes[i]],
                        (unsigned long long)capture.lost[causes[i]]);
    }
}

/* `exact`: every capture could be read at its end. */
static void compare(const char *what, uint64_t counted, uint64_t in_ledger, int exact)
{
    if (exact ? counted != in_ledger : counted > in_ledger)
        report_fail(CHECK_ACCOUNT, "COUNTS has %llu (%s), the ledger %llu",
                    (unsigned long long)counted, what, (unsigned long long)in_ledger);
}

static void compare_counts(void)
{
    struct vdw_counts counts;
    uint32_t used = 0;
    uint64_t good = ledger()->by_cause[VDM_CAUSE_GOOD] - capture.before[VDM_CAUSE_GOOD];
    uint64_t in_flight;
    int exact;

    scene_expect(scene_property_call(NULL, &own_set, VDW_PROPERTY_COUNTS, 0, NULL, 0, &counts,
                                     sizeof(counts), &used),
                 STATUS_SUCCESS, "COUNTS");
    exact = counts.incomplete == 0;
    if (!exact && !capture.lossy)
        report_fail(CHECK_ACCOUNT, "%u captures without counts", counts.incomplete);
    compare("produced", counts.produced, ledger()->produced - capture.before_produced, exact);
    compare(names[VDM_CAUSE_GOOD], counts.good, good, exact);
    compare(names[causes[0]], counts.dropped_fifo,
            ledger()->by_cause[causes[0]] - capture.before[causes[0]], exact);
    compare(names[causes[1]], counts.dropped_no_buffer,
            ledger()->by_cause[causes[1]] - capture.before[causes[1]], exact);
    compare(names[causes[2]], counts.dropped_no_signal,
            ledger()->by_cause[causes[2]] - capture.before[causes[2]], exact);
    compare(names[causes[3]], counts.dropped_dma,
            ledger()->by_cause[causes[3]] - capture.before[causes[3]], exact);
    compare("captures", counts.captures, ledger()->captures - capture.before_captures, 1);
    compare("delivered", counts.delivered, capture.delivered, 1);
    /* A record that was lost is that of a buffer the card had: so many a capture, no more. */
    in_flight = capture.lossy ? counts.captures * (uint64_t)capture.reads : 0;
    if (capture.delivered > good || capture.delivered + in_flight < good)
        report_fail(CHECK_ACCOUNT, "%llu delivered, %llu in the ledger of %llu",
                    (unsigned long long)capture.delivered, (unsigned long long)good,
                    (unsigned long long)(ledger()->produced - capture.before_produced));
}

void capture_account(void)
{
    compare_counts();
    if (!capture.faulty && ledger()->capture.produced != ledger()->capture.by_cause[VDM_CAUSE_GOOD])
        report_fail(CHECK_ACCOUNT, "%llu produced, %llu good",
                    (unsigned long long)ledger()->capture.produced,
                    (unsigned long long)ledger()->capture.by_cause[VDM_CAUSE_GOOD]);
}
