/* SPDX-License-Identifier: MIT */
/*
 * The engine: one thread that takes what others bring, lets the card live, and enters the minidriver for
 * interrupts, timers, callbacks and requests, one at a time. That is its synchronization.
 */
#include <stdlib.h>

#include "class.h"

struct standin standin;

static struct job *inbox;
static struct job **inbox_end = &inbox;

/* ---- Jobs ---- */

void class_post(struct job *job)
{
    job->next = NULL;
    machine_lock();
    *inbox_end = job;
    inbox_end = &job->next;
    machine_unlock();
    machine_wake();
}

static struct job *take_job(void)
{
    struct job *job;

    machine_lock();
    job = inbox;
    if (job) {
        inbox = job->next;
        if (!inbox)
            inbox_end = &inbox;
    }
    machine_unlock();
    return job;
}

NTSTATUS class_wait(void (*run)(struct job *job), struct file *file, uint32_t timeout_ms)
{
    struct job *job = calloc(1, sizeof(*job));
    NTSTATUS status = STATUS_IO_TIMEOUT;

    if (!job)
        return STATUS_INSUFFICIENT_RESOURCES;
    job->run = run;
    job->file = file;
    job->event = machine_event_create();
    class_post(job);
    if (machine_event_wait(job->event, timeout_ms)) {
        status = job->status;
        machine_event_destroy(job->event);
        free(job);
    } else {
        machine_log(
            "the minidriver does not end what it was asked"); /* the job stays, to be safe */
    }
    return status;
}

void class_end_wait(struct job *job, NTSTATUS status)
{
    job->status = status;
    machine_event_set(job->event);
}

/* ---- Requests ---- */

struct request *class_request(SRB_COMMAND command, struct stream *stream,
                              void (*done)(struct request *, NTSTATUS))
{
    struct request *request = calloc(1, sizeof(*request));
    PHW_STREAM_REQUEST_BLOCK srb = &request->srb;

    request->done = done;
    request->queue = !stream                     ? &standin.queue
                     : command <= SRB_WRITE_DATA ? &stream->data
                                                 : &stream->control;
    srb->SizeOfThisPacket = sizeof(*srb);
    srb->Command = command;
    srb->Status = STATUS_PENDING;
    srb->HwDeviceExtension = standin.extension;
    srb->StreamObject = stream ? &stream->object : NULL;
    srb->SRBExtension = calloc(1, standin.init.PerRequestExtensionSize + 1);
    srb->Flags = (stream ? SRB_HW_FLAGS_STREAM_REQUEST : 0) |
                 (stream && command <= SRB_WRITE_DATA ? SRB_HW_FLAGS_DATA_TRANSFER : 0);
    srb->TimeoutCounter = srb->TimeoutOriginal = 15;
    request->all = standin.requests;
    standin.requests = request;
    return request;
}

void class_send(struct request *request)
{
    struct queue *queue = request->queue;

    if (queue->last)
        queue->last->next = request;
    else
        queue->first = request;
    queue->last = request;
}

static void finish(struct request *request, NTSTATUS status)
{
    struct request **at = &standin.requests;

    while (*at != request)
        at = &(*at)->all;
    *at = request->all;
    request->done(request, status);
    free(request->srb.SRBExtension);
    free(request);
}

void class_completed(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct request *request = standin.requests;

    while (request && &request->srb != srb)
        request = request->all;
    if (!request || !request->sent) {
        machine_log("an unknown request %p is completed", (void *)srb);
        return;
    }
    finish(request, srb->Status);
}

static void enter(struct request *request)
{
    PHW_STREAM_REQUEST_BLOCK srb = &request->srb;

    request->sent = 1;
    request->queue->ready = 0;
    if (request->queue == &standin.queue)
        standin.init.HwReceivePacket(srb);
    else if (request->queue == &CONTAINING_RECORD(srb->StreamObject, struct stream, object)->data)
        srb->StreamObject->ReceiveDataPacket(srb);
    else
        srb->StreamObject->ReceiveControlPacket(srb);
}

