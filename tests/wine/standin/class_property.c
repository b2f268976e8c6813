/* SPDX-License-Identifier: MIT */
/*
 * IOCTL_KS_PROPERTY: what the class driver answers by itself from the stream descriptor (pins), what
 * it turns into requests (states, formats, intersections), and the minidriver's own sets.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"

static const GUID set_pin = VDW_GUID(STATIC_KSPROPSETID_Pin);
static const GUID set_connection = VDW_GUID(STATIC_KSPROPSETID_Connection);

struct call {
    struct job *job;
    KSPROPERTY *property;
    ULONG input;
    uint8_t *value;
    ULONG room;
};

static int same(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void answer(const struct call *call, const void *value, ULONG bytes)
{
    if (call->room == 0) {
        file_end(call->job, STATUS_BUFFER_OVERFLOW, bytes);
    } else if (call->room < bytes) {
        file_end(call->job, STATUS_BUFFER_TOO_SMALL, 0);
    } else {
        memcpy(call->value, value, bytes);
        file_end(call->job, STATUS_SUCCESS, bytes);
    }
}

/* ---- Pins ---- */

static void data_ranges(const struct call *call)
{
    const HW_STREAM_INFORMATION *pin = &standin.descriptor->StreamInfo;
    ULONG bytes = sizeof(KSMULTIPLE_ITEM);
    PKSMULTIPLE_ITEM all;
    uint8_t *at;

    for (ULONG i = 0; i < pin->NumberOfFormatArrayEntries; i++)
        bytes += (pin->StreamFormatsArray[i]->FormatSize + 7u) & ~7u;
    all = calloc(1, bytes);
    all->Size = bytes;
    all->Count = pin->NumberOfFormatArrayEntries;
    at = (uint8_t *)(all + 1);
    for (ULONG i = 0; i < pin->NumberOfFormatArrayEntries; i++) {
        memcpy(at, pin->StreamFormatsArray[i], pin->StreamFormatsArray[i]->FormatSize);
        at += (pin->StreamFormatsArray[i]->FormatSize + 7u) & ~7u;
    }
    answer(call, all, bytes);
    free(all);
}

/* One range after the other, until one fits. */
struct intersection {
    STREAM_DATA_INTERSECT_INFO info;
    struct call call;
    PKSDATARANGE range;
    ULONG left; /* ranges, this one included */
    ULONG room; /* bytes from this one on */
    ULONG size;
};

static void intersect(struct intersection *at);

static void intersected(struct request *request, NTSTATUS status)
{
    struct intersection *at = request->parts;
    ULONG step = (at->range->FormatSize + 7u) & ~7u;
    ULONG bytes = request->srb.ActualBytesTransferred;

    if (status == STATUS_NO_MATCH && at->left > 1 && step < at->room) {
        at->left--;
        at->room -= step;
        at->range = (PKSDATARANGE)(void *)((uint8_t *)at->range + step);
        intersect(at);
        return;
    }
    if (status == STATUS_SUCCESS && at->call.room == 0)
        file_end(at->call.job, STATUS_BUFFER_OVERFLOW, at->size);
    else
        file_end(at->call.job, status, status == STATUS_SUCCESS ? bytes : 0);
    free(at);
}

static void intersect(struct intersection *at)
{
    struct request *request;

    if (at->room < sizeof(KSDATARANGE) || at->range->FormatSize < sizeof(KSDATARANGE) ||
        at->range->FormatSize > at->room) {
        file_end(at->call.job, STATUS_INVALID_PARAMETER, 0);
        free(at);
        return;
    }
    at->info.DataRange = at->range;
    at->info.DataFormatBuffer = at->call.room ? (PVOID)at->call.value : &at->size;
    at->info.SizeOfDataFormatBuffer = at->call.room ? at->call.room : sizeof(ULONG);
    request = class_request(SRB_GET_DATA_INTERSECTION, NULL, intersected);
    request->parts = at;
    request->srb.CommandData.IntersectInfo = &at->info;
    class_send(request);
}

static void data_intersection(const struct call *call)
{
    struct intersection *at;
    PKSMULTIPLE_ITEM all = (PKSMULTIPLE_ITEM)(void *)((KSP_PIN *)(void *)call->property + 1);

    if (call->input < sizeof(KSP_PIN) + sizeof(*all) || all->Count == 0) {
        file_end(call->job, STATUS_INVALID_BUFFER_SIZE, 0);
        return;
    }
    at = calloc(1, sizeof(*at));
    at->call = *call;
    at->left = all->Count;
    at->room = call->input - (ULONG)(sizeof(KSP_PIN) + sizeof(*all));
    at->range = (PKSDATARANGE)(void *)(all + 1);
    intersect(at);
}

