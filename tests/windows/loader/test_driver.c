/* SPDX-License-Identifier: MIT */
/*
 * A small minidriver that keeps every rule, or breaks the one that it is told to: what the loader must
 * find, by name. One file has them all. A "frame" is the card's test interrupt; there is no picture.
 */
/* One of its functions is declared with the wrong convention for i386: here it is again. */
#define StreamClassGetNextEvent broken_GetNextEvent
#include <strmini.h>
#undef StreamClassGetNextEvent

#include <stdint.h>

PKSEVENT_ENTRY STREAMAPI StreamClassGetNextEvent(PVOID extension, PHW_STREAM_OBJECT stream,
                                                 GUID *set, ULONG event, PKSEVENT_ENTRY current);

#define REG_SCRATCH    0x00c
#define REG_FLASH      0x060
#define REG_FLASH_BUSY 0x064 /* bit 0 of its status */
#define REG_INT_STATUS 0x080
#define REG_INT_MASK   0x084
#define REG_INT_TEST   0x088
#define INT_TEST       0x100u
#define TAG            0x74736554u
#define HELD           8

/* How it wants to be called: alone at the device's level; alone at DISPATCH_LEVEL, since it has no
 * interrupt; or as things come, with locks of its own. */
enum { SYNCHRONIZED, POLLED, UNSYNCHRONIZED };

enum {
    BREAK_NOTHING,
#define BREAK(rule, check, how) BREAK_##rule,
#include "breaks.def"
#undef BREAK
};

/* Which rule, and how: DriverEntry is told. */
static ULONG broken;
static ULONG kind;

struct extension {
    PUCHAR registers;
    PHW_STREAM_OBJECT stream;
    PHW_STREAM_REQUEST_BLOCK held[HELD]; /* oldest first */
    ULONG held_count;
    KSSTATE state;
    ULONG flushing;
    PVOID pool;
    PHW_STREAM_REQUEST_BLOCK waiting; /* for the callback */
    PKSEVENT_ENTRY gone;              /* the last that was disabled */
    volatile ULONG quiet;
    volatile LONG calling; /* the stream's callback is on its way */
    KSPIN_LOCK lock;       /* of `held`, without synchronisation */
};

static ULONG get(struct extension *x, ULONG offset)
{
    return READ_REGISTER_ULONG((PULONG)(x->registers + offset));
}

static void put(struct extension *x, ULONG offset, ULONG value)
{
    WRITE_REGISTER_ULONG((PULONG)(x->registers + offset), value);
}

/* Takes a read (NULL: the oldest) out of the list; NULL if it is not there. */
static PHW_STREAM_REQUEST_BLOCK take(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb)
{
    ULONG i = 0;
    KIRQL old = 0;

    if (kind == UNSYNCHRONIZED)
        KeAcquireSpinLock(&x->lock, &old);
    while (i < x->held_count && srb && x->held[i] != srb)
        i++;
    srb = i < x->held_count ? x->held[i] : NULL;
    if (srb) {
        x->held_count--;
        for (; i < x->held_count; i++)
            x->held[i] = x->held[i + 1];
    }
    if (kind == UNSYNCHRONIZED)
        KeReleaseSpinLock(&x->lock, old);
    return srb;
}

/* ---- One event: a frame came ---- */

static const GUID event_guid = {
    0x0f7c2cfd, 0x1d5b, 0x4d5e, {0x9a, 0x61, 0x5c, 0x0e, 0x6a, 0x1b, 0x44, 0x02}
};
static const KSEVENT_ITEM event_items[1] = {
    {0, sizeof(KSEVENTDATA), 0, NULL, NULL, NULL},
};
static KSEVENT_SET event_sets[1] = {
    {&event_guid, 1, event_items},
};

static NTSTATUS STREAMAPI event_routine(PHW_EVENT_DESCRIPTOR descriptor)
{
    struct extension *x = (struct extension *)(PVOID)descriptor->DeviceExtension;

    if (!descriptor->Enable)
        x->gone = descriptor->EventEntry;
    return STATUS_SUCCESS;
}

