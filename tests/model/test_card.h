// SPDX-License-Identifier: MIT
//
// A card in a test bench: a host with memory of its own, and a driver of the bluntest kind, nothing
// but raw register accesses. It trusts nothing that it can check.
#ifndef VIDICON_TESTS_MODEL_TEST_CARD_H
#define VIDICON_TESTS_MODEL_TEST_CARD_H

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>

extern "C" {
#include "vdm.h"
}

#include "image_maker.h"

using maker::Bytes;
using namespace map;

constexpr uint64_t US = 1000, MS = 1000 * US, SECOND = 1000 * MS;

struct Completion {
    uint32_t sequence, tag, bytes, flags, valid;
    uint32_t fifo, no_buffer, no_signal, dma;
    uint64_t ticks, end_ticks;

    explicit Completion(const uint8_t *at)
        : sequence(get32(at + M_COMPLETION_SEQUENCE)), tag(get32(at + M_COMPLETION_TAG)),
          bytes(get32(at + M_COMPLETION_BYTES)), flags(get32(at + M_COMPLETION_FLAGS)),
          valid(get32(at + M_COMPLETION_VALID)), fifo(get32(at + M_COMPLETION_DROPPED_FIFO)),
          no_buffer(get32(at + M_COMPLETION_DROPPED_NO_BUFFER)),
          no_signal(get32(at + M_COMPLETION_DROPPED_NO_SIGNAL)),
          dma(get32(at + M_COMPLETION_DROPPED_DMA)), ticks(get64(at + M_COMPLETION_TICKS)),
          end_ticks(get64(at + M_COMPLETION_END_TICKS))
    {
    }
    bool is_valid(uint32_t pass) const
    {
        return valid == ((sequence ^ 0x2bd1c0de) << 1 | (pass % 2 == 0 ? 1u : 0u));
    }
    uint32_t lost_before() const { return fifo + no_buffer + no_signal + dma; }
};

class TestCard : public ::testing::Test {
  protected:
    // What the card reads and writes: pieces of bus address space, exact to the byte.
    struct Region {
        uint8_t *bytes;
        uint64_t length;
    };
    std::map<uint64_t, Region> regions;
    std::vector<std::unique_ptr<uint8_t[]>> owned;
    uint64_t interrupts = 0;
    uint64_t refused = 0;
    std::vector<int> attachments;
    std::function<void()> on_interrupt;
    uint64_t largest_dma = UINT64_MAX; // longer accesses are refused

    std::vector<uint8_t> flash;
    vdm_host host{};
    vdm_config config{};
    void *memory = nullptr;
    vdm_card *card = nullptr;

    static void *dma(void *context, uint64_t address, uint32_t length, int)
    {
        auto *self = static_cast<TestCard *>(context);
        auto found = self->regions.upper_bound(address);
        if (found != self->regions.begin() && length <= self->largest_dma) {
            --found;
            uint64_t at = address - found->first;
            if (at < found->second.length && length <= found->second.length - at) {
                return found->second.bytes + at;
            }
        }
        self->refused++;
        return nullptr;
    }
    static void interrupt(void *context)
    {
        auto *self = static_cast<TestCard *>(context);
        self->interrupts++;
        if (self->on_interrupt) {
            self->on_interrupt();
        }
    }
    static void attachment(void *context, int attached)
    {
        static_cast<TestCard *>(context)->attachments.push_back(attached);
    }

    void SetUp() override
    {
        flash.assign(VDM_FLASH_BYTES, 0xff);
        vdm_config_default(&config);
        config.flash = flash.data();
        host.dma = dma;
        host.interrupt = interrupt;
        host.attachment = attachment;
        config.host = &host;
        config.context = this;
        config.flash_ns_per_byte = 100;
        memory = ::operator new(vdm_card_bytes(), std::align_val_t(64));
        create();
    }
    void TearDown() override { ::operator delete(memory, std::align_val_t(64)); }
    void create()
    {
        std::memset(memory, 0xa5, vdm_card_bytes()); // the card must not depend on its contents
        card = vdm_create(memory, vdm_card_bytes(), &config);
        ASSERT_NE(card, nullptr);
    }

    uint8_t *region(uint64_t address, uint64_t length, uint8_t fill = 0)
    {
        owned.emplace_back(new uint8_t[length]);
        std::memset(owned.back().get(), fill, length);
        regions[address] = {owned.back().get(), length};
        return owned.back().get();
    }

    uint32_t read(uint32_t offset) { return vdm_read(card, offset); }
    void write(uint32_t offset, uint32_t value) { vdm_write(card, offset, value); }
    uint32_t field(Register reg, Field f) { return f.get(read(reg)); }
    void pass(uint64_t ns) { vdm_advance(card, vdm_now_ns(card) + ns); }

