/* SPDX-License-Identifier: MIT */
/*
 * Picture formats between kernel streaming and the core. RGB goes by the code RGB3: the card writes R
 * first, and what Windows calls RGB24 has B first; to relabel it would show blue faces.
 */
#include "vdw.h"

#define SIDE_MAX 8192

static const GUID type_video = VDW_GUID(STATIC_KSDATAFORMAT_TYPE_VIDEO);
static const GUID specifier_video = VDW_GUID(STATIC_KSDATAFORMAT_SPECIFIER_VIDEOINFO);
static const GUID any = {
    0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}
};

/* What Windows calls the card's formats, in the order of MODE.FORMATS. */
static const struct {
    uint32_t card;
    uint32_t code; /* of the bitmap header, and first number of the subtype */
    uint16_t bits;
} codes[] = {
    {VDH_FOURCC_YUYV,  VDH_FOURCC('Y', 'U', 'Y', '2'), 16},
    {VDH_FOURCC_UYVY,  VDH_FOURCC('U', 'Y', 'V', 'Y'), 16},
    {VDH_FOURCC_NV12,  VDH_FOURCC('N', 'V', '1', '2'), 12},
    {VDH_FOURCC_RGB24, VDH_FOURCC('R', 'G', 'B', '3'), 24},
    {VDH_FOURCC_GREY,  VDH_FOURCC('Y', '8', '0', '0'), 8 },
};
#define CODES ((uint32_t)(sizeof(codes) / sizeof(codes[0])))

static void put_subtype(GUID *out, uint32_t code)
{
    static const GUID media = {
        0, 0, 0x0010, {0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71}
    };

    *out = media;
    out->Data1 = code;
}

static uint32_t find_code(const GUID *subtype)
{
    for (uint32_t i = 0; i < CODES; i++) {
        GUID one;

        put_subtype(&one, codes[i].code);
        if (vdw_guid_same(&one, subtype))
            return i;
    }
    return CODES;
}

LONGLONG vdw_format_interval_100ns(const struct vdh_interval *interval)
{
    if (interval->den == 0)
        return 0;
    return (LONGLONG)((uint64_t)interval->num * 10000000u / interval->den);
}

/* AvgTimePerFrame is a rounded number: the interval that rounds to it, or one of about that length. */
static void find_interval(struct vdh_interval *out, const struct vdw_device *device, LONGLONG time)
{
    struct vdh_interval one;

    out->num = 0;
    out->den = 0;
    if (time <= 0 || time > 0xffffffffll)
        return;
    for (uint32_t i = 0; i < device->core.tables.interval_count; i++) {
        LONGLONG off;

        if (vdh_tables_interval(&one, &device->core.tables, i) != VDH_OK)
            continue;
        off = vdw_format_interval_100ns(&one) - time;
        if (off >= -1 && off <= 1) {
            *out = one;
            return;
        }
    }
    out->num = (uint32_t)time;
    out->den = 10000000u;
}