/* To each listener by itself, which is the long way round. The header gives the call six parameters;
 * a signal has one, in the first place. */
static void signal(struct extension *x)
{
    PKSEVENT_ENTRY entry = NULL;

    while ((entry = StreamClassGetNextEvent(x, NULL, (GUID *)&event_guid, 0, entry)) != NULL)
        StreamClassDeviceNotification(SignalDeviceEvent, x, (PHW_STREAM_REQUEST_BLOCK)(PVOID)entry,
                                      NULL, NULL, 0);
    if (broken == BREAK_EVENT_GONE && x->gone)
        StreamClassDeviceNotification(SignalDeviceEvent, x,
                                      (PHW_STREAM_REQUEST_BLOCK)(PVOID)x->gone, NULL, NULL, 0);
    if (broken == BREAK_EVENT_UNKNOWN)
        StreamClassDeviceNotification(SignalMultipleDeviceEvents, x,
                                      (PHW_STREAM_REQUEST_BLOCK)(PVOID)&event_guid,
                                      (PKSEVENT_ENTRY)(ULONG_PTR)7, NULL, 0);
}

static void finish_read(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    srb = take(x, srb);
    if (!srb)
        return;
    srb->Status = status;
    srb->CommandData.DataBufferArray->DataUsed = 0;
    if (broken == BREAK_COPY)
        *(volatile UCHAR *)srb->CommandData.DataBufferArray->Data = 1;
    StreamClassStreamNotification(StreamRequestComplete, srb->StreamObject, srb);
    signal(x);
    if (broken == BREAK_LATE)
        srb->Status = status;
    if (broken == BREAK_TWICE)
        StreamClassStreamNotification(StreamRequestComplete, x->stream, srb);
}

static void flush(struct extension *x, NTSTATUS status)
{
    while (x->held_count > 0)
        finish_read(x, NULL, status);
}

static void hold(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb)
{
    KIRQL old = 0;
    ULONG at;

    if (kind == UNSYNCHRONIZED && broken != BREAK_LOCK_FORGOTTEN)
        KeAcquireSpinLock(&x->lock, &old);
    at = x->held_count;
    if (broken == BREAK_LOCK_FORGOTTEN)
        (void)get(x, REG_SCRATCH); /* time for somebody else */
    x->held[at] = srb;
    x->held_count = at + 1;
    if (kind == UNSYNCHRONIZED && broken != BREAK_LOCK_FORGOTTEN)
        KeReleaseSpinLock(&x->lock, old);
}

/* ---- The stream ---- */

static VOID STREAMAPI receive_data(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct extension *x = srb->HwDeviceExtension;

    if (x->flushing && broken != BREAK_FLUSHED) {
        srb->Status = STATUS_DEVICE_NOT_READY;
        StreamClassStreamNotification(StreamRequestComplete, srb->StreamObject, srb);
    } else if (srb->Command != SRB_READ_DATA || x->state < KSSTATE_PAUSE || x->held_count == HELD) {
        srb->Status = STATUS_NOT_IMPLEMENTED;
        StreamClassStreamNotification(StreamRequestComplete, srb->StreamObject, srb);
    } else {
        if (broken == BREAK_EXTENSION)
            ((PUCHAR)srb->SRBExtension)[16] = 1;
        if (broken != BREAK_TIMEOUT)
            srb->TimeoutCounter = 0;
        hold(x, srb);
    }
    if (broken != BREAK_NOT_READY)
        StreamClassStreamNotification(ReadyForNextStreamDataRequest, x->stream);
    if (broken == BREAK_READY_TWICE)
        StreamClassStreamNotification(ReadyForNextStreamDataRequest, x->stream);
}