    uint32_t state() { return field(R_BOOT_STATUS, F_BOOT_STATUS_STATE); }
    uint32_t boot_error() { return field(R_BOOT_STATUS, F_BOOT_STATUS_ERROR); }
    bool runs() { return field(R_BOOT_STATUS, F_BOOT_STATUS_RUNS) != 0; }

    void stage(const Bytes &image, uint32_t length = UINT32_MAX)
    {
        write(R_FW_LENGTH, length == UINT32_MAX ? static_cast<uint32_t>(image.size()) : length);
        write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
        for (size_t at = 0; at < image.size(); at += 4) {
            uint8_t word[4] = {};
            std::memcpy(word, &image[at], std::min<size_t>(4, image.size() - at));
            write(R_FW_WINDOW + (at % 1024), get32(word));
        }
    }
    void boot_staged() { write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_BOOT_STAGED); }
    void boot_slot(uint32_t slot)
    {
        write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_BOOT_SLOT | F_BOOT_COMMAND_SLOT.put(slot));
    }
    // Until nothing is going on in the boot ROM; at most four watchdogs.
    uint32_t settle_boot()
    {
        for (int n = 0; n < 12000; n++) {
            if (state() != V_BOOT_STATUS_STATE_CHECKING && state() != V_BOOT_STATUS_STATE_BOOTING) {
                break;
            }
            pass(MS);
        }
        return state();
    }
    void boot(const Bytes &image = maker::image(maker::full().bytes()))
    {
        stage(image);
        boot_staged();
        ASSERT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING) << "error " << boot_error();
    }
    uint32_t flash_error() { return field(R_FLASH_STATUS, F_FLASH_STATUS_ERROR); }
    uint32_t flash_op(uint32_t code, uint32_t slot = 0)
    {
        write(R_FLASH_COMMAND, code | F_FLASH_COMMAND_SLOT.put(slot));
        for (int n = 0; n < 2000 && field(R_FLASH_STATUS, F_FLASH_STATUS_BUSY); n++) {
            pass(MS);
        }
        return flash_error();
    }

    // ---- Capture ----

    static constexpr uint64_t DESCRIPTORS = 0x100000000ull, COMPLETIONS = 0x200000000ull,
                              LISTS = 0x300000000ull, BUFFERS = 0x400000000ull;
    uint32_t ring = 8;
    uint8_t *descriptors = nullptr;
    uint8_t *completions = nullptr;
    std::vector<uint8_t *> buffers;
    uint32_t queued = 0;
    uint32_t taken = 0;

    void select(uint32_t mode, uint32_t format, uint32_t width = 0, uint32_t height = 0,
                uint32_t left = 0, uint32_t top = 0, uint32_t extra_stride = 0)
    {
        maker::Mode m = maker::full().modes[mode];
        maker::Interval interval = maker::full().intervals[m.interval_first];
        uint32_t pixel = format == fourcc("RGB3")                               ? 3
                         : format == fourcc("NV12") || format == fourcc("GREY") ? 1
                                                                                : 2;
        width = width != 0 ? width : m.width;
        height = height != 0 ? height : m.height;
        write(R_MODE_SELECT, mode);
        write(R_PIXEL_FORMAT, format);
        write(R_WIDTH, width);
        write(R_HEIGHT, height);
        write(R_CROP_LEFT, left);
        write(R_CROP_TOP, top);
        write(R_STRIDE, width * pixel + extra_stride);
        write(R_INTERVAL_NUM, interval.num);
        write(R_INTERVAL_DEN, interval.den);
        ASSERT_EQ(read(R_CONFIG_STATUS), 0u);
    }
    void rings(uint32_t count = 8)
    {
        ring = count;
        queued = taken = 0;
        descriptors = region(DESCRIPTORS, count * L_DESCRIPTOR);
        completions = region(COMPLETIONS, count * L_COMPLETION);
        write(R_DESC_BASE_LO, static_cast<uint32_t>(DESCRIPTORS));
        write(R_DESC_BASE_HI, DESCRIPTORS >> 32);
        write(R_DESC_COUNT, count);
        write(R_COMPLETION_BASE_LO, static_cast<uint32_t>(COMPLETIONS));
        write(R_COMPLETION_BASE_HI, COMPLETIONS >> 32);
        write(R_COMPLETION_COUNT, count);
    }
    void put_segment(uint8_t *at, uint64_t address, uint32_t length, uint32_t flags = 0)
    {
        put64(at + M_SEGMENT_ADDRESS, address);
        put32(at + M_SEGMENT_LENGTH, length);
        put32(at + M_SEGMENT_FLAGS, flags);
    }
    void put_descriptor(uint64_t segments, uint32_t count, uint32_t capacity)
    {
        uint8_t *at = descriptors + queued % ring * L_DESCRIPTOR;
        std::memset(at, 0, L_DESCRIPTOR);
        put64(at + M_DESCRIPTOR_SEGMENTS_ADDRESS, segments);
        put32(at + M_DESCRIPTOR_SEGMENTS_COUNT, count);
        put32(at + M_DESCRIPTOR_TAG, 0x1000 + queued);
        put32(at + M_DESCRIPTOR_CAPACITY, capacity);
        queued++;
    }
    void ring_doorbell() { write(R_DOORBELL, queued); }
    // One buffer of one segment for each place of the ring, filled with 0xee; queues `count`.
    void make_buffers(uint32_t count)
    {
        uint32_t bytes = read(R_FRAME_BYTES);
        buffers.clear();
        for (uint32_t n = 0; n < ring; n++) {
            buffers.push_back(region(BUFFERS + n * 0x10000000ull, bytes, 0xee));
            put_segment(region(LISTS + n * 4096, L_SEGMENT), BUFFERS + n * 0x10000000ull, bytes);
        }
        queue(count);
    }
    void queue(uint32_t count)
    {
        for (uint32_t n = 0; n < count; n++) {
            put_descriptor(LISTS + queued % ring * 4096, 1, read(R_FRAME_BYTES));
        }
        ring_doorbell();
    }
    void enable() { write(R_CAPTURE_CONTROL, 1); }
    uint32_t engine() { return field(R_CAPTURE_STATUS, F_CAPTURE_STATUS_STATE); }
    void disable()
    {
        write(R_CAPTURE_CONTROL, 0);
        pass(MS);
    }
    void start(uint32_t mode, uint32_t format, uint32_t count = 4)
    {
        select(mode, format);
        rings();
        make_buffers(count);
        enable();
        ASSERT_EQ(engine(), V_CAPTURE_STATUS_STATE_RUNNING);
    }
    Completion completion(uint32_t n) { return Completion(completions + n % ring * L_COMPLETION); }
    // The next completion if it is there; taking it gives its place back.
    bool take(Completion *out)
    {
        Completion c = completion(taken);
        if (!c.is_valid(taken / ring)) {
            return false;
        }
        *out = c;
        write(R_COMPLETION_TAKEN, ++taken);
        return true;
    }
    // Lets one frame period pass.
    void period() { pass(period_ns()); }
    uint64_t period_ns() { return SECOND * read(R_INTERVAL_NUM) / read(R_INTERVAL_DEN); }

    Bytes expected(uint32_t sequence, const int32_t *controls = nullptr)
    {
        uint32_t stride = read(R_STRIDE), height = read(R_HEIGHT);
        Bytes out(read(R_FRAME_BYTES));
        std::vector<uint8_t> line(3 * 8192);
        for (uint32_t n = 0; n < out.size() / stride; n++) {
            uint32_t plane = n >= height ? 1 : 0;
            uint32_t bytes =
                vdm_expected_line(card, sequence, plane, n - plane * height, controls, line.data());
            EXPECT_NE(bytes, 0u);
            std::memcpy(&out[n * stride], line.data(), bytes);
        }
        return out;
    }
    Bytes buffer(uint32_t n)
    {
        return Bytes(buffers[n % ring], buffers[n % ring] + read(R_FRAME_BYTES));
    }

    const vdm_ledger &ledger() { return *vdm_get_ledger(card); }
    uint64_t injected(const std::string &name)
    {
        for (uint32_t n = 0; vdm_fault_name(n) != nullptr; n++) {
            if (name == vdm_fault_name(n)) {
                return ledger().injected[n];
            }
        }
        ADD_FAILURE() << "no fault " << name;
        return 0;
    }
    void script(const std::string &text)
    {
        size_t at = 0;
        const char *what = nullptr;
        ASSERT_EQ(vdm_fault_script(card, text.data(), text.size(), &at, &what), 0)
            << what << " at " << at;
    }
    // Registers, ledger and arithmetic tell the same story of the last capture.
    void check_sums()
    {
        const auto &c = ledger().capture;
        uint64_t sum = 0;
        for (uint64_t n : c.by_cause) {
            sum += n;
        }
        EXPECT_EQ(c.produced, sum);
        EXPECT_EQ(read(R_FRAMES_PRODUCED), c.produced);
        EXPECT_EQ(read(R_FRAMES_GOOD), c.by_cause[VDM_CAUSE_GOOD] + c.by_cause[VDM_CAUSE_USB]);
        EXPECT_EQ(read(R_DROPPED_FIFO), c.by_cause[VDM_CAUSE_FIFO]);
        EXPECT_EQ(read(R_DROPPED_NO_BUFFER), c.by_cause[VDM_CAUSE_NO_BUFFER]);
        EXPECT_EQ(read(R_DROPPED_NO_SIGNAL), c.by_cause[VDM_CAUSE_NO_SIGNAL]);
        EXPECT_EQ(read(R_DROPPED_DMA), c.by_cause[VDM_CAUSE_DMA]);
    }
};

#endif
