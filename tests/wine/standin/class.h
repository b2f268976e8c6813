/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for stream.sys: enough of the class driver for the shipped minidriver to be installed,
 * started and read from under Wine, which has none. It does not model: levels and what may be called
 * at which; TurnOffSynchronization; several devices or streams; master clocks, allocators, methods;
 * events of streams, and of devices more than class_event.c says; power states; registry settings of its own. The loader in tests/windows looks at the rules.
 */
#ifndef STANDIN_CLASS_H
#define STANDIN_CLASS_H

#include "vdw_wdk.h"

#include "machine.h"
#include "standin.h"

struct queue {
    struct request *first; /* waiting, oldest first */
    struct request *last;
    int ready;
};

/* What a file object is. */
struct file {
    void *process; /* who opened it: frames go to its memory */
    int is_control;
    struct stream *stream; /* a pin */
};

struct timer {
    PHW_TIMER_ROUTINE routine;
    PVOID context;
    uint64_t due_ns; /* 0: not armed */
};

struct stream {
    HW_STREAM_OBJECT object;
    struct queue data;
    struct queue control;
    struct timer timer;
};

/* Comes to the engine's thread from elsewhere. */
struct job {
    struct job *next;
    void (*run)(struct job *job);
    PIRP irp; /* NULL: somebody waits for the event */
    struct file *file;
    void *event;
    NTSTATUS status;
};

/* A request to the minidriver. */
struct request {
    struct request *next; /* in its queue */
    struct request *all;
    HW_STREAM_REQUEST_BLOCK srb;
    struct queue *queue;
    int sent;
    int cancelled;
    void (*done)(struct request *request, NTSTATUS status);
    struct job *job;
    PIRP irp; /* a read's, which may be cancelled */
    volatile LONG cancel_asked;
    void *parts; /* of the kind: a descriptor, a picture */
    size_t parts_bytes;
    PKSSTREAM_HEADER headers;
    uint64_t user_data; /* where the application wants the picture */
    struct file *file;
};

enum device_state { DEVICE_NONE, DEVICE_RUNS, DEVICE_GONE };

struct standin {
    HW_INITIALIZATION_DATA init;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT lower;
    PDEVICE_OBJECT physical;
    PDEVICE_OBJECT control;
    UNICODE_STRING links[3];
    enum device_state state;
    PORT_CONFIGURATION_INFORMATION config;
    ACCESS_RANGE range;
    void *registers;
    void *extension;
    void *dma;
    PHW_STREAM_DESCRIPTOR descriptor;
    struct queue queue;
    struct stream *stream;
    struct timer timer;
    struct {
        PHW_PRIORITY_ROUTINE routine; /* NULL: none is asked for */
        PVOID context;
    } callback;
    int reenumerate;
    uint64_t next_second_ns;
    uint32_t flips; /* frames that get a wrong bit on their way to the application */
    struct request *requests;
};

extern struct standin standin;

/* ---- class.c: the engine ---- */

int class_begin(void);
/* From any thread. class_wait returns what the job's end left in its status. */
void class_post(struct job *job);
NTSTATUS class_wait(void (*run)(struct job *job), struct file *file, uint32_t timeout_ms);
void class_end_wait(struct job *job, NTSTATUS status);

struct request *class_request(SRB_COMMAND command, struct stream *stream,
                              void (*done)(struct request *, NTSTATUS));
void class_send(struct request *request);
/* Every request of the stream, or of all, ends as cancelled. */
void class_cancel_all(const struct stream *stream);

/* ---- class_calls.c: what the minidriver calls ---- */

void class_completed(PHW_STREAM_REQUEST_BLOCK srb);

/* ---- class_device.c: plug and play ---- */

NTSTATUS device_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical);
NTSTATUS device_pnp(PDEVICE_OBJECT device, PIRP irp);
void device_describe(void); /* asks for the streams again */
void device_gone(void);     /* the slot is empty */
void device_restart(struct job *job);

/* ---- class_file.c: what applications ask ---- */

NTSTATUS file_create(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS file_close(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS file_control(PDEVICE_OBJECT device, PIRP irp);
void file_end(struct job *job, NTSTATUS status, ULONG_PTR bytes);

/* ---- class_event.c ---- */

void event_enable(struct job *job);
void event_disable(struct job *job);
/* A handle is closed: none of its events is set any more. On the engine's thread. */
void event_forget(const struct file *file);
void event_signal(const GUID *set, ULONG id);

/* ---- class_read.c, class_property.c ---- */

void read_begin(struct job *job);
void property_begin(struct job *job);

#endif