static int turn_queue(struct queue *queue)
{
    struct request *request = queue->first;

    if (!request || !queue->ready)
        return 0;
    queue->first = request->next;
    if (!queue->first)
        queue->last = NULL;
    enter(request);
    return 1;
}

static void take_out(struct request *request)
{
    struct request **at = &request->queue->first;
    struct request *before = NULL;

    while (*at != request) {
        before = *at;
        at = &(*at)->next;
    }
    *at = request->next;
    if (request->queue->last == request)
        request->queue->last = before;
}

static void cancel(struct request *request)
{
    request->cancelled = 1;
    if (request->sent) {
        standin.init.HwCancelPacket(&request->srb);
    } else {
        take_out(request);
        finish(request, STATUS_CANCELLED);
    }
}

void class_cancel_all(const struct stream *stream)
{
    struct request *request = standin.requests;

    while (request) {
        if (!request->cancelled && request->srb.Command == SRB_READ_DATA &&
            (!stream || request->srb.StreamObject == &stream->object)) {
            cancel(request);
            request = standin.requests; /* the list has changed */
        } else {
            request = request->all;
        }
    }
}

/* ---- What is due ---- */

static int turn_cancel(void)
{
    for (struct request *r = standin.requests; r; r = r->all) {
        if (r->cancel_asked && !r->cancelled) {
            cancel(r);
            return 1;
        }
    }
    return 0;
}

static void count_down(void)
{
    struct request *next;

    for (struct request *r = standin.requests; r; r = next) {
        next = r->all;
        if (r->sent && r->srb.TimeoutCounter && --r->srb.TimeoutCounter == 0) {
            machine_log("request %u takes too long", r->srb.Command);
            standin.init.HwRequestTimeoutHandler(&r->srb);
            return;
        }
    }
}

static int turn_timer(struct timer *timer, uint64_t now)
{
    if (!timer->due_ns || timer->due_ns > now)
        return 0;
    timer->due_ns = 0;
    timer->routine(timer->context);
    return 1;
}

static uint64_t sooner(const struct timer *timer, uint64_t due_ns)
{
    return timer->due_ns && timer->due_ns < due_ns ? timer->due_ns : due_ns;
}

static int turn_once(uint64_t now)
{
    struct job *job = take_job();

    if (job) {
        job->run(job);
        return 1;
    }
    if (card_take_interrupt()) {
        if (standin.extension)
            (void)standin.init.HwInterrupt(standin.extension);
        return 1;
    }
    if (standin.callback.routine) {
        PHW_PRIORITY_ROUTINE routine = standin.callback.routine;

        standin.callback.routine = NULL;
        routine(standin.callback.context);
        return 1;
    }
    if (turn_timer(&standin.timer, now) ||
        (standin.stream && turn_timer(&standin.stream->timer, now)))
        return 1;
    if (standin.state == DEVICE_RUNS && card_is_gone()) {
        device_gone();
        return 1;
    }
    if (standin.reenumerate) {
        standin.reenumerate = 0;
        device_describe();
        return 1;
    }
    if (now >= standin.next_second_ns) {
        standin.next_second_ns = now + 1000000000u;
        count_down();
    }
    return turn_cancel() || turn_queue(&standin.queue) ||
           (standin.stream &&
            (turn_queue(&standin.stream->control) || turn_queue(&standin.stream->data)));
}

static uint64_t turn(void)
{
    uint64_t card_ns, now;

    do {
        now = machine_now_ns();
        card_ns = card_advance(now);
    } while (turn_once(now));
    now = sooner(&standin.timer, now + 500000000u);
    if (standin.stream)
        now = sooner(&standin.stream->timer, now);
    return card_ns < now ? card_ns : now;
}

int class_begin(void)
{
    if (card_insert() != 0)
        return -1;
    standin.registers = machine_pages_create(CARD_REGISTERS_BYTES, 1);
    if (!standin.registers || trap_install(standin.registers, CARD_REGISTERS_BYTES) != 0)
        return -1;
    return machine_start(turn);
}