static void pin_property(const struct call *call)
{
    const HW_STREAM_INFORMATION *pin = &standin.descriptor->StreamInfo;
    KSPIN_COMMUNICATION communication = KSPIN_COMMUNICATION_SINK;
    KSPIN_CINSTANCES instances = {pin->NumberOfPossibleInstances, standin.stream != NULL};
    ULONG streams = standin.descriptor->StreamHeader.NumberOfStreams;

    if (!(call->property->Flags & KSPROPERTY_TYPE_GET)) {
        file_end(call->job, STATUS_NOT_SUPPORTED, 0);
        return;
    }
    if (call->property->Id != KSPROPERTY_PIN_CTYPES &&
        (call->input < sizeof(KSP_PIN) || ((KSP_PIN *)(void *)call->property)->PinId >= streams)) {
        file_end(call->job, STATUS_INVALID_PARAMETER, 0);
        return;
    }
    switch (call->property->Id) {
    case KSPROPERTY_PIN_CTYPES:
        answer(call, &streams, sizeof(streams));
        break;
    case KSPROPERTY_PIN_CINSTANCES:
        answer(call, &instances, sizeof(instances));
        break;
    case KSPROPERTY_PIN_DATAFLOW:
        answer(call, &pin->DataFlow, sizeof(pin->DataFlow));
        break;
    case KSPROPERTY_PIN_COMMUNICATION:
        answer(call, &communication, sizeof(communication));
        break;
    case KSPROPERTY_PIN_CATEGORY:
        answer(call, pin->Category, sizeof(GUID));
        break;
    case KSPROPERTY_PIN_DATARANGES:
        data_ranges(call);
        break;
    case KSPROPERTY_PIN_DATAINTERSECTION:
        data_intersection(call);
        break;
    default:
        file_end(call->job, STATUS_NOT_FOUND, 0);
    }
}

/* ---- Connection ---- */

static void control_done(struct request *request, NTSTATUS status)
{
    struct job *job = request->job;
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    struct call call = {job, NULL, 0, job->irp->UserBuffer,
                        at->Parameters.DeviceIoControl.OutputBufferLength};

    if (status == STATUS_SUCCESS && request->srb.Command == SRB_GET_STREAM_STATE)
        answer(&call, &request->srb.CommandData.StreamState, sizeof(KSSTATE));
    else if (status == STATUS_SUCCESS && request->srb.Command == SRB_GET_DATA_FORMAT)
        answer(&call, request->srb.CommandData.OpenFormat,
               request->srb.CommandData.OpenFormat->FormatSize);
    else
        file_end(job, status, 0);
}

static void control(const struct call *call, SRB_COMMAND command)
{
    struct request *request = class_request(command, call->job->file->stream, control_done);

    request->job = call->job;
    if (command == SRB_SET_STREAM_STATE)
        memcpy(&request->srb.CommandData.StreamState, call->value, sizeof(KSSTATE));
    else
        request->srb.CommandData.OpenFormat = (PKSDATAFORMAT)(void *)call->value;
    class_send(request);
}

/* 1 if it was one of the class driver's own. */
static int connection_property(const struct call *call)
{
    int set = call->property->Flags & KSPROPERTY_TYPE_SET;

    if (call->property->Id == KSPROPERTY_CONNECTION_STATE) {
        if (set && call->room < sizeof(KSSTATE))
            file_end(call->job, STATUS_BUFFER_TOO_SMALL, 0);
        else
            control(call, set ? SRB_SET_STREAM_STATE : SRB_GET_STREAM_STATE);
        return 1;
    }
    if (call->property->Id == KSPROPERTY_CONNECTION_DATAFORMAT) {
        if (set && (call->room < sizeof(KSDATAFORMAT) ||
                    ((PKSDATAFORMAT)(void *)call->value)->FormatSize > call->room))
            file_end(call->job, STATUS_BUFFER_TOO_SMALL, 0);
        else
            control(call, set ? SRB_SET_DATA_FORMAT : SRB_GET_DATA_FORMAT);
        return 1;
    }
    return 0;
}

/* ---- The minidriver's sets ---- */

