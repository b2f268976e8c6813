/* SPDX-License-Identifier: MIT */
/*
 * What the device says of itself: one pin, its data ranges, property and event sets. Ranges and
 * control ranges are made from the running firmware's tables, so other firmware means other answers.
 */
#include "vdw.h"

static const GUID categories[] = {VDW_GUID(STATIC_KSCATEGORY_VIDEO),
                                  VDW_GUID(STATIC_KSCATEGORY_CAPTURE)};
static const GUID nodes[] = {VDW_GUID(STATIC_KSNODETYPE_VIDEO_STREAMING)};
static const KSTOPOLOGY_CONNECTION connections[] = {
    {0, KSNODEPIN_STANDARD_OUT, KSFILTER_NODE, 0},
};
static const KSTOPOLOGY topology = {
    sizeof(categories) / sizeof(categories[0]),
    categories,
    sizeof(nodes) / sizeof(nodes[0]),
    nodes,
    sizeof(connections) / sizeof(connections[0]),
    connections,
    NULL,
    0,
};
static const GUID pin_name = VDW_GUID(STATIC_PINNAME_VIDEO_CAPTURE);

static const KSPROPERTY_SET stream_sets[] = {
    {&vdw_set_connection, 1, vdw_stream_connection_items, 0, NULL},
    {&vdw_set_dropped,    1, vdw_stream_dropped_items,    0, NULL},
};

/* ---- Data ranges ---- */

static void put_range(struct vdw_device *device, const struct vdh_mode_info *mode,
                      const struct vdh_format *format, uint32_t own)
{
    KS_DATARANGE_VIDEO *out = &device->ranges[device->range_count];
    KS_VIDEO_STREAM_CONFIG_CAPS *caps = &out->ConfigCaps;

    memset(out, 0, sizeof(*out));
    vdw_format_data(&out->DataRange, format, own, sizeof(*out));
    vdw_format_header(&out->VideoInfoHeader, format);
    out->bFixedSizeSamples = TRUE;
    out->StreamDescriptionFlags = 0;
    caps->guid = out->DataRange.Specifier;
    caps->InputSize.cx = mode->width;
    caps->InputSize.cy = mode->height;
    caps->MinCroppingSize.cx = mode->width_min;
    caps->MinCroppingSize.cy = mode->height_min;
    caps->MaxCroppingSize = caps->InputSize;
    caps->CropGranularityX = mode->width_step;
    caps->CropGranularityY = mode->height_step;
    caps->CropAlignX = mode->width_step;
    caps->CropAlignY = mode->height_step;
    caps->MinOutputSize = caps->MinCroppingSize;
    caps->MaxOutputSize = caps->InputSize;
    caps->OutputGranularityX = mode->width_step;
    caps->OutputGranularityY = mode->height_step;
    caps->MinFrameInterval = MAXLONGLONG;
    for (uint32_t i = 0; i < mode->interval_count; i++) {
        struct vdh_interval one;
        LONGLONG time;

        if (vdh_tables_interval(&one, &device->info_tables, mode->interval_first + i) != VDH_OK)
            continue;
        time = vdw_format_interval_100ns(&one);
        if (time < caps->MinFrameInterval)
            caps->MinFrameInterval = time;
        if (time > caps->MaxFrameInterval)
            caps->MaxFrameInterval = time;
    }
    caps->MinBitsPerSecond = 1;
    caps->MaxBitsPerSecond = MAXLONG;
    device->range_list[device->range_count++] = &out->DataRange;
}

static void put_mode(struct vdw_device *device, uint32_t index, const struct vdh_mode_info *mode)
{
    for (uint32_t bit = 0; vdh_format_fourcc(bit) != 0; bit++) {
        struct vdh_format format;

        if (!(mode->formats >> bit & 1u) || device->range_count + 2u > VDW_RANGES_MAX)
            continue;
        memset(&format, 0, sizeof(format));
        format.fourcc = vdh_format_fourcc(bit);
        format.mode = index;
        format.width = mode->width;
        format.height = mode->height;
        format.stride_bytes = vdh_format_line_bytes(format.fourcc, format.width);
        if (vdh_tables_interval(&format.interval, &device->info_tables, mode->interval_first) !=
            VDH_OK)
            continue;
        put_range(device, mode, &format, 0);
        put_range(device, mode, &format, 1);
    }
}