static VOID STREAMAPI receive_control(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct extension *x = srb->HwDeviceExtension;
    PHW_STREAM_OBJECT stream = srb->StreamObject;

    srb->Status = STATUS_SUCCESS;
    switch (srb->Command) {
    case SRB_SET_STREAM_STATE:
        x->state = srb->CommandData.StreamState;
        if (x->state == KSSTATE_STOP)
            flush(x, STATUS_CANCELLED);
        break;
    case SRB_BEGIN_FLUSH:
        x->flushing = 1;
        if (broken != BREAK_FLUSH)
            flush(x, STATUS_CANCELLED);
        break;
    case SRB_END_FLUSH:
        x->flushing = 0;
        break;
    case SRB_GET_STREAM_STATE:
        srb->CommandData.StreamState = x->state;
        break;
    default:
        srb->Status = STATUS_NOT_IMPLEMENTED;
    }
    StreamClassStreamNotification(StreamRequestComplete, stream, srb);
    StreamClassStreamNotification(ReadyForNextStreamControlRequest, stream);
}

static VOID STREAMAPI serve(PVOID context)
{
    struct extension *x = context;

    x->calling = 0;
    finish_read(x, NULL, STATUS_SUCCESS);
}

static BOOLEAN STREAMAPI interrupt(PVOID context)
{
    struct extension *x = context;
    ULONG status = get(x, REG_INT_STATUS);
    ULONG i;

    if (status == 0)
        return FALSE;
    if (broken != BREAK_LINE_KEPT)
        put(x, REG_INT_STATUS, status);
    for (i = 0; broken == BREAK_ISR_ACCESSES && i < 5; i++)
        (void)get(x, REG_SCRATCH);
    if (broken == BREAK_POOL_AT_DIRQL)
        x->pool = ExAllocatePoolWithTag(NonPagedPool, 16, TAG);
    if (broken == BREAK_NEVER || broken == BREAK_LINE_UNTAKEN)
        return broken == BREAK_NEVER;
    if (kind != UNSYNCHRONIZED || broken == BREAK_ISR_COMPLETES)
        finish_read(x, NULL, STATUS_SUCCESS);
    else if (x->stream && !x->calling) {
        x->calling = 1;
        StreamClassCallAtNewPriority(x->stream, x, Dispatch, serve, x);
    }
    return TRUE;
}

static VOID STREAMAPI poll(PVOID context)
{
    struct extension *x = context;

    (void)interrupt(x);
    if (!x->quiet)
        StreamClassScheduleTimer(x->stream, x, 1000, poll, x);
}

static VOID STREAMAPI cancel(PHW_STREAM_REQUEST_BLOCK srb)
{
    if (broken != BREAK_CANCEL)
        finish_read(srb->HwDeviceExtension, srb, STATUS_CANCELLED);
}

static VOID STREAMAPI timeout(PHW_STREAM_REQUEST_BLOCK srb)
{
    if (broken != BREAK_TIMEOUT)
        finish_read(srb->HwDeviceExtension, srb, STATUS_IO_TIMEOUT);
}

/* ---- The device ---- */

static void finish(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    srb->Status = status;
    StreamClassDeviceNotification(DeviceRequestComplete, x, srb, NULL, NULL, 0);
    StreamClassDeviceNotification(ReadyForNextDeviceRequest, x, NULL, NULL, NULL, 0);
}

static VOID STREAMAPI back(PVOID context)
{
    struct extension *x = context;
    PHW_STREAM_REQUEST_BLOCK srb = x->waiting;

    x->waiting = NULL;
    finish(x, srb, STATUS_SUCCESS);
}

static VOID STREAMAPI at_passive(PVOID context)
{
    struct extension *x = context;

    x->pool = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    if (broken == BREAK_FREED && x->pool) {
        ExFreePoolWithTag(x->pool, TAG);
        *(volatile UCHAR *)x->pool = 1;
    }
    if (broken == BREAK_OVERRUN && x->pool)
        ((volatile UCHAR *)x->pool)[64] = 1;
    if (broken == BREAK_UNDERRUN && x->pool)
        ((volatile UCHAR *)x->pool)[-1] = 1;
    if (broken == BREAK_LOCK_KEPT) {
        KSPIN_LOCK lock = 0;
        KIRQL old;

        KeAcquireSpinLock(&lock, &old);
        KeLowerIrql(old);
    }
    if (broken == BREAK_IRQL_KEPT) {
        KIRQL old;

        KeRaiseIrql(DISPATCH_LEVEL, &old);
    }
    if (broken == BREAK_PRIORITY)
        StreamClassScheduleTimer(NULL, x, 1000, back, x);
    StreamClassCallAtNewPriority(NULL, x, LowToHigh, back, x);
    if (broken == BREAK_CALLBACK_TWICE)
        StreamClassCallAtNewPriority(NULL, x, LowToHigh, back, x);
}

