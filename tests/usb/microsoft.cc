// SPDX-License-Identifier: MIT
#include "microsoft.h"

#include <cstring>

namespace microsoft {

namespace {

// "Microsoft OS 2.0 Descriptors Specification", tables 3, 4, 9, 10, 13 and 15.
constexpr uint8_t PLATFORM[16] = {0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c,
                                  0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f};
constexpr uint32_t WINDOWS_8_1 = 0x06030000;
constexpr uint32_t SET_HEADER = 0, COMPATIBLE_ID = 3, REGISTRY_PROPERTY = 4;
constexpr uint32_t REG_MULTI_SZ_TYPE = 7;

// A place in the bytes that refuses to be read beyond its end.
struct Reader {
    const Bytes &bytes;
    size_t at, end;

    size_t left() const { return end - at; }
    uint32_t take(size_t count)
    {
        uint32_t value = 0;
        for (size_t n = 0; n < count; n++) {
            value |= at + n < end ? static_cast<uint32_t>(bytes[at + n]) << 8 * n : 0;
        }
        at += count;
        return value;
    }
};

// UTF-16 without surrogates, `count` bytes: the strings in it, each with its terminator.
bool strings(std::vector<std::string> *out, Reader *reader, size_t count)
{
    std::string text;
    for (size_t n = 0; n < count; n += 2) {
        uint32_t unit = reader->take(2);
        if (unit > 0x7e || (unit != 0 && unit < 0x20)) {
            return false;
        }
        if (unit != 0) {
            text += static_cast<char>(unit);
            continue;
        }
        out->push_back(text);
        text.clear();
    }
    return text.empty();
}

bool is_guid(const std::string &text)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    if (text.size() != sizeof form - 1) {
        return false;
    }
    for (size_t n = 0; n < text.size(); n++) {
        bool hex = std::strchr("0123456789abcdefABCDEF", text[n]) != nullptr;
        if (form[n] == 'x' ? !hex : text[n] != form[n]) {
            return false;
        }
    }
    return text != "{00000000-0000-0000-0000-000000000000}";
}

// ASCII, filled up with zeros to eight bytes; may be empty.
bool id(std::string *out, Reader *reader)
{
    bool over = false;
    for (size_t n = 0; n < 8; n++) {
        uint32_t c = reader->take(1);
        bool letter = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (c == 0) {
            over = true;
        } else if (over || !letter) {
            return false;
        } else {
            *out += static_cast<char>(c);
        }
    }
    return true;
}

std::string compatible(Findings *out, Reader reader)
{
    std::string second;
    if (reader.left() != 16) {
        return "wLength of the compatible id is not 20";
    }
    if (!out->compatible_id.empty()) {
        return "two compatible ids";
    }
    if (!id(&out->compatible_id, &reader) || out->compatible_id.empty()) {
        return "CompatibleID is no id";
    }
    if (!id(&second, &reader) || !second.empty()) {
        return "WINUSB has no SubCompatibleID";
    }
    return "";
}

std::string property(Findings *out, Reader reader)
{
    std::vector<std::string> name;
    if (reader.left() < 6) {
        return "a registry property ends within its head";
    }
    uint32_t type = reader.take(2);
    uint32_t name_bytes = reader.take(2);
    if (name_bytes % 2 != 0 || name_bytes + 2 > reader.left()) {
        return "wPropertyNameLength reaches beyond its descriptor";
    }
    if (!strings(&name, &reader, name_bytes) || name.size() != 1) {
        return "PropertyName is not one terminated string";
    }
    uint32_t data_bytes = reader.take(2);
    if (data_bytes != reader.left() || data_bytes % 2 != 0) {
        return "wPropertyDataLength and wLength disagree";
    }
    // With a list the key is DeviceInterfaceGUIDs and a REG_MULTI_SZ: what winusb.sys looks for.
    if (name[0] != "DeviceInterfaceGUIDs" || type != REG_MULTI_SZ_TYPE) {
        return "\"" + name[0] + "\" of this type is not what WinUSB looks for";
    }
    if (!strings(&out->interface_guids, &reader, data_bytes) || out->interface_guids.size() < 2 ||
        !out->interface_guids.back().empty()) {
        return "PropertyData is not a list that ends in an empty string";
    }
    out->interface_guids.pop_back();
    for (const std::string &guid : out->interface_guids) {
        if (!is_guid(guid)) {
            return "\"" + guid + "\" is no GUID";
        }
    }
    return "";
}

} // namespace