/* ---- Sets ---- */

static void put_set(struct vdw_device *device, const GUID *guid, const KSPROPERTY_ITEM *items,
                    uint32_t count)
{
    KSPROPERTY_SET *out = &device->property_sets[device->property_set_count];

    if (count == 0)
        return;
    memset(out, 0, sizeof(*out));
    out->Set = guid;
    out->PropertiesCount = count;
    out->PropertyItem = items;
    device->property_set_count++;
}

/* From a copy of the view of the tables, since a boot may begin meanwhile: then this reads numbers that
 * mean nothing, within bounds, and is run again at that boot's end. */
VDW_PASSIVE void vdw_info_build(struct vdw_device *device)
{
    const struct vdh_tables *tables = &device->info_tables;

    device->range_count = 0;
    for (uint32_t i = 0; i < tables->mode_count; i++) {
        struct vdh_mode_info mode;

        if (vdh_tables_mode(&mode, tables, i) == VDH_OK && device->info_input < 16u &&
            (mode.inputs >> device->info_input & 1u))
            put_mode(device, i, &mode);
    }
    vdw_control_build(device);
    device->property_set_count = 0;
    put_set(device, &vdw_set_own, vdw_own_items, VDW_PROPERTY_COUNT);
    put_set(device, &vdw_set_video, vdw_video_items, 3);
    put_set(device, &vdw_set_procamp, device->procamp_items, device->procamp_count);
    put_set(device, &vdw_set_camera, device->camera_items,
            device->ks_control_count - device->procamp_count);
}

void vdw_info_changed(struct vdw_device *device)
{
    uint32_t version = device->ready ? device->core.running_version : 0;

    if (device->building) {
        device->rebuild = 1;
        return;
    }
    device->rebuild = 0;
    if (device->property_set_count && version == device->info_version &&
        device->core.input == device->info_input)
        return;
    device->building = 1;
    device->info_version = version;
    device->info_input = device->core.input;
    device->info_tables = device->core.tables;
    vdw_work_request(device, VDW_WORK_BUILD);
}

void vdw_info_built(struct vdw_device *device)
{
    device->building = 0;
    if (device->info_shown && !device->gone)
        StreamClassReenumerateStreams(device, VDW_DESCRIPTOR_BYTES);
    if (device->rebuild)
        vdw_info_changed(device);
}

/* ---- The request ---- */

NTSTATUS vdw_info_fill(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    PHW_STREAM_DESCRIPTOR out = srb->CommandData.StreamBuffer;
    PHW_STREAM_HEADER header;
    PHW_STREAM_INFORMATION pin;

    if (!out || srb->NumberOfBytesToTransfer < VDW_DESCRIPTOR_BYTES)
        return STATUS_BUFFER_TOO_SMALL;
    memset(out, 0, VDW_DESCRIPTOR_BYTES);
    header = &out->StreamHeader;
    header->NumberOfStreams = VDW_STREAMS;
    header->SizeOfHwStreamInformation = sizeof(HW_STREAM_INFORMATION);
    header->NumDevPropArrayEntries = device->property_set_count;
    header->DevicePropertiesArray = device->property_sets;
    header->NumDevEventArrayEntries = 1;
    header->DeviceEventsArray = (PKSEVENT_SET)(ULONG_PTR)vdw_event_sets;
    header->DeviceEventRoutine = vdw_event_routine;
    header->Topology = (PKSTOPOLOGY)(ULONG_PTR)&topology;

    pin = &out->StreamInfo;
    pin->NumberOfPossibleInstances = 1;
    pin->DataFlow = KSPIN_DATAFLOW_OUT;
    pin->DataAccessible = TRUE;
    pin->NumberOfFormatArrayEntries = device->range_count;
    pin->StreamFormatsArray = device->range_list;
    pin->NumStreamPropArrayEntries = sizeof(stream_sets) / sizeof(stream_sets[0]);
    pin->StreamPropertiesArray = (PKSPROPERTY_SET)(ULONG_PTR)stream_sets;
    pin->Category = (GUID *)(ULONG_PTR)&pin_name;
    pin->Name = (GUID *)(ULONG_PTR)&pin_name;
    pin->BridgeStream = FALSE;
    device->info_shown = 1;
    srb->ActualBytesTransferred = VDW_DESCRIPTOR_BYTES;
    return STATUS_SUCCESS;
}
