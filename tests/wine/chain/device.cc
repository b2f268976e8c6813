/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <setupapi.h>

#include <cstddef>
#include <cstring>

#include "pattern.h"

const GUID kOwnSet = VDW_SET_GUID_INIT;

namespace {

constexpr uint32_t Code(char a, char b, char c, char d)
{
    return static_cast<uint32_t>(a) | static_cast<uint32_t>(b) << 8 |
           static_cast<uint32_t>(c) << 16 | static_cast<uint32_t>(d) << 24;
}

} // namespace

std::vector<std::string> Interfaces(const GUID &category)
{
    std::vector<std::string> out;
    HDEVINFO set =
        SetupDiGetClassDevsA(&category, nullptr, nullptr, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    SP_DEVICE_INTERFACE_DATA item = {};
    item.cbSize = sizeof(item);
    for (DWORD i = 0; SetupDiEnumDeviceInterfaces(set, nullptr, &category, i, &item); i++) {
        alignas(8) char room[1024];
        auto *detail = reinterpret_cast<SP_DEVICE_INTERFACE_DETAIL_DATA_A *>(room);
        detail->cbSize = sizeof(*detail);
        if (SetupDiGetDeviceInterfaceDetailA(set, &item, detail, sizeof(room), nullptr, nullptr))
            out.emplace_back(detail->DevicePath);
    }
    SetupDiDestroyDeviceInfoList(set);
    return out;
}

bool Standin(DWORD code, const std::string &in, void *out, DWORD bytes)
{
    Handle standin;
    std::string copy = in;
    return standin.Open("\\\\.\\VidiconStandin") == ERROR_SUCCESS &&
           standin.Control(code, copy.empty() ? nullptr : &copy[0], static_cast<DWORD>(copy.size()),
                           out, bytes) == ERROR_SUCCESS;
}

/* ---- Handles ---- */

Handle::~Handle()
{
    Close();
}

void Handle::Close()
{
    if (handle != INVALID_HANDLE_VALUE)
        CloseHandle(handle);
    handle = INVALID_HANDLE_VALUE;
}

DWORD Handle::Open(const std::string &link)
{
    handle = CreateFileA(link.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                         FILE_FLAG_OVERLAPPED, nullptr);
    return handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

DWORD Handle::Control(DWORD code, void *in, DWORD in_bytes, void *out, DWORD out_bytes, DWORD *done)
{
    OVERLAPPED wait = {};
    DWORD bytes = 0, result = ERROR_SUCCESS;
    wait.hEvent = CreateEventA(nullptr, TRUE, FALSE, nullptr);
    if (!DeviceIoControl(handle, code, in, in_bytes, out, out_bytes, &bytes, &wait) &&
        GetLastError() != ERROR_IO_PENDING)
        result = GetLastError();
    else if (!GetOverlappedResult(handle, &wait, &bytes, TRUE))
        result = GetLastError();
    if (done)
        *done = result == ERROR_SUCCESS ? bytes : static_cast<DWORD>(wait.InternalHigh);
    CloseHandle(wait.hEvent);
    return result;
}

DWORD Handle::Property(const GUID &set, ULONG id, ULONG flags, void *value, DWORD bytes,
                       DWORD *done, const void *more, DWORD more_bytes)
{
    std::vector<uint8_t> request(sizeof(KSPROPERTY) + more_bytes);
    KSPROPERTY property = {};
    property.Set = set;
    property.Id = id;
    property.Flags = flags;
    std::memcpy(request.data(), &property, sizeof(property));
    if (more)
        std::memcpy(request.data() + sizeof(property), more, more_bytes);
    return Control(IOCTL_KS_PROPERTY, request.data(), static_cast<DWORD>(request.size()), value,
                   bytes, done);
}

/* ---- The filter ---- */

const KS_VIDEOINFOHEADER *Format::Video() const
{
    return reinterpret_cast<const KS_VIDEOINFOHEADER *>(bytes.data() + sizeof(KSDATAFORMAT));
}

uint32_t Format::Fourcc() const
{
    uint32_t code = Video()->bmiHeader.biCompression;
    return code == Code('Y', 'U', 'Y', '2')   ? Code('Y', 'U', 'Y', 'V')
           : code == Code('Y', '8', '0', '0') ? Code('G', 'R', 'E', 'Y')
                                              : code;
}

bool Format::Own() const
{
    return IsEqualGUID(reinterpret_cast<const KSDATAFORMAT *>(bytes.data())->Specifier, kOwnSet);
}

void Filter::OpenFirst()
{
    std::vector<std::string> links = Interfaces(KSCATEGORY_CAPTURE);
    ASSERT_EQ(links.size(), 1u);
    ASSERT_EQ(Open(links[0]), static_cast<DWORD>(ERROR_SUCCESS));
}

std::vector<std::vector<uint8_t>> Filter::Ranges()
{
    std::vector<std::vector<uint8_t>> out;
    ULONG pin[2] = {0, 0};
    DWORD bytes = 0;
    DWORD result = Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, KSPROPERTY_TYPE_GET,
                            nullptr, 0, &bytes, pin, sizeof(pin));
    EXPECT_EQ(result, static_cast<DWORD>(ERROR_MORE_DATA));
    std::vector<uint8_t> all(bytes);
    result = Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, KSPROPERTY_TYPE_GET, all.data(),
                      bytes, nullptr, pin, sizeof(pin));
    EXPECT_EQ(result, static_cast<DWORD>(ERROR_SUCCESS));
    if (result != ERROR_SUCCESS)
        return out;
    size_t at = sizeof(KSMULTIPLE_ITEM);
    for (ULONG i = 0; i < reinterpret_cast<KSMULTIPLE_ITEM *>(all.data())->Count; i++) {
        size_t size = reinterpret_cast<KSDATARANGE *>(all.data() + at)->FormatSize;
        out.emplace_back(all.data() + at, all.data() + at + size);
        at += (size + 7) & ~size_t{7};
    }
    return out;
}