std::string ReadBos(Findings *out, const Bytes &bos)
{
    Reader reader{bos, 0, bos.size()};
    uint32_t count, found = 0, platforms = 0;

    if (reader.take(1) != 5 || reader.take(1) != 15 || reader.take(2) != bos.size()) {
        return "the head of the BOS is wrong: length 5, type 15, wTotalLength " +
               std::to_string(bos.size());
    }
    count = reader.take(1);
    for (; reader.left() > 0; found++) {
        size_t length = bos[reader.at];
        if (length < 3 || length > reader.left()) {
            return "a capability reaches beyond the BOS";
        }
        Reader one{bos, reader.at + 1, reader.at + length};
        reader.at += length;
        if (one.take(1) != 16) {
            return "something that is no device capability";
        }
        if (one.take(1) != 5) {
            continue;
        }
        if (length < 20 || one.take(1) != 0) {
            return "a platform capability without a UUID, or bReserved is not 0";
        }
        if (std::memcmp(&bos[one.at], PLATFORM, sizeof PLATFORM) != 0) {
            continue;
        }
        one.at += sizeof PLATFORM;
        platforms++;
        if (length != 28) { // one descriptor set information
            return "the platform capability is not of 28 bytes";
        }
        out->windows = one.take(4);
        out->set_bytes = static_cast<uint16_t>(one.take(2));
        out->vendor_code = static_cast<uint8_t>(one.take(1));
        if (out->windows < WINDOWS_8_1) {
            return "dwWindowsVersion is older than the descriptors";
        }
        if (out->vendor_code == 0 || out->set_bytes < 10) {
            return "bMS_VendorCode or wMSOSDescriptorSetTotalLength is none";
        }
        if (one.take(1) != 0) {
            return "bAltEnumCode without another enumeration";
        }
    }
    if (found != count) {
        return "bNumDeviceCaps is not the number of capabilities";
    }
    return platforms == 1 ? "" : "not one platform capability of Microsoft's";
}

std::string ReadSet(Findings *out, const Bytes &set)
{
    Reader reader{set, 0, set.size()};
    std::string wrong;

    if (set.size() != out->set_bytes) {
        return "the set is not as long as the BOS says";
    }
    if (reader.take(2) != 10 || reader.take(2) != SET_HEADER) {
        return "the set does not begin with its header";
    }
    if (reader.take(4) != out->windows) {
        return "dwWindowsVersion is not that of the BOS";
    }
    if (reader.take(2) != set.size()) {
        return "wTotalLength is not the length of the set";
    }
    // No subsets: the features are the device's, right for one that is not composite.
    while (reader.left() > 0 && wrong.empty()) {
        Reader one{set, reader.at, reader.end};
        uint32_t length = one.take(2);
        uint32_t type = one.take(2);
        if (length < 4 || length > reader.left()) {
            return "a feature reaches beyond the set";
        }
        one.end = reader.at + length;
        reader.at += length;
        wrong = type == COMPATIBLE_ID       ? compatible(out, one)
                : type == REGISTRY_PROPERTY ? property(out, one)
                                            : "a feature of type " + std::to_string(type);
    }
    if (wrong.empty() && out->compatible_id.empty()) {
        wrong = "no compatible id";
    }
    return wrong.empty() && out->interface_guids.empty() ? "no interface GUID" : wrong;
}

} // namespace microsoft
