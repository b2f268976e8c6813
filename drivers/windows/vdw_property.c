/* SPDX-License-Identifier: MIT */
/*
 * Properties: sizes are checked here once, so that what follows may read and write its structure. The
 * class driver has matched set and number with the tables; this does not rely on it.
 */
#include "vdw.h"

const GUID vdw_set_own = VDW_SET_GUID_INIT;
const GUID vdw_set_procamp = VDW_GUID(STATIC_PROPSETID_VIDCAP_VIDEOPROCAMP);
const GUID vdw_set_camera = VDW_GUID(STATIC_PROPSETID_VIDCAP_CAMERACONTROL);
const GUID vdw_set_video = VDW_GUID(STATIC_PROPSETID_VIDCAP_VIDEOCONTROL);
const GUID vdw_set_connection = VDW_GUID(STATIC_KSPROPSETID_Connection);
const GUID vdw_set_dropped = VDW_GUID(STATIC_PROPSETID_VIDCAP_DROPPEDFRAMES);

int vdw_guid_same(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

NTSTATUS vdw_property_room(struct vdw_property_call *call, uint32_t bytes)
{
    if (call->value_bytes >= bytes && call->value)
        return STATUS_SUCCESS;
    /* The way to ask how much there is. */
    if (call->value_bytes == 0 && !call->set) {
        call->used_bytes = bytes;
        return STATUS_BUFFER_OVERFLOW;
    }
    return STATUS_BUFFER_TOO_SMALL;
}

/* Gathers what a request says; 0 if it says too little to be one. */
static const KSPROPERTY *begin(struct vdw_property_call *call, PHW_STREAM_REQUEST_BLOCK srb,
                               uint32_t set)
{
    const STREAM_PROPERTY_DESCRIPTOR *info = srb->CommandData.PropertyInfo;

    memset(call, 0, sizeof(*call));
    srb->ActualBytesTransferred = 0;
    if (!info || !info->Property || info->PropertyInputSize < sizeof(KSPROPERTY))
        return NULL;
    call->srb = srb;
    call->set = set;
    call->id = info->Property->Id;
    call->property = info->Property;
    call->property_bytes = info->PropertyInputSize;
    call->value = info->PropertyInfo;
    call->value_bytes = info->PropertyOutputSize;
    return info->Property;
}

NTSTATUS vdw_property_device(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, uint32_t set)
{
    struct vdw_property_call call;
    const KSPROPERTY *property = begin(&call, srb, set);
    NTSTATUS status = STATUS_NOT_FOUND;

    if (!property)
        return STATUS_INVALID_PARAMETER;
    if (device->gone)
        return STATUS_DEVICE_REMOVED;
    if (device->asleep || device->leaving)
        return STATUS_DEVICE_NOT_READY;
    call.device = device;
    call.stream = device->stream;
    if (vdw_guid_same(&property->Set, &vdw_set_own))
        status = vdw_own_property(&call);
    else if (vdw_guid_same(&property->Set, &vdw_set_procamp))
        status = vdw_control_property(&call, 0);
    else if (vdw_guid_same(&property->Set, &vdw_set_camera))
        status = vdw_control_property(&call, 1);
    else if (vdw_guid_same(&property->Set, &vdw_set_video))
        status = vdw_control_video(&call);
    srb->ActualBytesTransferred = call.used_bytes;
    return status;
}

/* ---- Of the pin ---- */

const KSPROPERTY_ITEM vdw_stream_connection_items[1] = {
    {KSPROPERTY_CONNECTION_ALLOCATORFRAMING,
     {.GetSupported = TRUE},
     sizeof(KSPROPERTY),
     sizeof(KSALLOCATOR_FRAMING),
     {.SetSupported = FALSE},
     NULL, 0,
     NULL, NULL,
     0},
};

const KSPROPERTY_ITEM vdw_stream_dropped_items[1] = {
    {KSPROPERTY_DROPPEDFRAMES_CURRENT,
     {.GetSupported = TRUE},
     sizeof(KSPROPERTY_DROPPEDFRAMES_CURRENT_S),
     sizeof(KSPROPERTY_DROPPEDFRAMES_CURRENT_S),
     {.SetSupported = FALSE},
     NULL, 0,
     NULL, NULL,
     0},
};

static NTSTATUS get_framing(struct vdw_property_call *call)
{
    KSALLOCATOR_FRAMING framing;
    NTSTATUS status = vdw_property_room(call, sizeof(framing));

    if (status != STATUS_SUCCESS)
        return status;
    memset(&framing, 0, sizeof(framing));
    framing.RequirementsFlags =
        KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY | KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY;
    framing.PoolType = NonPagedPool;
    framing.Frames = 4;
    framing.FrameSize = call->stream->frame_bytes;
    framing.FileAlignment = 0; /* a mask: any byte will do */
    memcpy(call->value, &framing, sizeof(framing));
    call->used_bytes = sizeof(framing);
    return STATUS_SUCCESS;
}

static NTSTATUS get_dropped(struct vdw_property_call *call)
{
    KSPROPERTY_DROPPEDFRAMES_CURRENT_S out;
    NTSTATUS status = vdw_property_room(call, sizeof(out));
    const struct vdw_stream *stream = call->stream;

    if (status != STATUS_SUCCESS)
        return status;
    memcpy(&out, call->value, sizeof(out));
    out.PictureNumber = (LONGLONG)stream->pictures;
    out.DropCount = (LONGLONG)stream->dropped;
    out.AverageFrameSize = stream->counts.delivered ? stream->frame_bytes : 0;
    memcpy(call->value, &out, sizeof(out));
    call->used_bytes = sizeof(out);
    return STATUS_SUCCESS;
}

NTSTATUS vdw_property_stream(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb, uint32_t set)
{
    struct vdw_property_call call;
    const KSPROPERTY *property = begin(&call, srb, set);
    NTSTATUS status = STATUS_NOT_FOUND;

    if (!property)
        return STATUS_INVALID_PARAMETER;
    if (set)
        return STATUS_INVALID_DEVICE_REQUEST;
    call.device = stream->device;
    call.stream = stream;
    if (vdw_guid_same(&property->Set, &vdw_set_connection) &&
        call.id == KSPROPERTY_CONNECTION_ALLOCATORFRAMING)
        status = get_framing(&call);
    else if (vdw_guid_same(&property->Set, &vdw_set_dropped) &&
             call.id == KSPROPERTY_DROPPEDFRAMES_CURRENT)
        status = get_dropped(&call);
    srb->ActualBytesTransferred = call.used_bytes;
    return status;
}