DWORD Filter::Intersect(Format *out, const std::vector<uint8_t> &range)
{
    std::vector<uint8_t> more(8 + sizeof(KSMULTIPLE_ITEM) + range.size());
    KSMULTIPLE_ITEM all = {static_cast<ULONG>(sizeof(all) + range.size()), 1};
    std::memcpy(more.data() + 8, &all, sizeof(all));
    std::memcpy(more.data() + 8 + sizeof(all), range.data(), range.size());
    DWORD bytes = 0;
    DWORD result = Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, KSPROPERTY_TYPE_GET,
                            nullptr, 0, &bytes, more.data(), static_cast<DWORD>(more.size()));
    if (result != ERROR_MORE_DATA)
        return result ? result : static_cast<DWORD>(ERROR_INVALID_DATA);
    out->bytes.assign(bytes, 0);
    return Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, KSPROPERTY_TYPE_GET,
                    out->bytes.data(), bytes, nullptr, more.data(),
                    static_cast<DWORD>(more.size()));
}

bool Filter::Find(Format *out, uint32_t fourcc, bool own, LONG width)
{
    for (const std::vector<uint8_t> &range : Ranges()) {
        Format format;
        if (Intersect(&format, range) == ERROR_SUCCESS && format.Fourcc() == fourcc &&
            format.Own() == own && (!width || format.Video()->bmiHeader.biWidth == width)) {
            *out = format;
            return true;
        }
    }
    return false;
}

/* ---- The pin ---- */

Pin::~Pin()
{
    for (auto &read : reads)
        CloseHandle(read->overlapped.hEvent);
}

DWORD Pin::Create(Filter &filter, const Format &format, unsigned count)
{
    std::vector<uint8_t> bytes(sizeof(KSPIN_CONNECT) + format.bytes.size());
    KSPIN_CONNECT connect = {};
    connect.Interface.Set = KSINTERFACESETID_Standard;
    connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
    connect.Medium.Set = KSMEDIUMSETID_Standard;
    connect.Priority.PriorityClass = KSPRIORITY_NORMAL;
    connect.Priority.PrioritySubClass = 1;
    std::memcpy(bytes.data(), &connect, sizeof(connect));
    std::memcpy(bytes.data() + sizeof(connect), format.bytes.data(), format.bytes.size());
    DWORD result = KsCreatePin(filter.handle, reinterpret_cast<KSPIN_CONNECT *>(bytes.data()),
                               GENERIC_READ, &handle);
    if (result != ERROR_SUCCESS)
        return result;
    block_bytes_ = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO) +
                   (format.Own() ? sizeof(struct vdw_frame_info) : 0);
    for (unsigned i = 0; i < count; i++) {
        reads.push_back(std::make_unique<Read>());
        reads[i]->picture.resize(format.Video()->bmiHeader.biSizeImage);
        reads[i]->overlapped.hEvent = CreateEventA(nullptr, TRUE, FALSE, nullptr);
    }
    return ERROR_SUCCESS;
}

