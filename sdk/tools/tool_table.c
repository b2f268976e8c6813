/* SPDX-License-Identifier: MIT */
/*
 * What people see of a capture: a line while it runs, a table when it is over.
 */
#include "tool.h"

#include <inttypes.h>
#include <string.h>

uint64_t tool_stats_dropped(const vdc_stats *stats)
{
    uint64_t sum = 0;

    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        sum += stats->dropped[cause];
    }
    return sum;
}

int tool_stats_reconcile(const vdc_stats *stats)
{
    return stats->produced == stats->delivered + tool_stats_dropped(stats) + stats->in_flight;
}

/* Half of the frames came in less than this. 0 if it is not known. */
static uint64_t median_latency_us(const vdc_stats *stats)
{
    uint64_t all = 0, seen = 0;

    for (unsigned slot = 0; slot < VDC_LATENCY_SLOTS; slot++) {
        all += stats->latency_us[slot];
    }
    for (unsigned slot = 0; slot < VDC_LATENCY_SLOTS && all > 0; slot++) {
        seen += stats->latency_us[slot];
        if (2 * seen >= all) {
            return UINT64_C(1) << slot;
        }
    }
    return 0;
}

static double per_second(uint64_t frames, int64_t elapsed_ms)
{
    return elapsed_ms > 0 ? (double)frames * 1000.0 / (double)elapsed_ms : 0.0;
}

static void print_produced(FILE *file, const vdc_stats *stats)
{
    switch (stats->produced_basis) {
    case VDC_BASIS_DEVICE:
        fprintf(file, "  %-16s %8" PRIu64 "   the device's own count\n", "produced",
                stats->produced);
        break;
    case VDC_BASIS_SEQUENCE:
        fprintf(file, "  %-16s %8" PRIu64 "   inferred from sequence numbers\n", "produced",
                stats->produced);
        break;
    default:
        fprintf(file, "  %-16s %8s   the device does not tell\n", "produced", "unknown");
        break;
    }
}

static void print_sum(FILE *file, const vdc_stats *stats)
{
    if (stats->produced_basis == VDC_BASIS_UNKNOWN) {
        return;
    }
    fprintf(file, "  %s\n",
            tool_stats_reconcile(stats)
                ? "produced = delivered + dropped + in flight: every frame is explained"
                : "the numbers do not add up; please report this");
}

void tool_table_print(FILE *file, const struct tool_report *report)
{
    const vdc_stats *stats = &report->stats;
    uint64_t median_us = median_latency_us(stats);
    char format[80];

    tool_format_text(format, &report->format);
    fprintf(file, "%s (%s)\n", report->device->name, report->device->id);
    fprintf(file, "  %s\n", format);
    fprintf(file, "  %" PRIu64 " written to %s in %.2f s", report->frames_written,
            strcmp(report->path, "-") == 0 ? "standard output" : report->path,
            (double)report->elapsed_ms / 1000.0);
    if (stats->delivered > 1) {
        fprintf(file, ", %.1f a second", per_second(stats->delivered, report->elapsed_ms));
    }
    fprintf(file, "\n\n");
    print_produced(file, stats);
    fprintf(file, "  %-16s %8" PRIu64 "\n", "delivered", stats->delivered);
    fprintf(file, "  %-16s %8" PRIu64 "\n", "dropped", tool_stats_dropped(stats));
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        if (stats->dropped[cause] != 0) {
            fprintf(file, "    %-14s %8" PRIu64 "   %s\n", vdc_drop_name(cause),
                    stats->dropped[cause], tool_drop_help(cause));
        }
    }
    fprintf(file, "  %-16s %8" PRIu64 "\n", "in flight", stats->in_flight);
    fprintf(file, "  %-16s %8" PRIu64 "   %" PRIu64 " bytes\n", "copied", stats->copies,
            stats->copied_bytes);
    if (median_us > 0) {
        fprintf(file, "  %-16s %8s   half of the frames within %" PRIu64 " us\n", "latency", "",
                median_us);
    }
    print_sum(file, stats);
}

void tool_progress_draw(FILE *file, uint64_t done, uint64_t wanted, int64_t elapsed_ms,
                        const vdc_stats *stats, int last)
{
    static const char full[] = "##############################";
    int width = (int)sizeof(full) - 1;

    fputc('\r', file);
    if (wanted > 0) {
        int filled = (int)((uint64_t)width * done / wanted);
        fprintf(file, "[%-*.*s] %" PRIu64 "/%" PRIu64, width, filled, full, done, wanted);
    } else {
        fprintf(file, "%" PRIu64, done);
    }
    fprintf(file, " frames, %.1f a second, %" PRIu64 " dropped ", per_second(done, elapsed_ms),
            tool_stats_dropped(stats));
    if (last) {
        fputc('\n', file);
    }
    fflush(file);
}
