/* SPDX-License-Identifier: MIT */
/* The fake card and the builders of small tables and images. */
#include "fake.h"

namespace {

FakeCard *self(void *context)
{
    return static_cast<FakeCard *>(context);
}

int io_read(void *context, uint32_t offset, uint32_t *value)
{
    return self(context)->read(offset, value);
}

int io_write(void *context, uint32_t offset, uint32_t value)
{
    return self(context)->write(offset, value);
}

int io_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    return self(context)->read_block(offset, static_cast<uint8_t *>(bytes), count);
}

int io_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    return self(context)->write_block(offset, static_cast<const uint8_t *>(bytes), count);
}

void io_stall_us(void *, uint32_t) {}

void io_acquire(void *context)
{
    if (self(context)->on_acquire) {
        self(context)->on_acquire();
    }
}

void io_trace(void *context, const char *event, uint32_t, uint32_t)
{
    self(context)->traced.push_back(event);
}

void put(std::vector<uint8_t> &out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        out.push_back(i < 8 ? uint8_t(value >> (8 * i)) : uint8_t(0));
    }
}

void put_name(std::vector<uint8_t> &out, const char *name, unsigned bytes)
{
    std::string text(name);
    text.resize(bytes);
    out.insert(out.end(), text.begin(), text.end());
}

} // namespace

const vdh_io FakeCard::io = {io_read,     io_write,   io_read_block, io_write_block,
                             io_stall_us, io_acquire, io_trace};

FakeCard::FakeCard(vdh_transport transport, vdh_budget budget) : budget_(budget)
{
    guard_init(&watch, &io, this, transport);
    memset(&device, 0, sizeof(device));
    memory.resize(VDH_TABLES_MAX_BYTES);
    for (uint32_t i = 0; const vdh_reg_info *info = vdh_reg_at(i); i++) {
        for (uint32_t k = 0; k < info->count; k++) {
            reg(info->offset + 4 * k) = info->access == VDH_ACCESS_WO ? 0 : info->reset;
        }
    }
    reg(VDH_R_CAPS) = 0x1f;
    memcpy(&reg(VDH_R_SERIAL), "VC000042\0\0\0\0\0\0\0", 16);
    reg(VDH_R_TARGET) = 7;
    reg(VDH_R_FW_VERSION_MIN) = 0x01000000;
    reg(VDH_R_FW_VERSION_MAX) = 0x01ffffff;
    if (transport == VDH_TRANSPORT_SLOW) {
        reg(VDH_R_REVISION) =
            vdh_field_set(reg(VDH_R_REVISION), VDH_F_REVISION_BODY, VDH_V_REVISION_BODY_USB);
    }
}

int FakeCard::attach()
{
    return any_level(*this, 16, [&] {
        return vdh_attach(&device, &guard_io, &watch, watch.transport, &budget_);
    });
}

void FakeCard::adopt(const std::vector<uint8_t> &bytes)
{
    std::copy(bytes.begin(), bytes.end(), memory.begin());
    vdh_tables_parse(&device.tables, memory.data(), uint32_t(bytes.size()));
}

void FakeCard::run_firmware()
{
    uint32_t status = vdh_field_set(0, VDH_F_BOOT_STATUS_STATE, VDH_V_BOOT_STATUS_STATE_RUNNING);
    status = vdh_field_set(status, VDH_F_BOOT_STATUS_RUNS, 1);
    status = vdh_field_set(status, VDH_F_BOOT_STATUS_SOURCE, VDH_V_BOOT_STATUS_SOURCE_RAM);
    reg(VDH_R_BOOT_STATUS) = status;
    reg(VDH_R_FW_VERSION) = 0x01000000;
    reg(VDH_R_TABLES_LENGTH) = uint32_t(tables.size());
}

bool FakeCard::fails()
{
    if (fail_after < 0) {
        return false;
    }
    if (fail_after > 0) {
        fail_after--;
        return false;
    }
    return true;
}

int FakeCard::read(uint32_t offset, uint32_t *value)
{
    if (fails()) {
        return fail_with;
    }
    if (on_read) {
        on_read(offset);
    }
    *value = reg(offset);
    auto found = script.find(offset);
    if (found != script.end() && !found->second.empty()) {
        *value = found->second.front();
        found->second.pop_front();
    }
    if (gone) {
        *value = 0xffffffffu;
    }
    log.push_back({'r', offset, *value});
    return VDH_OK;
}

int FakeCard::write(uint32_t offset, uint32_t value)
{
    if (fails()) {
        return fail_with;
    }
    log.push_back({'w', offset, value});
    const vdh_reg_info *info = vdh_reg_find(offset);
    if (info && info->access == VDH_ACCESS_W1C) {
        reg(offset) &= ~value;
    } else if (info && info->access == VDH_ACCESS_RW) {
        reg(offset) = value;
    }
    if (on_write) {
        on_write(offset, value);
    }
    return VDH_OK;
}

int FakeCard::read_block(uint32_t offset, uint8_t *bytes, uint32_t count)
{
    if (fails()) {
        return fail_with;
    }
    log.push_back({'R', offset, count});
    for (uint32_t i = 0; i < count; i++) {
        size_t at = reg(VDH_R_TABLES_PAGE) * 1024 + offset - VDH_R_TABLES + i;
        bytes[i] = at < tables.size() ? tables[at] : 0;
        if (offset == VDH_R_TIME_LATCH) {
            bytes[i] = uint8_t(reg(i < 4 ? VDH_R_TIME_LO : VDH_R_TIME_HI) >> (i % 4 * 8));
        }
        if (gone) {
            bytes[i] = 0xff;
        }
    }
    return VDH_OK;
}