static uint32_t magnitude(LONG value)
{
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

/* The core's format for a bitmap header; STATUS_NO_MATCH for what no picture can be. */
static NTSTATUS from_header(const struct vdw_device *device, struct vdh_format *format,
                            const KS_VIDEOINFOHEADER *video, uint32_t code)
{
    const KS_BITMAPINFOHEADER *bitmap = &video->bmiHeader;

    memset(format, 0, sizeof(*format));
    if (bitmap->biWidth <= 0 || bitmap->biWidth > SIDE_MAX || bitmap->biHeight == 0 ||
        magnitude(bitmap->biHeight) > SIDE_MAX || bitmap->biCompression != codes[code].code)
        return STATUS_NO_MATCH;
    format->fourcc = codes[code].card;
    format->width = (uint32_t)bitmap->biWidth;
    format->height = magnitude(bitmap->biHeight);
    find_interval(&format->interval, device, video->AvgTimePerFrame);
    return STATUS_SUCCESS;
}

static void add_own(struct vdh_format *format, const struct vdw_format *own)
{
    format->mode = own->mode ? own->mode - 1u : 0;
    format->stride_bytes = own->stride_bytes;
    format->left = own->left_px;
    format->top = own->top_px;
    if (own->interval_num && own->interval_den) {
        format->interval.num = own->interval_num;
        format->interval.den = own->interval_den;
    }
}

uint32_t vdw_format_bytes(uint32_t own)
{
    return (uint32_t)(sizeof(KS_DATAFORMAT_VIDEOINFOHEADER) +
                      (own ? sizeof(struct vdw_format) : 0u));
}

NTSTATUS vdw_format_parse(const struct vdw_device *device, const KSDATAFORMAT *data,
                          struct vdh_format *format, uint32_t *own)
{
    struct vdw_format extra;
    uint32_t changed = 0;
    uint32_t code;
    NTSTATUS status;

    if (!data || data->FormatSize < sizeof(KS_DATAFORMAT_VIDEOINFOHEADER))
        return STATUS_INVALID_PARAMETER;
    code = find_code(&data->SubFormat);
    *own = (uint32_t)vdw_guid_same(&data->Specifier, &vdw_set_own);
    if (!vdw_guid_same(&data->MajorFormat, &type_video) || code == CODES ||
        (!*own && !vdw_guid_same(&data->Specifier, &specifier_video)))
        return STATUS_NO_MATCH;
    if (data->FormatSize < vdw_format_bytes(*own))
        return STATUS_INVALID_PARAMETER;
    status = from_header(
        device, format,
        &((const KS_DATAFORMAT_VIDEOINFOHEADER *)(const void *)data)->VideoInfoHeader, code);
    if (status != STATUS_SUCCESS)
        return status;
    if (*own) {
        memcpy(&extra, (const uint8_t *)data + sizeof(KS_DATAFORMAT_VIDEOINFOHEADER),
               sizeof(extra));
        if (extra.size < sizeof(extra))
            return STATUS_INVALID_PARAMETER;
        add_own(format, &extra);
    }
    if (vdh_format_adjust(&device->core, format, &changed) != VDH_OK)
        return STATUS_NO_MATCH;
    /* Plain applications ask for any rate within the range; they get the nearest. */
    if (!*own)
        changed &= ~(uint32_t)VDH_CHANGED_INTERVAL;
    return changed ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

void vdw_format_header(KS_VIDEOINFOHEADER *out, const struct vdh_format *format)
{
    KS_BITMAPINFOHEADER *bitmap = &out->bmiHeader;
    uint32_t bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);
    int code = vdh_format_index(format->fourcc);
    LONGLONG time = vdw_format_interval_100ns(&format->interval);

    memset(out, 0, sizeof(*out));
    out->rcSource.right = (LONG)format->width;
    out->rcSource.bottom = (LONG)format->height;
    out->rcTarget = out->rcSource;
    out->AvgTimePerFrame = time;
    if (time > 0) {
        uint64_t rate = (uint64_t)bytes * 8u * 10000000u / (uint64_t)time;

        out->dwBitRate = rate > 0xffffffffu ? 0xffffffffu : (DWORD)rate;
    }
    bitmap->biSize = sizeof(*bitmap);
    bitmap->biWidth = (LONG)format->width;
    bitmap->biHeight = (LONG)format->height;
    bitmap->biPlanes = 1;
    bitmap->biBitCount = code < 0 ? 0 : codes[code].bits;
    bitmap->biCompression = code < 0 ? 0 : codes[code].code;
    bitmap->biSizeImage = bytes;
}

void vdw_format_data(KSDATAFORMAT *out, const struct vdh_format *format, uint32_t own,
                     uint32_t size)
{
    int code = vdh_format_index(format->fourcc);

    memset(out, 0, sizeof(*out));
    out->FormatSize = size;
    out->SampleSize = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);
    out->MajorFormat = type_video;
    put_subtype(&out->SubFormat, code < 0 ? 0 : codes[code].code);
    out->Specifier = own ? vdw_set_own : specifier_video;
}