/* Pool is not given back at the device's level. */
static VOID STREAMAPI free_at_passive(PVOID context)
{
    struct extension *x = context;

    if (x->pool && broken != BREAK_LEAK && broken != BREAK_FREED)
        ExFreePoolWithTag(x->pool, TAG);
    StreamClassCallAtNewPriority(NULL, x, LowToHigh, back, x);
}

static VOID STREAMAPI tick(PVOID context)
{
    struct extension *x = context;

    StreamClassCallAtNewPriority(NULL, x, Low, at_passive, x);
}

static VOID STREAMAPI touch(PVOID context)
{
    (void)get(context, REG_SCRATCH);
}

static void initialize(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb)
{
    PPORT_CONFIGURATION_INFORMATION config = srb->CommandData.ConfigInfo;
    ULONG i;

    x->registers = (PUCHAR)(ULONG_PTR)config->AccessRanges[0].RangeStart.QuadPart;
    put(x, REG_SCRATCH, 0x600dcafe);
    config->StreamDescriptorSize = sizeof(HW_STREAM_HEADER) + sizeof(HW_STREAM_INFORMATION);
    for (i = 0; broken == BREAK_ACCESSES && i < 100; i++)
        (void)get(x, REG_SCRATCH);
    while (broken == BREAK_ENDLESS && get(x, REG_SCRATCH) != 0)
        ;
    while (broken == BREAK_SPIN && x->quiet == 0)
        ;
    KeStallExecutionProcessor(broken == BREAK_STALL ? 11 : 5);
    if (broken == BREAK_PLAIN_POINTER)
        *(volatile ULONG *)(x->registers + REG_SCRATCH) = 1;
#ifdef HALF_REGISTERS
    if (broken == BREAK_WIDTH)
        (void)READ_REGISTER_USHORT((PUSHORT)(PVOID)(x->registers + REG_SCRATCH));
#endif
    if (broken == BREAK_WRITE_CODE)
        *(volatile UCHAR *)(ULONG_PTR)cancel = 0xc3;
    if (broken == BREAK_FILE_AT_DIRQL)
        (void)ZwClose((HANDLE)4);
#ifdef UNKNOWN_IMPORT /* that is found when the file is loaded, so it takes a file of its own */
    KeBugCheck(1);
#endif
    put(x, REG_INT_MASK, INT_TEST);
    if (get(x, REG_SCRATCH) != 0x600dcafe) {
        finish(x, srb, STATUS_NO_SUCH_DEVICE);
        return;
    }
    /* The rest where it may take its time. */
    x->waiting = srb;
    StreamClassScheduleTimer(NULL, x, 100, tick, x);
}

/* A write of the flash's record, which a change of the active slot is, too. */
static VOID STREAMAPI record_tick(PVOID context)
{
    struct extension *x = context;

    if (get(x, REG_FLASH_BUSY) & 1)
        StreamClassScheduleTimer(NULL, x, 100, record_tick, x);
    else
        back(x);
}

static void write_record(struct extension *x, PHW_STREAM_REQUEST_BLOCK srb)
{
    put(x, REG_FLASH, *(const ULONG *)srb->CommandData.PropertyInfo->PropertyInfo);
    if (broken == BREAK_COMMIT) {
        finish(x, srb, STATUS_SUCCESS);
        return;
    }
    x->waiting = srb;
    StreamClassScheduleTimer(NULL, x, 100, record_tick, x);
}