DWORD Pin::SetState(KSSTATE state)
{
    while (state_ != state) {
        KSSTATE next = static_cast<KSSTATE>(state_ < state ? state_ + 1 : state_ - 1);
        DWORD result = Property(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE,
                                KSPROPERTY_TYPE_SET, &next, sizeof(next));
        if (result != ERROR_SUCCESS)
            return result;
        state_ = next;
    }
    return ERROR_SUCCESS;
}

DWORD Pin::State(KSSTATE *out)
{
    return Property(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_GET, out,
                    sizeof(*out));
}

DWORD Pin::Submit(unsigned index)
{
    Read &read = *reads[index];
    HANDLE event = read.overlapped.hEvent;
    std::memset(&read.block, 0, sizeof(read.block));
    read.block.header.Size = block_bytes_;
    read.block.header.Data = read.picture.data();
    read.block.header.FrameExtent = static_cast<ULONG>(read.picture.size());
    read.block.header.PresentationTime.Numerator = 1;
    read.block.header.PresentationTime.Denominator = 1;
    read.block.info.ExtendedHeaderSize = sizeof(KS_FRAME_INFO);
    std::fill(read.picture.begin(), read.picture.end(), uint8_t{0xa5});
    ResetEvent(event);
    read.overlapped = {};
    read.overlapped.hEvent = event;
    if (!DeviceIoControl(handle, IOCTL_KS_READ_STREAM, nullptr, 0, &read.block, block_bytes_,
                         nullptr, &read.overlapped) &&
        GetLastError() != ERROR_IO_PENDING)
        return GetLastError();
    read.pending = true;
    return ERROR_SUCCESS;
}

DWORD Pin::Wait(unsigned index, DWORD timeout_ms)
{
    Read &read = *reads[index];
    DWORD bytes;
    if (WaitForSingleObject(read.overlapped.hEvent, timeout_ms) != WAIT_OBJECT_0)
        return WAIT_TIMEOUT;
    read.pending = false;
    return GetOverlappedResult(handle, &read.overlapped, &bytes, FALSE) ? ERROR_SUCCESS
                                                                        : GetLastError();
}

/* ---- The pattern ---- */

static Picture PictureOf(const Format &format)
{
    Picture picture;
    picture.fourcc = format.Fourcc();
    picture.width = picture.raster_width = static_cast<uint32_t>(format.Video()->bmiHeader.biWidth);
    return picture;
}

size_t WrongBytes(const Format &format, const std::vector<uint8_t> &picture, uint32_t number)
{
    uint32_t height = static_cast<uint32_t>(std::abs(format.Video()->bmiHeader.biHeight));
    size_t at = 0, wrong = 0;
    for (uint32_t plane = 0; plane < 2; plane++) {
        uint32_t lines =
            plane ? (format.Fourcc() == Code('N', 'V', '1', '2') ? height / 2 : 0) : height;
        for (uint32_t line = 0; line < lines; line++) {
            std::vector<uint8_t> right = PatternLine(PictureOf(format), number, plane, line);
            for (size_t i = 0; i < right.size(); i++)
                wrong += at + i >= picture.size() || picture[at + i] != right[i];
            at += right.size();
        }
    }
    return wrong + (at == 0) + (picture.size() > at ? picture.size() - at : 0);
}

bool NumberOf(const Format &format, const std::vector<uint8_t> &picture, uint32_t *number)
{
    size_t line = PatternLine(PictureOf(format), 0, 0, 0).size();
    return PatternNumber(format.Fourcc(), picture.data(), static_cast<uint32_t>(line), number);
}