void vdw_format_write(const struct vdw_device *device, void *out, const struct vdh_format *format,
                      uint32_t own)
{
    KS_DATAFORMAT_VIDEOINFOHEADER data;
    struct vdw_format extra;

    (void)device;
    memset(&data, 0, sizeof(data));
    vdw_format_data(&data.DataFormat, format, own, vdw_format_bytes(own));
    vdw_format_header(&data.VideoInfoHeader, format);
    memcpy(out, &data, sizeof(data));
    if (!own)
        return;
    memset(&extra, 0, sizeof(extra));
    extra.size = sizeof(extra);
    extra.mode = format->mode + 1u;
    extra.stride_bytes = format->stride_bytes;
    extra.left_px = format->left;
    extra.top_px = format->top;
    extra.interval_num = format->interval.num;
    extra.interval_den = format->interval.den;
    memcpy((uint8_t *)out + sizeof(data), &extra, sizeof(extra));
}

/* ---- Intersection ---- */

/* The best format within a range. A bare range has no picture in it: any will do. */
static NTSTATUS within(const struct vdw_device *device, const KSDATARANGE *range,
                       struct vdh_format *format, uint32_t *own)
{
    uint32_t code = find_code(&range->SubFormat);
    int wild = vdw_guid_same(&range->Specifier, &any);
    uint32_t changed = 0;

    if (range->FormatSize < sizeof(KSDATARANGE))
        return STATUS_INVALID_PARAMETER;
    *own = (uint32_t)vdw_guid_same(&range->Specifier, &vdw_set_own);
    if ((!vdw_guid_same(&range->MajorFormat, &type_video) &&
         !vdw_guid_same(&range->MajorFormat, &any)) ||
        (code == CODES && !vdw_guid_same(&range->SubFormat, &any)) ||
        (!wild && !*own && !vdw_guid_same(&range->Specifier, &specifier_video)))
        return STATUS_NO_MATCH;
    memset(format, 0, sizeof(*format));
    if (!wild && code != CODES && range->FormatSize >= sizeof(KS_DATARANGE_VIDEO)) {
        NTSTATUS status =
            from_header(device, format,
                        &((const KS_DATARANGE_VIDEO *)(const void *)range)->VideoInfoHeader, code);

        if (status != STATUS_SUCCESS)
            return status;
    } else if (code != CODES) {
        format->fourcc = codes[code].card;
    }
    if (vdh_format_adjust(&device->core, format, &changed) != VDH_OK)
        return STATUS_NO_MATCH;
    return changed & (uint32_t)VDH_CHANGED_FOURCC ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

NTSTATUS vdw_format_intersect(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    const STREAM_DATA_INTERSECT_INFO *info = srb->CommandData.IntersectInfo;
    struct vdh_format format;
    uint32_t own = 0;
    NTSTATUS status;
    ULONG bytes;

    srb->ActualBytesTransferred = 0;
    if (!info || info->StreamNumber >= VDW_STREAMS || !info->DataRange)
        return STATUS_INVALID_PARAMETER;
    status = within(device, info->DataRange, &format, &own);
    if (status != STATUS_SUCCESS)
        return status;
    bytes = vdw_format_bytes(own);
    if (info->SizeOfDataFormatBuffer == 0 || !info->DataFormatBuffer) {
        srb->ActualBytesTransferred = bytes;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (info->SizeOfDataFormatBuffer == sizeof(ULONG)) {
        memcpy(info->DataFormatBuffer, &bytes, sizeof(bytes));
        srb->ActualBytesTransferred = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (info->SizeOfDataFormatBuffer < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    vdw_format_write(device, info->DataFormatBuffer, &format, own);
    srb->ActualBytesTransferred = bytes;
    return STATUS_SUCCESS;
}
