/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../protocol.h"
#include "camera.h"
#include "qmp.h"

#define ARGUMENTS 6

/* A request taken apart; `rest` is what follows the card's number, as it came. */
struct request {
    struct control *control;
    struct card *card;
    unsigned number;
    const char *rest;
    char words[VMR_LINE_BYTES];
    const char *argument[ARGUMENTS];
    unsigned arguments;
    char *answer;
    size_t room;
    size_t used;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
put(struct request *request, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(request->answer + request->used, request->room - request->used, format,
                       arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < request->room - request->used)
        request->used += (size_t)length;
}

static void put_value(struct request *request, const char *name, uint64_t value)
{
    put(request, " %s=%" PRIu64, name, value);
}

static int number(const char *text, long long least, long long most, long long *value)
{
    char *end;

    if (!text)
        return -1;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno || end == text || *end || *value < least || *value > most ? -1 : 0;
}

/* ---- Plugging ---- */

static void path_of(const struct request *request, char *path, size_t room)
{
    (void)snprintf(path, room, "%s/card%u.sock", request->control->folder, request->number);
}

static void qmp_path_of(const struct request *request, char *path, size_t room)
{
    (void)snprintf(path, room, "%s/qmp.sock", request->control->folder);
}

static int do_unplug(struct request *request, const char **what)
{
    char qmp[256];

    qmp_path_of(request, qmp, sizeof qmp);
    return qmp_device_del(qmp, request->number, what);
}

static int do_plug(struct request *request, const char **what)
{
    char qmp[256], path[256];

    if (do_unplug(request, what))
        return -1;
    card_plug_in(request->card);
    qmp_path_of(request, qmp, sizeof qmp);
    path_of(request, path, sizeof path);
    return qmp_device_add(qmp, request->number, path, what);
}

static int do_pull(struct request *request, const char **what)
{
    (void)what;
    card_pull(request->card);
    return 0;
}

static int do_power(struct request *request, const char **what)
{
    (void)what;
    card_power_cycle(request->card);
    return 0;
}

static int do_erase(struct request *request, const char **what)
{
    (void)what;
    card_erase(request->card);
    return 0;
}

/* ---- What goes wrong, and what is shown ---- */

static int do_faults(struct request *request, const char **what)
{
    return card_set_faults(request->card, request->rest, what);
}

static int do_flip(struct request *request, const char **what)
{
    long long every;

    *what = "needs a count of frames";
    if (number(request->argument[0], 0, UINT32_MAX, &every))
        return -1;
    card_set_flip(request->card, (uint32_t)every);
    return 0;
}

static int do_rate(struct request *request, const char **what)
{
    static const char *const rates[] = {
        [CARD_RATE_REAL] = "real", [CARD_RATE_MAX] = "max", [CARD_RATE_PATIENT] = "patient"};
    const char *rate = request->argument[0] ? request->argument[0] : "";

    for (size_t n = 0; n < sizeof rates / sizeof rates[0]; n++) {
        if (strcmp(rate, rates[n]) == 0) {
            card_set_rate(request->card, (enum card_rate)n);
            return 0;
        }
    }
    *what = "the rate is real, max or patient";
    return -1;
}

static int do_limit(struct request *request, const char **what)
{
    long long bytes;

    *what = "needs bytes a second";
    if (number(request->argument[0], 0, INT64_C(1) << 40, &bytes))
        return -1;
    *what = "this is no USB card";
    return card_set_limit(request->card, (uint64_t)bytes);
}

static int do_hang(struct request *request, const char **what)
{
    long long nth;

    *what = "needs a count of requests";
    if (number(request->argument[0], 0, UINT32_MAX, &nth))
        return -1;
    *what = "this is no USB card";
    return card_set_hang(request->card, (uint64_t)nth);
}

static int do_signal(struct request *request, const char **what)
{
    long long input, timing;

    *what = "needs an input and a timing";
    if (number(request->argument[0], 0, 7, &input) || number(request->argument[1], -3, 63, &timing))
        return -1;
    return card_set_signal(request->card, (uint32_t)input, (int32_t)timing, what);
}

static int do_clip(struct request *request, const char **what)
{
    static const struct {
        const char *name;
        enum vdm_clip_layout layout;
    } layouts[] = {
        {"YUYV",  VDM_CLIP_YUYV },
        {"UYVY",  VDM_CLIP_UYVY },
        {"NV12",  VDM_CLIP_NV12 },
        {"RGB24", VDM_CLIP_RGB24},
        {"GREY",  VDM_CLIP_GREY }
    };
    const char *const *argument = request->argument;
    long long width, height;
    char path[VMR_LINE_BYTES * 2];

    *what = "needs none, or a layout, width, height and file name";
    if (argument[0] && strcmp(argument[0], "none") == 0) {
        card_set_pattern(request->card);
        return 0;
    }
    if (number(argument[1], 1, 8192, &width) || number(argument[2], 1, 8192, &height) ||
        !argument[3])
        return -1;
    *what = "a file of the results folder has no / in its name";
    if (!request->control->share || strchr(argument[3], '/') || argument[3][0] == '.')
        return -1;
    (void)snprintf(path, sizeof path, "%s/%s", request->control->share, argument[3]);
    *what = "no such layout";
    for (size_t n = 0; n < sizeof layouts / sizeof layouts[0]; n++) {
        if (strcmp(argument[0], layouts[n].name) == 0)
            return card_set_clip(request->card, path, layouts[n].layout, (uint32_t)width,
                                 (uint32_t)height, what);
    }
    return -1;
}

/* ---- What happened ---- */

static const char *const causes[VDM_CAUSES] = {"good",      "fifo", "no_buffer",
                                               "no_signal", "dma",  "usb"};

static int do_ledger(struct request *request, const char **what)
{
    static struct card_report report;
    const struct vdm_ledger *ledger = &report.ledger;

    (void)what;
    card_look(request->card, &report, 0);
    put_value(request, "captures", ledger->captures);
    put_value(request, "produced", ledger->produced);
    for (unsigned n = 0; n < VDM_CAUSES; n++)
        put_value(request, causes[n], ledger->by_cause[n]);
    put_value(request, "interrupts", ledger->interrupts);
    put_value(request, "reads", ledger->register_reads);
    put_value(request, "writes", ledger->register_writes);
    put_value(request, "dma_bytes", ledger->dma_bytes);
    put_value(request, "buttons", ledger->button_presses);
    put_value(request, "boots", ledger->boots);
    put_value(request, "programmed", ledger->programmed);
    put_value(request, "capture_produced", ledger->capture.produced);
    for (unsigned n = 0; n < VDM_CAUSES; n++)
        put(request, " capture_%s=%" PRIu64, causes[n], ledger->capture.by_cause[n]);
    return 0;
}

static int do_injected(struct request *request, const char **what)
{
    static struct card_report report;

    (void)what;
    card_look(request->card, &report, 0);
    for (uint32_t kind = 0; kind < VDM_FAULT_KINDS && vdm_fault_name(kind); kind++)
        put_value(request, vdm_fault_name(kind), report.ledger.injected[kind]);
    return 0;
}

static int do_usb(struct request *request, const char **what)
{
    struct card_usb_report report;

    *what = "this is no USB card";
    if (card_look_usb(request->card, &report))
        return -1;
    put_value(request, "controls", report.controls);
    put_value(request, "bulk_requests", report.bulk_requests);
    put_value(request, "bulk_bytes", report.bulk_bytes);
    put_value(request, "events", report.events);
    put_value(request, "cancelled", report.cancelled);
    put_value(request, "connects", report.connects);
    put_value(request, "hung", report.hung);
    put_value(request, "refused", report.refused);
    put_value(request, "pending", report.pending);
    return 0;
}

static int do_frame(struct request *request, const char **what)
{
    static struct card_report report;
    const struct vdm_ledger_frame *frame;
    long long back;

    *what = "needs how many frames back";
    if (number(request->argument[0], 0, VDM_LEDGER_FRAMES - 1, &back))
        return -1;
    card_look(request->card, &report, 0);
    *what = "the ledger does not reach so far";
    if (back >= report.ledger.frame_count)
        return -1;
    frame =
        &report.ledger.frames[(report.ledger.frame_count - 1 - (uint32_t)back) % VDM_LEDGER_FRAMES];
    put_value(request, "sequence", frame->sequence);
    put_value(request, "cause", frame->cause);
    put_value(request, "start_ns", frame->start_ns);
    put_value(request, "end_ns", frame->end_ns);
    put_value(request, "source_frame", frame->source_frame);
    put_value(request, "tag", frame->tag);
    return 0;
}

static int do_now(struct request *request, const char **what)
{
    static struct card_report report;

    (void)what;
    card_look(request->card, &report, 0);
    put_value(request, "model_ns", report.model_ns);
    put_value(request, "host_ns", report.host_ns);
    return 0;
}

static int do_segments(struct request *request, const char **what)
{
    static struct card_report report;

    (void)what;
    card_look(request->card, &report, 1);
    put_value(request, "min", report.segments_min);
    put_value(request, "max", report.segments_max);
    put_value(request, "frames", report.frames);
    put_value(request, "high", report.high);
    return 0;
}

static int do_refused(struct request *request, const char **what)
{
    static struct card_report report;

    (void)what;
    card_look(request->card, &report, 0);
    put_value(request, "count", report.refused);
    return 0;
}

static int do_flipped(struct request *request, const char **what)
{
    static struct card_report report;

    (void)what;
    card_look(request->card, &report, 0);
    put_value(request, "count", report.flipped);
    return 0;
}

static int do_slot(struct request *request, const char **what)
{
    uint32_t version = 0;
    long long slot;

    *what = "the slot is 0 or 1";
    if (number(request->argument[0], 0, 1, &slot))
        return -1;
    (void)card_slot_version(request->card, (uint32_t)slot, &version);
    put_value(request, "version", version);
    return 0;
}

static const struct {
    const char *name;
    int (*act)(struct request *request, const char **what);
} commands[] = {
    {"plug",     do_plug    },
    {"unplug",   do_unplug  },
    {"pull",     do_pull    },
    {"power",    do_power   },
    {"erase",    do_erase   },
    {"faults",   do_faults  },
    {"injected", do_injected},
    {"ledger",   do_ledger  },
    {"frame",    do_frame   },
    {"now",      do_now     },
    {"segments", do_segments},
    {"refused",  do_refused },
    {"signal",   do_signal  },
    {"clip",     do_clip    },
    {"flip",     do_flip    },
    {"flipped",  do_flipped },
    {"rate",     do_rate    },
    {"slot",     do_slot    },
    {"limit",    do_limit   },
    {"hang",     do_hang    },
    {"usb",      do_usb     },
};

/* ---- A line ---- */

/* Takes `text` apart at its spaces, in place; the word's name, or NULL. */
static const char *split(struct request *request, const char *text)
{
    const char *name;
    char *state;
    char *word;
    long long card;

    (void)snprintf(request->words, sizeof request->words, "%s", text);
    name = strtok_r(request->words, " ", &state);
    word = name ? strtok_r(NULL, " ", &state) : NULL;
    if (!word || number(word, 0, (long long)request->control->count - 1, &card))
        return name;
    request->number = (unsigned)card;
    request->card = request->control->cards[card];
    request->rest = text + (word - request->words) + strlen(word);
    request->rest += *request->rest == ' ';
    while (request->arguments < ARGUMENTS && (word = strtok_r(NULL, " ", &state)) != NULL)
        request->argument[request->arguments++] = word;
    return name;
}

void control_answer(struct control *control, const char *text, char *answer, size_t room)
{
    static struct request request;
    const char *what = "what is this?";
    const char *name;
    int result = -1;

    memset(&request, 0, sizeof request);
    request.control = control;
    request.answer = answer;
    request.room = room - 1;
    put(&request, "ok");
    name = split(&request, text);
    if (name && strcmp(name, "ping") == 0) {
        result = 0;
    } else if (name && strcmp(name, "cards") == 0) {
        put_value(&request, "count", control->count);
        result = 0;
    } else if (strncmp(text, "camera ", 7) == 0) {
        char values[VMR_LINE_BYTES / 2];

        result = rig_camera(control->folder, text + 7, values, sizeof values, &what);
        if (values[0])
            put(&request, " %s", values);
        name = NULL;
    }
    for (size_t n = 0; result && name && n < sizeof commands / sizeof commands[0]; n++) {
        if (strcmp(name, commands[n].name) != 0)
            continue;
        what = "no such card";
        result = request.card ? commands[n].act(&request, &what) : -1;
        break;
    }
    if (result) {
        request.used = 0;
        put(&request, "error %s", what);
    }
    answer[request.used] = '\n';
    answer[request.used + 1] = '\0';
}