int FakeCard::write_block(uint32_t offset, const uint8_t *bytes, uint32_t count)
{
    if (fails()) {
        return fail_with;
    }
    log.push_back({'W', offset, count});
    received.insert(received.end(), bytes, bytes + count);
    return VDH_OK;
}

std::vector<uint8_t> small_tables()
{
    std::vector<uint8_t> records;
    std::vector<uint8_t> out;

    for (int i = 0; i < 2; i++) { /* inputs */
        put_name(records, i ? "Composite" : "HDMI", 32);
        put(records, unsigned(i), 2);
        put(records, i ? 2 : 0, 2);
        put(records, i ? 1 : 2, 2);
        put(records, i ? 2 : 1, 2);
        put(records, 0, 8);
    }
    for (int i = 0; i < 3; i++) { /* timings */
        put_name(records, i == 2 ? "PAL" : i ? "720p50" : "1080p60", 24);
        put(records, i == 2, 2);
        put(records, i == 2, 2);
        put(records, i == 2 ? 720 : i ? 1280 : 1920, 2);
        put(records, i == 2 ? 576 : i ? 720 : 1080, 2);
        put(records, 1, 4);
        put(records, i == 2 ? 25 : i ? 50 : 60, 4);
        put(records, i == 2 ? 0 : 74250, 4);
        put(records, 0, 4);
    }
    const unsigned modes[3][10] = {
  /* inputs formats width height min min step step first count */
        {1, 0x1f, 1920, 1080, 64,  64,  8,  2, 0, 3},
        {3, 0x05, 640,  480,  160, 120, 16, 8, 1, 2},
        {2, 0x11, 720,  576,  720, 576, 2,  2, 3, 1},
    };
    for (const auto &mode : modes) {
        for (unsigned value : mode) {
            put(records, value, 2);
        }
        put(records, 0, 12);
    }
    const unsigned intervals[4][2] = {
        {1,    60   },
        {1,    30   },
        {1001, 30000},
        {1,    25   }
    };
    for (const auto &interval : intervals) {
        put(records, interval[0], 4);
        put(records, interval[1], 4);
    }
    const int controls[4][9] = {
  /* id type flags menu_first menu_count minimum maximum step default */
        {1, 1, 0, 0, 0, -10, 20, 5, 0},
        {7, 2, 1, 0, 0, 0,   1,  1, 1},
        {8, 3, 2, 1, 2, 0,   1,  1, 1},
        {9, 4, 0, 0, 0, 0,   0,  1, 0},
    };
    for (const auto &control : controls) {
        for (int k = 0; k < 5; k++) {
            put(records, uint64_t(control[k]), 2);
        }
        put(records, 0, 2);
        for (int k = 5; k < 9; k++) {
            put(records, uint64_t(int64_t(control[k])), 4);
        }
        put_name(records, "Control", 32);
        put(records, 0, 4);
    }
    for (int i = 0; i < 3; i++) {
        put_name(records, i == 2 ? "On" : i ? "Off" : "Unused", 32);
    }

    put(out, 0x42544456u, 4);
    put(out, 1, 2);
    put(out, 32, 2);
    for (unsigned count : {2u, 3u, 3u, 4u, 4u, 3u}) {
        put(out, count, 2);
    }
    put(out, 32 + records.size(), 4);
    put(out, 0, 8);
    out.insert(out.end(), records.begin(), records.end());
    return out;
}

void seal_body(std::vector<uint8_t> &image)
{
    vdh_sha256 sha;

    vdh_put_u32(&image[VDH_O_IMAGE_BODY_CRC32],
                vdh_crc32(0, &image[128], uint32_t(image.size()) - 128));
    vdh_sha256_start(&sha);
    vdh_sha256_add(&sha, &image[128], uint32_t(image.size()) - 128);
    vdh_sha256_end(&sha, &image[VDH_O_IMAGE_BODY_SHA256]);
}

void seal_header(std::vector<uint8_t> &image)
{
    vdh_put_u32(&image[VDH_O_IMAGE_HEADER_CRC32], vdh_crc32(0, image.data(), 124));
}

std::vector<uint8_t> make_image(const std::vector<uint8_t> &tables, uint32_t version,
                                uint32_t code_bytes)
{
    std::vector<uint8_t> image;
    uint32_t code = (128 + uint32_t(tables.size()) + 3) & ~3u;

    put(image, 0x57464456u, 4);
    put(image, 1, 2);
    put(image, 128, 2);
    put(image, 7, 4);
    put(image, version, 4);
    put(image, code + code_bytes, 4);
    put(image, 128, 4);
    put(image, tables.size(), 4);
    put(image, code, 4);
    put(image, code_bytes, 4);
    put(image, 0, 36);
    put_name(image, "Test", 32);
    put(image, 0, 24);
    image.insert(image.end(), tables.begin(), tables.end());
    image.resize(code);
    for (uint32_t i = 0; i < code_bytes; i++) {
        image.push_back(uint8_t(i * 37 + 11));
    }
    seal_body(image);
    seal_header(image);
    return image;
}
