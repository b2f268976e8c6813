/* SPDX-License-Identifier: MIT */
/* What stream.sys exports and the minidriver imports. All of it is called on the engine's thread. */
#include <stdlib.h>
#include <string.h>

#include "class.h"

static NTSTATUS NTAPI control_device(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name, link;

    RtlInitUnicodeString(&name, L"\\Device\\VidiconStandin");
    RtlInitUnicodeString(&link, L"\\DosDevices\\VidiconStandin");
    if (IoCreateDevice(driver, 0, &name, FILE_DEVICE_KS, 0, FALSE, &standin.control) !=
        STATUS_SUCCESS)
        return STATUS_UNSUCCESSFUL;
    standin.control->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return IoCreateSymbolicLink(&link, &name);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    machine_log("unload");
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
        return file_create(device, irp);
    case IRP_MJ_CLOSE:
        return file_close(device, irp);
    case IRP_MJ_DEVICE_CONTROL:
        return file_control(device, irp);
    default:
        return device_pnp(device, irp);
    }
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    return device_add(driver, physical);
}

NTSTATUS STREAMAPI StreamClassRegisterAdapter(PVOID driver, PVOID path,
                                              PHW_INITIALIZATION_DATA init)
{
    PDRIVER_OBJECT object = driver;

    (void)path;
    standin.init = *init;
    standin.driver = object;
    if (init->HwInitializationDataSize != sizeof(*init) || init->TurnOffSynchronization)
        return STATUS_INVALID_PARAMETER;
    object->DriverExtension->AddDevice = add_device;
    object->DriverUnload = unload;
    object->MajorFunction[IRP_MJ_CREATE] = dispatch;
    object->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    object->MajorFunction[IRP_MJ_PNP] = dispatch;
    if (class_begin() != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine_log("the minidriver has registered");
    return control_device(object);
}

VOID __cdecl StreamClassDeviceNotification(STREAM_MINIDRIVER_DEVICE_NOTIFICATION_TYPE type,
                                           PVOID extension, ...)
{
    va_list list;

    va_start(list, extension);
    if (type == ReadyForNextDeviceRequest) {
        standin.queue.ready = 1;
    } else if (type == DeviceRequestComplete) {
        class_completed(va_arg(list, PHW_STREAM_REQUEST_BLOCK));
    } else if (type == SignalMultipleDeviceEvents) {
        const GUID *set = va_arg(list, const GUID *);

        event_signal(set, va_arg(list, ULONG));
    } else {
        machine_log("device notification %u is not modelled", (unsigned)type);
    }
    va_end(list);
}

VOID __cdecl StreamClassStreamNotification(STREAM_MINIDRIVER_STREAM_NOTIFICATION_TYPE type,
                                           PHW_STREAM_OBJECT object, ...)
{
    struct stream *stream = CONTAINING_RECORD(object, struct stream, object);
    va_list list;

    va_start(list, object);
    if (type == ReadyForNextStreamDataRequest)
        stream->data.ready = 1;
    else if (type == ReadyForNextStreamControlRequest)
        stream->control.ready = 1;
    else if (type == StreamRequestComplete)
        class_completed(va_arg(list, PHW_STREAM_REQUEST_BLOCK));
    va_end(list);
}

VOID STREAMAPI StreamClassScheduleTimer(PHW_STREAM_OBJECT object, PVOID extension, ULONG us,
                                        PHW_TIMER_ROUTINE routine, PVOID context)
{
    struct timer *timer =
        object ? &CONTAINING_RECORD(object, struct stream, object)->timer : &standin.timer;

    (void)extension;
    timer->routine = routine;
    timer->context = context;
    timer->due_ns = routine ? machine_now_ns() + us * 1000ull + 1 : 0;
}

/* Whatever the priority: the engine runs it next, alone. */
VOID STREAMAPI StreamClassCallAtNewPriority(PHW_STREAM_OBJECT object, PVOID extension,
                                            STREAM_PRIORITY priority, PHW_PRIORITY_ROUTINE routine,
                                            PVOID context)
{
    (void)object;
    (void)extension;
    (void)priority;
    if (standin.callback.routine)
        machine_log("a callback is asked for while another is pending");
    standin.callback.routine = routine;
    standin.callback.context = context;
}

PVOID STREAMAPI StreamClassGetDmaBuffer(PVOID extension)
{
    (void)extension;
    return standin.dma;
}

STREAM_PHYSICAL_ADDRESS STREAMAPI StreamClassGetPhysicalAddress(PVOID extension,
                                                                PHW_STREAM_REQUEST_BLOCK srb,
                                                                PVOID address,
                                                                STREAM_BUFFER_TYPE type,
                                                                ULONG *length)
{
    STREAM_PHYSICAL_ADDRESS out;
    size_t left = card_reach(address);

    (void)extension;
    (void)srb;
    (void)type;
    *length = (ULONG)left;
    out.QuadPart = left ? (LONGLONG)((uintptr_t)address + CARD_BUS_OFFSET) : 0;
    return out;
}

BOOLEAN STREAMAPI StreamClassReadWriteConfig(PVOID extension, BOOLEAN read, PVOID buffer,
                                             ULONG offset, ULONG length)
{
    (void)extension;
    return card_configure(read, buffer, offset, length) ? TRUE : FALSE;
}

/* No master clock is ever given to a pin here. */
VOID STREAMAPI StreamClassQueryMasterClockSync(HANDLE clock, PHW_TIME_CONTEXT context)
{
    (void)clock;
    context->Time = 0;
    context->SystemTime = 0;
}

VOID STREAMAPI StreamClassReenumerateStreams(PVOID extension, ULONG bytes)
{
    (void)extension;
    standin.config.StreamDescriptorSize = bytes;
    standin.reenumerate = 1;
}