static void basic_support(const struct call *call, const KSPROPERTY_ITEM *item)
{
    ULONG access = (item->GetSupported ? KSPROPERTY_TYPE_GET : 0) |
                   (item->SetSupported ? KSPROPERTY_TYPE_SET : 0);
    const KSPROPERTY_VALUES *values = item->Values;
    uint8_t text[512];
    KSPROPERTY_DESCRIPTION description;
    ULONG bytes = sizeof(description);

    if (call->room == sizeof(ULONG)) {
        answer(call, &access, sizeof(access));
        return;
    }
    memset(&description, 0, sizeof(description));
    description.AccessFlags = access;
    if (values) {
        description.PropTypeSet = values->PropTypeSet;
        description.MembersListCount = values->MembersListCount;
        for (ULONG i = 0; i < values->MembersListCount; i++) {
            const KSPROPERTY_MEMBERSLIST *list = &values->MembersList[i];
            ULONG size = list->MembersHeader.MembersSize *
                         (list->MembersHeader.Flags & KSPROPERTY_MEMBER_FLAG_DEFAULT
                              ? 1
                              : list->MembersHeader.MembersCount);

            if (bytes + sizeof(list->MembersHeader) + size > sizeof(text))
                break;
            memcpy(text + bytes, &list->MembersHeader, sizeof(list->MembersHeader));
            bytes += sizeof(list->MembersHeader);
            memcpy(text + bytes, list->Members, size);
            bytes += size;
        }
    }
    description.DescriptionSize = bytes;
    memcpy(text, &description, sizeof(description));
    if (call->room >= sizeof(description) && call->room < bytes)
        bytes = sizeof(description);
    answer(call, text, bytes);
}

static void property_done(struct request *request, NTSTATUS status)
{
    PSTREAM_PROPERTY_DESCRIPTOR info = request->parts;
    int set = request->srb.Command == SRB_SET_DEVICE_PROPERTY ||
              request->srb.Command == SRB_SET_STREAM_PROPERTY;

    file_end(request->job, status,
             !set && (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW)
                 ? request->srb.ActualBytesTransferred
                 : 0);
    free(info);
}

static void pass_on(const struct call *call, ULONG index, const KSPROPERTY_ITEM *item)
{
    int set = call->property->Flags & KSPROPERTY_TYPE_SET;
    struct stream *stream = call->job->file->stream;
    PSTREAM_PROPERTY_DESCRIPTOR info;
    struct request *request;

    if (call->property->Flags & KSPROPERTY_TYPE_BASICSUPPORT) {
        basic_support(call, item);
        return;
    }
    if (set ? !item->SetSupported : !item->GetSupported) {
        file_end(call->job, STATUS_NOT_FOUND, 0);
        return;
    }
    if (call->input < item->MinProperty) {
        file_end(call->job, STATUS_INVALID_BUFFER_SIZE, 0);
        return;
    }
    if (call->room < item->MinData) {
        file_end(call->job, call->room ? STATUS_BUFFER_TOO_SMALL : STATUS_BUFFER_OVERFLOW,
                 call->room ? 0 : item->MinData);
        return;
    }
    info = calloc(1, sizeof(*info));
    info->Property = call->property;
    info->PropertySetID = index;
    info->PropertyInfo = call->value;
    info->PropertyInputSize = call->input;
    info->PropertyOutputSize = call->room;
    request = stream ? class_request(set ? SRB_SET_STREAM_PROPERTY : SRB_GET_STREAM_PROPERTY,
                                     stream, property_done)
                     : class_request(set ? SRB_SET_DEVICE_PROPERTY : SRB_GET_DEVICE_PROPERTY, NULL,
                                     property_done);
    request->parts = info;
    request->job = call->job;
    request->srb.CommandData.PropertyInfo = info;
    class_send(request);
}

void property_begin(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    struct call call = {job, at->Parameters.DeviceIoControl.Type3InputBuffer,
                        at->Parameters.DeviceIoControl.InputBufferLength, job->irp->UserBuffer,
                        at->Parameters.DeviceIoControl.OutputBufferLength};
    const KSPROPERTY_SET *sets;
    ULONG count;

    if (call.input < sizeof(KSPROPERTY) || !call.property) {
        file_end(job, STATUS_INVALID_BUFFER_SIZE, 0);
        return;
    }
    if (standin.state != DEVICE_RUNS || !standin.descriptor) {
        /* A pin still goes back to its states of rest. */
        if (!job->file->stream || !same(&call.property->Set, &set_connection) ||
            !connection_property(&call))
            file_end(job, STATUS_DEVICE_REMOVED, 0);
        return;
    }
    if (!job->file->stream && same(&call.property->Set, &set_pin)) {
        pin_property(&call);
        return;
    }
    if (job->file->stream && same(&call.property->Set, &set_connection) &&
        connection_property(&call))
        return;
    sets = job->file->stream ? standin.descriptor->StreamInfo.StreamPropertiesArray
                             : standin.descriptor->StreamHeader.DevicePropertiesArray;
    count = job->file->stream ? standin.descriptor->StreamInfo.NumStreamPropArrayEntries
                              : standin.descriptor->StreamHeader.NumDevPropArrayEntries;
    for (ULONG i = 0; i < count; i++) {
        for (ULONG k = 0; same(sets[i].Set, &call.property->Set) && k < sets[i].PropertiesCount;
             k++) {
            if (sets[i].PropertyItem[k].PropertyId == call.property->Id) {
                pass_on(&call, i, &sets[i].PropertyItem[k]);
                return;
            }
        }
    }
    file_end(job, STATUS_NOT_FOUND, 0);
}
