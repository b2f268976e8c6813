/* SPDX-License-Identifier: MIT */
/*
 * IOCTL_KS_READ_STREAM. The application's memory belongs to another process, so the card writes to pages
 * of this one, told page by page as a scattered list, and their content is handed over at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"

#define PAGE        4096u
#define FRAME_LIMIT 0x8000000u

static VOID NTAPI cancel_read(PDEVICE_OBJECT device, PIRP irp)
{
    struct request *request = irp->Tail.Overlay.DriverContext[0];

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    /* The last look at it: the engine may end it from here on. */
    (void)InterlockedExchange(&request->cancel_asked, 1);
    machine_wake();
}

static void hand_over(const struct request *request, NTSTATUS *status)
{
    uint8_t *picture = request->parts;
    ULONG used = request->headers->DataUsed;

    if (used > request->parts_bytes) {
        machine_log("%u bytes used of %u", (unsigned)used, (unsigned)request->parts_bytes);
        *status = STATUS_IO_DEVICE_ERROR;
        return;
    }
    if (used && standin.flips) {
        standin.flips--;
        picture[used / 2] ^= 1;
    }
    if (used && !machine_process_write(request->file->process, request->user_data, picture, used))
        *status = STATUS_ACCESS_VIOLATION;
}

static void read_done(struct request *request, NTSTATUS status)
{
    struct job *job = request->job;
    ULONG bytes = request->headers->Size;

    /* Once asked for, a cancellation comes. */
    if (!IoSetCancelRoutine(job->irp, NULL)) {
        while (!request->cancel_asked)
            (void)KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -1000});
    }
    if (NT_SUCCESS(status))
        hand_over(request, &status);
    request->headers->Data = (PVOID)(uintptr_t)request->user_data;
    memcpy(job->irp->UserBuffer, request->headers, bytes);
    card_forbid(request->parts);
    machine_pages_destroy(request->parts);
    free(request->srb.ScatterGatherBuffer);
    free(request->headers);
    file_end(job, status, NT_SUCCESS(status) ? bytes : 0);
}

static void describe_pages(struct request *request)
{
    PHW_STREAM_REQUEST_BLOCK srb = &request->srb;
    ULONG pages = (ULONG)((request->parts_bytes + PAGE - 1) / PAGE);
    ULONG left = (ULONG)request->parts_bytes;

    srb->ScatterGatherBuffer = calloc(pages, sizeof(*srb->ScatterGatherBuffer));
    srb->NumberOfPhysicalPages = srb->NumberOfScatterGatherElements = pages;
    for (ULONG i = 0; i < pages; i++) {
        srb->ScatterGatherBuffer[i].PhysicalAddress.QuadPart =
            (LONGLONG)((uintptr_t)request->parts + i * PAGE + CARD_BUS_OFFSET);
        srb->ScatterGatherBuffer[i].Length = left < PAGE ? left : PAGE;
        left -= srb->ScatterGatherBuffer[i].Length;
    }
}

void read_begin(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    ULONG bytes = at->Parameters.DeviceIoControl.OutputBufferLength;
    const KSSTREAM_HEADER *header = job->irp->UserBuffer;
    struct stream *stream = job->file->stream;
    struct request *request;
    void *picture;

    if (!stream) {
        file_end(job, STATUS_INVALID_DEVICE_REQUEST, 0);
        return;
    }
    /* One header with its extension: several at once are not modelled. */
    if (bytes != sizeof(*header) + stream->object.StreamHeaderMediaSpecific || !header ||
        header->Size != bytes || header->FrameExtent == 0 || header->FrameExtent > FRAME_LIMIT) {
        file_end(job, STATUS_INVALID_BUFFER_SIZE, 0);
        return;
    }
    picture = machine_pages_create(header->FrameExtent, 0);
    if (!picture || card_allow(picture, header->FrameExtent) != 0) {
        file_end(job, STATUS_INSUFFICIENT_RESOURCES, 0);
        return;
    }
    request = class_request(SRB_READ_DATA, stream, read_done);
    request->job = job;
    request->file = job->file;
    request->parts = picture;
    request->parts_bytes = header->FrameExtent;
    request->user_data = (uintptr_t)header->Data;
    request->headers = malloc(bytes);
    memcpy(request->headers, header, bytes);
    request->headers->Data = picture;
    request->srb.CommandData.DataBufferArray = request->headers;
    request->srb.NumberOfBuffers = 1;
    request->srb.NumberOfBytesToTransfer = header->FrameExtent;
    request->srb.TimeoutCounter = request->srb.TimeoutOriginal = 0; /* frames may take their time */
    describe_pages(request);
    class_send(request);
    job->irp->Tail.Overlay.DriverContext[0] = request;
    (void)IoSetCancelRoutine(job->irp, cancel_read);
    if (job->irp->Cancel && IoSetCancelRoutine(job->irp, NULL))
        request->cancel_asked = 1;
}