static void describe(PHW_STREAM_REQUEST_BLOCK srb)
{
    PHW_STREAM_DESCRIPTOR out = srb->CommandData.StreamBuffer;

    RtlZeroMemory(out, sizeof(HW_STREAM_HEADER) + sizeof(HW_STREAM_INFORMATION));
    out->StreamHeader.NumberOfStreams = 1;
    out->StreamHeader.SizeOfHwStreamInformation = sizeof(HW_STREAM_INFORMATION);
    out->StreamHeader.NumDevEventArrayEntries = 1;
    out->StreamHeader.DeviceEventsArray = event_sets;
    out->StreamHeader.DeviceEventRoutine = event_routine;
    for (volatile ULONG i = 0; broken == BREAK_INSTRUCTIONS && i < 5000; i++)
        continue;
    out->StreamInfo.NumberOfPossibleInstances = 1;
    out->StreamInfo.DataFlow = KSPIN_DATAFLOW_OUT;
    out->StreamInfo.DataAccessible = TRUE;
}

static VOID STREAMAPI receive(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct extension *x = srb->HwDeviceExtension;

    switch (srb->Command) {
    case SRB_INITIALIZE_DEVICE:
        initialize(x, srb);
        return;
    case SRB_GET_STREAM_INFO:
        describe(srb);
        break;
    case SRB_SET_DEVICE_PROPERTY: /* it has one */
        write_record(x, srb);
        return;
    case SRB_OPEN_STREAM:
        x->stream = srb->StreamObject;
        x->stream->ReceiveDataPacket = receive_data;
        x->stream->ReceiveControlPacket = receive_control;
        x->stream->Dma = TRUE;
        if (kind == POLLED)
            StreamClassScheduleTimer(x->stream, x, 1000, poll, x);
        break;
    case SRB_CLOSE_STREAM:
        flush(x, STATUS_CANCELLED);
        x->state = KSSTATE_STOP;
        if (kind == POLLED)
            StreamClassScheduleTimer(x->stream, x, 0, NULL, NULL);
        x->stream = NULL;
        break;
    case SRB_CHANGE_POWER_STATE:
        x->quiet = srb->CommandData.DeviceState != PowerDeviceD0;
        if (!x->quiet)
            put(x, REG_INT_MASK, INT_TEST);
        else if (broken == BREAK_SLEEP)
            StreamClassScheduleTimer(NULL, x, 100, touch, x);
        if (kind == POLLED && x->stream && !x->quiet)
            StreamClassScheduleTimer(x->stream, x, 1000, poll, x);
        if (kind == POLLED && x->stream && x->quiet)
            StreamClassScheduleTimer(x->stream, x, 0, NULL, NULL);
        break;
    case SRB_UNINITIALIZE_DEVICE:
        put(x, REG_INT_MASK, 0);
        if (broken == BREAK_FREE_AT_DIRQL)
            ExFreePoolWithTag(x->pool, TAG);
        x->waiting = srb;
        StreamClassCallAtNewPriority(NULL, x, Low, free_at_passive, x);
        return;
    case SRB_INITIALIZATION_COMPLETE:
    case SRB_SURPRISE_REMOVAL:
        break;
    case SRB_UNKNOWN_DEVICE_COMMAND:
        if (broken == BREAK_UNKNOWN_SRB) {
            static HW_STREAM_REQUEST_BLOCK own;

            finish(x, &own, STATUS_SUCCESS);
            return;
        }
        finish(x, srb, STATUS_NOT_IMPLEMENTED);
        return;
    default:
        finish(x, srb, STATUS_NOT_IMPLEMENTED);
        return;
    }
    finish(x, srb, STATUS_SUCCESS);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry);

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
    HW_INITIALIZATION_DATA data;

    /* The loader's way to say it: the path is two characters, kind and rule. */
    if (registry->Length == 2 * sizeof(WCHAR)) {
        kind = registry->Buffer[0];
        broken = registry->Buffer[1];
    }
    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.HwInterrupt = kind == POLLED ? NULL : interrupt;
    data.TurnOffSynchronization = kind == UNSYNCHRONIZED;
    data.HwReceivePacket = receive;
    data.HwCancelPacket = cancel;
    data.HwRequestTimeoutHandler = timeout;
    data.DeviceExtensionSize = sizeof(struct extension);
    data.PerRequestExtensionSize = 16;
    data.BusMasterDMA = TRUE;
    return StreamClassRegisterMinidriver(driver, registry, &data);
}
