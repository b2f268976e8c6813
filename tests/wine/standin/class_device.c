/* SPDX-License-Identifier: MIT */
/*
 * Plug and play. Wine gives a device no resources, so the card's registers are invented here. Interfaces
 * go without the reference string "GLOBAL", which Wine joins to the link with a stray backslash.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "vidicon_brand.h"

#define START_TIMEOUT_MS 20000

static const GUID categories[3] = {VDW_GUID(STATIC_KSCATEGORY_CAPTURE),
                                   VDW_GUID(STATIC_KSCATEGORY_VIDEO),
                                   VIDICON_BRAND_DEVICE_INTERFACE_GUID_INIT};

NTSTATUS device_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    NTSTATUS status;

    if (standin.device)
        return STATUS_DEVICE_CONFIGURATION_ERROR; /* one card, one model */
    status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_KS, 0, FALSE, &standin.device);
    if (status != STATUS_SUCCESS)
        return status;
    standin.physical = physical;
    standin.lower = IoAttachDeviceToDeviceStack(standin.device, physical);
    for (int i = 0; i < 3 && status == STATUS_SUCCESS; i++)
        status = IoRegisterDeviceInterface(physical, &categories[i], NULL, &standin.links[i]);
    standin.device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    machine_log("add device: 0x%08x", (unsigned)status);
    return status;
}

static void show(int on)
{
    for (int i = 0; i < 3; i++)
        (void)IoSetDeviceInterfaceState(&standin.links[i], on ? TRUE : FALSE);
}

/* ---- Start: initialise, describe, complete ---- */

static void initialization_completed(struct request *request, NTSTATUS status)
{
    standin.state = DEVICE_RUNS;
    machine_log("the device runs: 0x%08x, %u register accesses so far", (unsigned)status,
                (unsigned)trap_count());
    class_end_wait(request->job, STATUS_SUCCESS);
}

static void described(struct request *request, NTSTATUS status)
{
    PHW_STREAM_DESCRIPTOR old = standin.descriptor;

    if (status == STATUS_SUCCESS) {
        standin.descriptor = request->parts;
        free(old);
    } else {
        free(request->parts);
    }
    if (request->job) {
        struct request *next =
            class_request(SRB_INITIALIZATION_COMPLETE, NULL, initialization_completed);

        next->job = request->job;
        class_send(next);
    }
}

static void describe(struct job *job)
{
    struct request *request = class_request(SRB_GET_STREAM_INFO, NULL, described);

    request->job = job;
    request->parts = calloc(1, standin.config.StreamDescriptorSize);
    request->srb.CommandData.StreamBuffer = request->parts;
    request->srb.NumberOfBytesToTransfer = standin.config.StreamDescriptorSize;
    class_send(request);
}

void device_describe(void)
{
    if (standin.state == DEVICE_RUNS)
        describe(NULL);
}

static void initialized(struct request *request, NTSTATUS status)
{
    machine_log("initialise device: 0x%08x", (unsigned)status);
    if (status == STATUS_SUCCESS)
        describe(request->job);
    else
        class_end_wait(request->job, status);
}

static void start(struct job *job)
{
    PPORT_CONFIGURATION_INFORMATION config = &standin.config;
    struct request *request;

    standin.extension = calloc(1, standin.init.DeviceExtensionSize);
    standin.dma = machine_pages_create(standin.init.DmaBufferSize, 0);
    if (!standin.extension || !standin.dma ||
        card_allow(standin.dma, standin.init.DmaBufferSize) != 0) {
        class_end_wait(job, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    memset(config, 0, sizeof(*config));
    config->SizeOfThisPacket = sizeof(*config);
    config->HwDeviceExtension = standin.extension;
    config->ClassDeviceObject = standin.device;
    config->PhysicalDeviceObject = standin.lower;
    config->RealPhysicalDeviceObject = standin.physical;
    config->AdapterInterfaceType = PCIBus;
    config->NumberOfAccessRanges = 1;
    config->AccessRanges = &standin.range;
    standin.range.RangeStart.QuadPart = (LONGLONG)(uintptr_t)standin.registers;
    standin.range.RangeLength = CARD_REGISTERS_BYTES;
    standin.range.RangeInMemory = TRUE;
    standin.queue.ready = 1;
    request = class_request(SRB_INITIALIZE_DEVICE, NULL, initialized);
    request->job = job;
    request->srb.CommandData.ConfigInfo = config;
    class_send(request);
}

/* ---- The end, and what comes before it unasked ---- */

static void uninitialized(struct request *request, NTSTATUS status)
{
    machine_log("uninitialise device: 0x%08x", (unsigned)status);
    standin.state = DEVICE_NONE;
    standin.timer.due_ns = 0;
    standin.callback.routine = NULL;
    card_forbid(standin.dma);
    machine_pages_destroy(standin.dma);
    free(standin.extension);
    free(standin.descriptor);
    standin.dma = standin.extension = NULL;
    standin.descriptor = NULL;
    class_end_wait(request->job, STATUS_SUCCESS);
}

static void stop(struct job *job)
{
    struct request *request;

    if (!standin.extension) {
        class_end_wait(job, STATUS_SUCCESS);
        return;
    }
    request = class_request(SRB_UNINITIALIZE_DEVICE, NULL, uninitialized);
    request->job = job;
    class_send(request);
}

static void removal_told(struct request *request, NTSTATUS status)
{
    (void)request;
    machine_log("surprise removal: 0x%08x", (unsigned)status);
}

/* As the bus driver sees it when nobody answers in the slot any more. */
void device_gone(void)
{
    standin.state = DEVICE_GONE;
    class_send(class_request(SRB_SURPRISE_REMOVAL, NULL, removal_told));
    show(0);
}

static void insert(struct job *job)
{
    class_end_wait(job, card_insert() == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL);
}

static NTSTATUS start_and_show(void)
{
    NTSTATUS status = class_wait(start, NULL, START_TIMEOUT_MS);

    if (status == STATUS_SUCCESS)
        show(1);
    return status;
}

/* As if the card were taken out and another put in. On the thread that brings requests, so no handle can
 * be opened meanwhile; those that are open keep the device from it. */
void device_restart(struct job *job)
{
    NTSTATUS status = STATUS_DEVICE_BUSY;

    if (!standin.stream) {
        show(0);
        (void)class_wait(stop, NULL, START_TIMEOUT_MS);
        (void)class_wait(insert, NULL, START_TIMEOUT_MS);
        status = start_and_show();
    }
    file_end(job, status, 0);
}

NTSTATUS device_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;

    if (device == standin.control)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (minor == IRP_MN_START_DEVICE) {
        irp->IoStatus.Status = start_and_show();
    } else if (minor == IRP_MN_REMOVE_DEVICE) {
        NTSTATUS status;

        show(0);
        (void)class_wait(stop, NULL, START_TIMEOUT_MS);
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(irp);
        status = IoCallDriver(standin.lower, irp);
        IoDetachDevice(standin.lower);
        IoDeleteDevice(standin.device);
        standin.device = NULL;
        return status;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(standin.lower, irp);
}
