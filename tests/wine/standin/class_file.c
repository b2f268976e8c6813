/* SPDX-License-Identifier: MIT */
/*
 * Handles. A filter's and a pin's are opened alike, since Wine has no names below a device; a request of
 * the stand-in for ksuser.dll then makes one a pin. Every request is done by the engine's thread.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"

#define CLOSE_TIMEOUT_MS 10000

static NTSTATUS end_now(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

void file_end(struct job *job, NTSTATUS status, ULONG_PTR bytes)
{
    job->irp->IoStatus.Status = status;
    job->irp->IoStatus.Information = bytes;
    IoCompleteRequest(job->irp, IO_NO_INCREMENT);
    free(job);
}

NTSTATUS file_create(PDEVICE_OBJECT device, PIRP irp)
{
    struct file *file;

    if (device != standin.control && standin.state != DEVICE_RUNS)
        return end_now(irp, STATUS_DEVICE_REMOVED);
    file = calloc(1, sizeof(*file));
    if (!file)
        return end_now(irp, STATUS_INSUFFICIENT_RESOURCES);
    file->is_control = device == standin.control;
    file->process = machine_process_open((uint32_t)(ULONG_PTR)PsGetCurrentProcessId());
    IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext = file;
    return end_now(irp, STATUS_SUCCESS);
}

/* ---- Pins ---- */

static void stream_closed(struct request *request, NTSTATUS status)
{
    struct stream *stream = request->file->stream;

    if (status != STATUS_SUCCESS)
        machine_log("close stream: 0x%08x", (unsigned)status);
    request->file->stream = NULL;
    standin.stream = NULL;
    free(stream->object.HwStreamExtension);
    free(stream);
    class_end_wait(request->job, status);
}

/* The reads go first, as when a program ends: the driver may still be running. */
static void close_pin(struct job *job)
{
    struct request *request;

    class_cancel_all(job->file->stream);
    request = class_request(SRB_CLOSE_STREAM, NULL, stream_closed);
    request->srb.StreamObject = &job->file->stream->object;
    request->file = job->file;
    request->job = job;
    class_send(request);
}

static void forget_events(struct job *job)
{
    event_forget(job->file);
    class_end_wait(job, STATUS_SUCCESS);
}

NTSTATUS file_close(PDEVICE_OBJECT device, PIRP irp)
{
    struct file *file = IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext;

    (void)device;
    if (file && file->stream)
        (void)class_wait(close_pin, file, CLOSE_TIMEOUT_MS);
    if (file && !file->is_control)
        (void)class_wait(forget_events, file, CLOSE_TIMEOUT_MS);
    if (file && !file->stream) {
        machine_process_close(file->process);
        free(file);
    }
    return end_now(irp, STATUS_SUCCESS);
}

static void stream_opened(struct request *request, NTSTATUS status)
{
    struct stream *stream = request->parts;

    if (status == STATUS_SUCCESS) {
        request->file->stream = stream;
        standin.stream = stream;
    } else {
        free(stream->object.HwStreamExtension);
        free(stream);
    }
    file_end(request->job, status, 0);
}

static void open_pin(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    ULONG bytes = at->Parameters.DeviceIoControl.InputBufferLength;
    const KSPIN_CONNECT *connect = job->irp->AssociatedIrp.SystemBuffer;
    PKSDATAFORMAT format = (PKSDATAFORMAT)(void *)(ULONG_PTR)(connect + 1);
    struct request *request;
    struct stream *stream;

    if (bytes < sizeof(*connect) + sizeof(*format) || format->FormatSize < sizeof(*format) ||
        format->FormatSize > bytes - sizeof(*connect)) {
        file_end(job, STATUS_INVALID_BUFFER_SIZE, 0);
    } else if (job->file->stream || connect->PinToHandle || connect->PinId != 0) {
        file_end(job, STATUS_INVALID_PARAMETER, 0);
    } else if (standin.state != DEVICE_RUNS) {
        file_end(job, STATUS_DEVICE_REMOVED, 0);
    } else if (standin.stream) {
        file_end(job, STATUS_TOO_MANY_NODES, 0);
    } else {
        stream = calloc(1, sizeof(*stream));
        stream->object.SizeOfThisPacket = sizeof(stream->object);
        stream->object.HwStreamExtension = calloc(1, standin.init.PerStreamExtensionSize);
        stream->object.HwDeviceExtension = standin.extension;
        stream->data.ready = stream->control.ready = 1;
        request = class_request(SRB_OPEN_STREAM, NULL, stream_opened);
        request->parts = stream;
        request->srb.StreamObject = &stream->object;
        request->srb.CommandData.OpenFormat = format;
        request->file = job->file;
        request->job = job;
        class_send(request);
    }
}

/* ---- The rig's own ---- */

static void faults(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    int result = card_set_faults(job->irp->AssociatedIrp.SystemBuffer,
                                 at->Parameters.DeviceIoControl.InputBufferLength);

    file_end(job, result == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, 0);
}

static void unplug(struct job *job)
{
    card_unplug();
    file_end(job, STATUS_SUCCESS, 0);
}

static void flip(struct job *job)
{
    standin.flips++;
    file_end(job, STATUS_SUCCESS, 0);
}

static void account(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);

    if (at->Parameters.DeviceIoControl.OutputBufferLength < sizeof(struct card_account)) {
        file_end(job, STATUS_BUFFER_TOO_SMALL, 0);
        return;
    }
    card_read_account(job->irp->AssociatedIrp.SystemBuffer);
    file_end(job, STATUS_SUCCESS, sizeof(struct card_account));
}

/* ---- The door ---- */

static void (*find(const struct file *file, ULONG code))(struct job *job)
{
    if (file->is_control)
        return code == IOCTL_STANDIN_UNPLUG    ? unplug
               : code == IOCTL_STANDIN_FAULTS  ? faults
               : code == IOCTL_STANDIN_ACCOUNT ? account
               : code == IOCTL_STANDIN_FLIP    ? flip
               : code == IOCTL_STANDIN_RESTART ? device_restart
                                               : NULL;
    return code == IOCTL_STANDIN_PIN        ? open_pin
           : code == IOCTL_KS_PROPERTY      ? property_begin
           : code == IOCTL_KS_READ_STREAM   ? read_begin
           : code == IOCTL_KS_ENABLE_EVENT  ? event_enable
           : code == IOCTL_KS_DISABLE_EVENT ? event_disable
                                            : NULL;
}

NTSTATUS file_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(irp);
    struct job *job = calloc(1, sizeof(*job));

    (void)device;
    if (!job)
        return end_now(irp, STATUS_INSUFFICIENT_RESOURCES);
    job->irp = irp;
    job->file = at->FileObject->FsContext;
    job->run = find(job->file, at->Parameters.DeviceIoControl.IoControlCode);
    if (!job->run) {
        free(job);
        return end_now(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    IoMarkIrpPending(irp);
    if (job->run == device_restart) /* it waits for the engine, so it cannot run there */
        device_restart(job);
    else
        class_post(job);
    return STATUS_PENDING;
}
