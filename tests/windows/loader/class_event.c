/* SPDX-License-Identifier: MIT */
/*
 * Who listens to which event. An entry is the class driver's from the moment the driver's routine
 * takes it until it is disabled; a signal for any other is the driver's mistake.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "memory.h"
#include "report.h"

#define ANY_EVENT 0xffffffffu

static int same(const struct nt_guid *a, const struct nt_guid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

struct class_event *class_event_enable(uint32_t set, uint32_t id, nt_status *status)
{
    static const struct ks_event_item unknown = {ANY_EVENT, 0, 0, 0, 0, 0};
    struct class_event *event = calloc(1, sizeof(*event));
    struct sc_event *descriptor =
        memory_allocate_zeroed(sizeof(*descriptor), 8, "event descriptor");

    event->entry = memory_allocate_zeroed(sizeof(*event->entry), 8, "event entry");
    event->entry->item = &unknown;
    /* What no set has is asked for all the same: the driver is not to rely on the class driver. */
    if (set < class.event_set_count) {
        event->entry->set = &class.event_sets[set];
        if (id < class.event_sets[set].count)
            event->entry->item = &class.event_sets[set].items[id];
    }
    descriptor->enable = 1;
    descriptor->entry = event->entry;
    descriptor->extension = class.extension;
    descriptor->set = set;
    *status = class_enter_event(descriptor);
    memory_free(descriptor);
    if (*status != STATUS_SUCCESS) {
        memory_free(event->entry);
        free(event);
        return NULL;
    }
    event->next = class.events;
    class.events = event;
    return event;
}

void class_event_disable(struct class_event *event)
{
    struct class_event **at = &class.events;
    struct sc_event *descriptor =
        memory_allocate_zeroed(sizeof(*descriptor), 8, "event descriptor");

    while (*at != event)
        at = &(*at)->next;
    *at = event->next;
    descriptor->entry = event->entry;
    descriptor->extension = class.extension;
    if (class_enter_event(descriptor) != STATUS_SUCCESS)
        report_fail(CHECK_STATUS, "an event cannot be disabled");
    memory_free(descriptor);
    memory_free(event->entry);
    free(event);
}

static int is_shown(const struct nt_guid *set, uint32_t id)
{
    for (uint32_t i = 0; i < class.event_set_count; i++) {
        const struct ks_event_set *shown = &class.event_sets[i];

        for (uint32_t k = 0; same(shown->set, set) && k < shown->count; k++) {
            if (shown->items[k].id == id)
                return 1;
        }
    }
    return 0;
}

static int matches(const struct class_event *event, const struct class_stream *stream,
                   const struct nt_guid *set, uint32_t id)
{
    return event->stream == stream && (!set || same(event->entry->set->set, set)) &&
           (id == ANY_EVENT || event->entry->item->id == id);
}

static void tell(struct class_event *event)
{
    event->signals++;
    report->events++;
}

void class_event_signal(const struct class_stream *stream, const struct nt_guid *set, uint32_t id)
{
    if (!set || id >= 32 || (!stream && !is_shown(set, id)))
        report_fail(CHECK_EVENT, "event %u is signalled, which the tables do not show", id);
    if (!stream)
        class.signals[id]++;
    for (struct class_event *event = class.events; event; event = event->next) {
        if (matches(event, stream, set, id))
            tell(event);
    }
}

void class_event_signal_one(const struct ks_event_entry *entry)
{
    struct class_event *event = class.events;

    while (event && event->entry != entry)
        event = event->next;
    if (!event)
        report_fail(CHECK_EVENT, "a signal of entry %p, to which nobody listens",
                    (const void *)entry);
    tell(event);
}

struct ks_event_entry *class_event_next(const struct class_stream *stream,
                                        const struct nt_guid *set, uint32_t id,
                                        const struct ks_event_entry *after)
{
    struct class_event *event = class.events;

    while (after && event && event->entry != after)
        event = event->next;
    if (after && !event)
        report_fail(CHECK_EVENT, "the next event after entry %p, to which nobody listens",
                    (const void *)after);
    if (after)
        event = event->next;
    while (event && !matches(event, stream, set, id))
        event = event->next;
    return event ? event->entry : NULL;
}
