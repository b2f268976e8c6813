/* SPDX-License-Identifier: MIT */
/* Vidicon's own filter: exact modes, windows, drops by cause, time, inputs, registers, firmware. */
#include <chrono>
#include <cstring>
#include <thread>

#include "fixture.h"

extern "C" {
#include "ks_tables.h"
}

namespace {

class KsOwn : public KsTest {
  protected:
    void SetUp() override
    {
        KsTest::SetUp();
        fake_.plug_card();
    }
    vdw_format connected()
    {
        vdw_format out{};
        EXPECT_EQ(sizeof(ks_connect) + sizeof(ks_format) + sizeof(ks_video) + sizeof(out),
                  fake_.connect.size());
        std::memcpy(&out, fake_.connect.data() + fake_.connect.size() - sizeof(out), sizeof(out));
        return out;
    }
};

TEST_F(KsOwn, Info)
{
    open();
    const vdc_device_info *info = vdc_device_get_info(device_);
    EXPECT_STREQ("VC0001", info->serial);
    EXPECT_EQ(1000000000u, info->time_hz);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_INPUTS |
                                    VDC_CAP_TIMINGS | VDC_CAP_DEVICE_TIME | VDC_CAP_CROP |
                                    VDC_CAP_CALLER_MEMORY),
              info->caps);
}

TEST_F(KsOwn, AnotherInterfaceVersionIsAnyFilter)
{
    fake_.plug_camera();
    fake_.card.identity.interface_version = 2;
    open();
    EXPECT_STREQ("", vdc_device_get_info(device_)->serial);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CAP_CALLER_MEMORY), vdc_device_get_info(device_)->caps);
}

TEST_F(KsOwn, ModesOfTheInput)
{
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    ASSERT_EQ(5u, vdc_list_count(list));
    EXPECT_EQ(16u, vdc_list_format_at(list, 0)->width_min_px);
    EXPECT_EQ(1001u, vdc_list_format_at(list, 0)->intervals_s[1].num);
    EXPECT_EQ(static_cast<uint32_t>(VDC_MATRIX_RGB), vdc_list_format_at(list, 3)->matrix);
    vdc_list_destroy(list);
    ASSERT_STATUS(VDC_OK, vdc_device_select_input(device_, 1));
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    ASSERT_EQ(1u, vdc_list_count(list));
    EXPECT_EQ(720u, vdc_list_format_at(list, 0)->width_max_px);
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_TOP_FIRST), vdc_list_format_at(list, 0)->field);
    vdc_list_destroy(list);
    vdc_negotiation got = VDC_NEGOTIATION_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&got, device_, nullptr));
    EXPECT_EQ(12u, got.format.pixel_aspect.num);
    EXPECT_EQ(11u, got.format.pixel_aspect.den);
}

TEST_F(KsOwn, SensesOfNonsense)
{
    fake_.card.modes[0].width_step_px = 0;
    fake_.card.modes[1].inputs = 3;
    fake_.card.controls[0].minimum = 1000;
    std::memset(fake_.card.identity.serial, 'x', sizeof(fake_.card.identity.serial));
    std::memset(fake_.card.controls[1].name, 'y', sizeof(fake_.card.controls[1].name));
    fake_.card.identity.mode_count = UINT32_MAX;
    vdc_device *none = nullptr;
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_open(&none, context_, "ks:", 0));
    fake_.card.identity.mode_count = 2;
    open();
    EXPECT_EQ(23u, std::strlen(vdc_device_get_info(device_)->serial));
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    EXPECT_EQ(1u, vdc_list_count(list));
    vdc_list_destroy(list);
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
    ASSERT_EQ(3u, vdc_list_count(list)); /* one without sense, and the test pattern */
    EXPECT_EQ(31u, std::strlen(vdc_list_control_at(list, 0)->name));
    vdc_list_destroy(list);
}

TEST_F(KsOwn, StrideAndWindowGoToTheCard)
{
    open();
    vdc_format wanted = VDC_FORMAT_INIT;
    wanted.fourcc = VDC_FOURCC_GREY;
    wanted.stride_bytes = 100;
    wanted.interval_s = {1001, 30000};
    vdc_negotiation got = VDC_NEGOTIATION_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&got, device_, &wanted));
    EXPECT_EQ(0u, got.changed);
    stream(&got.format);
    vdw_format own = connected();
    EXPECT_EQ(1u, own.mode);
    EXPECT_EQ(100u, own.stride_bytes);
    EXPECT_EQ(1001u, own.interval_num);
    vdc_stream_close(stream_);
    stream_ = nullptr;

    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.crop = {8, 4, 32, 16};
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    own = connected();
    EXPECT_EQ(8u, own.left_px);
    EXPECT_EQ(4u, own.top_px);
    EXPECT_EQ(64u, own.stride_bytes); /* YUYV */
    ks_video video;
    std::memcpy(&video, fake_.connect.data() + sizeof(ks_connect) + sizeof(ks_format),
                sizeof(video));
    EXPECT_EQ(32, video.bitmap.width);
    EXPECT_EQ(16, video.bitmap.height);
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(32u * 16 * 2, info.frame_bytes);
}

TEST_F(KsOwn, DropsByCauseAndTheAccount)
{
    open();
    stream();
    start();
    frame();
    fake_.own.sequence = 10;
    fake_.own.dropped_fifo = 4;
    fake_.own.dropped_no_buffer = 3;
    fake_.own.dropped_no_signal = 2;
    fake_.own.flags = 1 << 2 | 1 << 3; /* source changed, pattern */
    fake_.own.ticks = 123456;
    vdc_frame got = frame();
    EXPECT_EQ(10u, got.sequence);
    EXPECT_EQ(123456u, got.device_ticks);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, got.error_bound_ns) << "of before the first sample";
    EXPECT_EQ(4u, got.dropped[VDC_DROP_DEVICE_FIFO]);
    EXPECT_EQ(3u, got.dropped[VDC_DROP_NO_BUFFER]);
    EXPECT_EQ(2u, got.dropped[VDC_DROP_NO_SIGNAL]);
    EXPECT_TRUE(got.flags & VDC_FRAME_DISCONTINUITY);
    EXPECT_TRUE(got.flags & VDC_FRAME_SOURCE_CHANGED);
    EXPECT_TRUE(got.flags & VDC_FRAME_TEST_PATTERN);
    fake_.own.dropped_fifo = fake_.own.dropped_no_buffer = fake_.own.dropped_no_signal = 0;
    /* A restart within the driver counts from 0 again; here it does not. */
    fake_.own.capture = 2;
    fake_.own.sequence = 0;
    EXPECT_EQ(11u, frame().sequence);
    /* The card lost one more that nobody was told of. */
    fake_.card.counts.produced = 13;
    fake_.card.counts.good = 3;
    fake_.card.counts.dropped_fifo = 5;
    fake_.card.counts.dropped_no_buffer = 3;
    fake_.card.counts.dropped_no_signal = 2;
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    vdc_stats now = stats();
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_DEVICE), now.produced_basis);
    EXPECT_EQ(13u, now.produced);
    EXPECT_EQ(3u, now.delivered);
    EXPECT_EQ(5u, now.dropped[VDC_DROP_DEVICE_FIFO]);
    EXPECT_EQ(0u, now.dropped[VDC_DROP_UNKNOWN]);
}

TEST_F(KsOwn, AFrameThatTheCardCouldNotWrite)
{
    for (uint32_t too : {0u, static_cast<uint32_t>(VDC_STREAM_DAMAGED_TOO)}) {
        open();
        stream(nullptr, too);
        start();
        fake_.live = false;
        fake_.used_bytes = 0;
        fake_.own.flags = 1; /* DMA_ERROR */
        fake_.end_read();
        fake_.used_bytes = UINT32_MAX;
        fake_.own.flags = 0;
        fake_.end_read();
        vdc_frame got = frame();
        if (too) {
            EXPECT_TRUE(got.flags & VDC_FRAME_DAMAGED);
            got = frame();
        } else {
            EXPECT_EQ(1u, got.dropped[VDC_DROP_DMA]);
        }
        EXPECT_EQ(1u, got.sequence);
        fake_.card.counts.produced = 2;
        fake_.card.counts.good = 1;
        fake_.card.counts.dropped_dma = 1;
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        vdc_stats now = stats();
        EXPECT_EQ(2u, now.produced);
        EXPECT_EQ(too ? 2u : 1u, now.delivered);
        EXPECT_EQ(too ? 0u : 1u, now.dropped[VDC_DROP_DMA]);
        close();
        fake_.card.counts = {};
        fake_.own.sequence = 0;
        fake_.live = true;
    }
}

TEST_F(KsOwn, SequencesNeverGoBack)
{
    open();
    stream();
    start();
    fake_.own.sequence = 5;
    EXPECT_EQ(5u, frame().sequence);
    fake_.own.sequence = 3;
    EXPECT_EQ(6u, frame().sequence);
    fake_.own.size = 4; /* no metadata: as of any filter */
    EXPECT_EQ(7u, frame().sequence);
}

TEST_F(KsOwn, TimeHasABound)
{
    open();
    stream();
    start();
    fake_.own.ticks = fake_.ticks_now();
    vdc_frame got = frame();
    int64_t truth = static_cast<int64_t>(fake_.own.ticks - fake_.card.ticks);
    EXPECT_GE(got.error_bound_ns, 0);
    EXPECT_LE(std::abs(got.host_time_ns - truth), got.error_bound_ns);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_MONOTONIC), got.clock);
}

/* The counter jumps between two frames: the time in between is not guessed, and the next frame says so. */
TEST_F(KsOwn, AJumpOfTheCounterIsTold)
{
    open();
    stream();
    start();
    fake_.live = false;
    int told = 0;
    for (int i = 0; i < 6; i++) {
        {
            std::lock_guard<std::mutex> guard(fake_.mutex);
            fake_.card.ticks += i == 3 ? 4000000000u : 0;
            fake_.own.ticks = fake_.ticks_now();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        fake_.end_read();
        vdc_frame got = frame();
        told += (got.flags & VDC_FRAME_TIME_JUMP) != 0;
        EXPECT_EQ(i == 3, (got.flags & VDC_FRAME_TIME_JUMP) != 0) << i;
        EXPECT_EQ(i == 3, got.error_bound_ns == VDC_ERROR_UNKNOWN_NS) << i;
    }
    EXPECT_EQ(1, told);
}

/* After a jump back, the ticks of a frame in progress look like those of a later one; the driver's count says that it is none. */
TEST_F(KsOwn, AFrameFromBeforeAJumpBackHasNoTime)
{
    constexpr uint64_t kBack = 5000000;
    open();
    stream();
    start();
    fake_.live = false;
    for (uint32_t i = 0; i < 7; i++) {
        {
            std::lock_guard<std::mutex> guard(fake_.mutex);
            fake_.card.ticks -= i == 3 ? kBack : 0;
            fake_.card.counts.produced = fake_.card.counts.good = i + 1;
            fake_.own.ticks = fake_.ticks_now() + (i == 4 ? kBack : 0);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(i == 4 ? 20 : 3));
        fake_.end_read();
        vdc_frame got = frame();
        EXPECT_EQ(i == 3, (got.flags & VDC_FRAME_TIME_JUMP) != 0) << i;
        EXPECT_EQ(i == 3 || i == 4, got.error_bound_ns == VDC_ERROR_UNKNOWN_NS) << i;
    }
}

/* The system may tell of reads in another order than the driver ended them. */
TEST_F(KsOwn, FramesComeInOrder)
{
    open();
    stream();
    start();
    fake_.live = false;
    for (int i = 0; i < 3; i++)
        fake_.end_read();
    fake_.shuffle();
    for (unsigned i = 0; i < 3; i++)
        EXPECT_EQ(i, frame().sequence);
    EXPECT_EQ(0u, stats().dropped[VDC_DROP_UNKNOWN]);
}

TEST_F(KsOwn, InputsTimingsSignal)
{
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_inputs(&list, device_));
    ASSERT_EQ(2u, vdc_list_count(list));
    EXPECT_STREQ("Composite", vdc_list_input_at(list, 1)->name);
    vdc_list_destroy(list);
    ASSERT_STATUS(VDC_OK, vdc_device_list_timings(&list, device_));
    ASSERT_EQ(1u, vdc_list_count(list));
    EXPECT_EQ(148500000u, vdc_list_timing_at(list, 0)->pixel_clock_hz);
    vdc_list_destroy(list);
    vdc_signal signal = VDC_SIGNAL_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_get_signal(&signal, device_));
    EXPECT_EQ(static_cast<uint32_t>(VDC_SIGNAL_LOCKED), signal.state);
    fake_.card.signal.mismatch = 1;
    fake_.card.signal.detected = 255;
    ASSERT_STATUS(VDC_OK, vdc_device_get_signal(&signal, device_));
    EXPECT_EQ(static_cast<uint32_t>(VDC_SIGNAL_MISMATCH), signal.state);
    EXPECT_EQ(VDC_TIMING_NONE, signal.detected_timing);
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_select_input(device_, 2));
    ASSERT_STATUS(VDC_OK, vdc_device_set_timing(device_, 1));
    EXPECT_EQ(1u, fake_.card.timing);
}

/* A driver that tells nothing is looked at while a stream runs. */
TEST_F(KsOwn, TellsWhatTheCardChanges)
{
    vdc_event event = VDC_EVENT_INIT;
    fake_.deaf = true;
    open();
    stream();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    start();
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 9));
    fake_.live = false;
    const vdc_frame *got = nullptr;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&got, stream_, 60));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0)) << "its own doing";
    {
        std::lock_guard<std::mutex> guard(fake_.mutex);
        fake_.card.values[0] = 44;
        fake_.card.signal.changes++;
    }
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&got, stream_, 60));
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 0));
    EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_CONTROL_CHANGED), event.kind);
    EXPECT_EQ(44, event.value);
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 0));
    EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_SIGNAL_CHANGED), event.kind);
}

TEST_F(KsOwn, Controls)
{
    open();
    EXPECT_EQ(5, control(VDC_CONTROL_BRIGHTNESS));
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, -7));
    EXPECT_EQ(-7, fake_.card.values[0]);
    EXPECT_EQ(0, control(VDC_CONTROL_TEST_PATTERN));
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_TEST_PATTERN, 1));
    EXPECT_EQ(1, control(VDC_CONTROL_TEST_PATTERN));
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
    ASSERT_EQ(4u, vdc_list_count(list));
    EXPECT_STREQ("Item 2", vdc_list_control_at(list, 1)->menu[2].name);
    EXPECT_EQ(VDC_CONTROL_VENDOR + 77u, vdc_list_control_at(list, 2)->id);
    vdc_list_destroy(list);
}

TEST_F(KsOwn, Registers)
{
    open(VDC_OPEN_REGISTERS);
    uint32_t value = 0;
    ASSERT_STATUS(VDC_OK, vdc_device_read_register(&value, device_, "SCRATCH", 0));
    EXPECT_EQ(42u, value);
    ASSERT_STATUS(VDC_OK, vdc_device_write_register(device_, "SCRATCH", 0, 43));
    EXPECT_EQ(43u, fake_.card.registers[0x00c]);
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_write_register(device_, "CAPS", 0, 1));
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_read_register(&value, device_, "NOTHING", 0));
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_read_register(&value, device_, "SCRATCH", 1));
    fake_.card.registers[0x20c] = 9;
    ASSERT_STATUS(VDC_OK, vdc_device_read_register(&value, device_, "LATCH", 3));
    EXPECT_EQ(9u, value) << "every four bytes";
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_registers(&list, device_));
    ASSERT_EQ(4u, vdc_list_count(list));
    const vdc_register_info *scratch = vdc_list_register_at(list, 1);
    EXPECT_STREQ("SCRATCH", scratch->name);
    EXPECT_STREQ("Anything", scratch->help);
    EXPECT_EQ(0xcu, scratch->offset);
    EXPECT_EQ(static_cast<uint32_t>(VDC_REGISTER_READ | VDC_REGISTER_WRITE), scratch->access);
    EXPECT_EQ(4u, vdc_list_register_at(list, 3)->count);
    vdc_list_destroy(list);
}

/* What a driver tells of its registers is not believed: no name without an end, no count or place without sense, and however
 * many it says it has. */
TEST_F(KsOwn, RegistersThatMakeNoSense)
{
    std::vector<vdw_register_info> good = fake_.card.names;
    auto listed = [&] {
        vdc_list *list = nullptr;
        size_t count = 0;
        close();
        fake_.card.identity.register_count = static_cast<uint32_t>(fake_.card.names.size());
        open(VDC_OPEN_REGISTERS);
        EXPECT_STATUS(VDC_OK, vdc_device_list_registers(&list, device_));
        count = vdc_list_count(list);
        for (size_t i = 0; i < count; i++) {
            EXPECT_LT(std::strlen(vdc_list_register_at(list, i)->name), 32u);
            EXPECT_LT(std::strlen(vdc_list_register_at(list, i)->help), 128u);
        }
        vdc_list_destroy(list);
        return count;
    };
    fake_.card.names[0].count = 0;
    fake_.card.names[1].offset = 0xfffffffc;
    fake_.card.names[2].offset = 2;
    fake_.card.names[3].count = 0xffffffff;
    EXPECT_EQ(0u, listed());
    fake_.card.names = good;
    fake_.card.names[0].name[0] = 0;
    std::memset(fake_.card.names[1].name, 'x', sizeof(fake_.card.names[1].name));
    std::memset(fake_.card.names[1].help, 'x', sizeof(fake_.card.names[1].help));
    EXPECT_EQ(3u, listed());
    fake_.card.names = good;
    EXPECT_EQ(good.size(), listed()) << "the control";
    /* More than it has: the driver refuses what is not there. */
    close();
    fake_.card.identity.register_count = 0xffffffff;
    open(VDC_OPEN_REGISTERS);
    vdc_list *list = nullptr;
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_list_registers(&list, device_));
}

/* The backend's numbers of the card are the data sheet's. */
TEST(KsTables, AreTheDataSheets)
{
    struct Value {
        const char *reg, *field, *name;
        uint32_t value;
        const char *help;
    };
    static const Value values[] = {
#define VDH_VALUE(reg, field, name, value, help) {#reg, #field, #name, value, help},
#include "vdh_regs.def"
    };
    static const Value bits[] = {
#define VDH_FIELD(reg, field, msb, lsb, help) {#reg, #field, "", 1u << (lsb), help},
#include "vdh_regs.def"
#define VDH_MEMBER_BIT(layout, member, name, bit, help) \
    {#layout, #member, #name, 1u << (bit), help},
#include "vdh_layouts.def"
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    {#layout, #member, #name, static_cast<uint32_t>(value), help},
#include "vdh_layouts.def"
    };
    auto bit = [](const char *reg, const char *field, const char *name = "") {
        for (const Value &one : bits)
            if (!std::strcmp(one.reg, reg) && !std::strcmp(one.field, field) &&
                !std::strcmp(one.name, name))
                return one.value;
        return 0u;
    };
    EXPECT_EQ(bit("CAPS", "CROP"), static_cast<uint32_t>(KS_CAPS_CROP));
    EXPECT_EQ(bit("CAPS", "PATTERN"), static_cast<uint32_t>(KS_CAPS_PATTERN));
    EXPECT_EQ(bit("PATTERN", "ENABLE"), 1u);
    EXPECT_EQ(bit("COMPLETION", "FLAGS", "SOURCE_CHANGED"),
              static_cast<uint32_t>(KS_COMPLETION_SOURCE_CHANGED));
    EXPECT_EQ(bit("COMPLETION", "FLAGS", "PATTERN"), static_cast<uint32_t>(KS_COMPLETION_PATTERN));
    EXPECT_EQ(bit("CONTROL", "ID", "WHITE_BALANCE"), KS_CONTROL_ID_LAST);
    EXPECT_EQ(0u, bit("NO", "SUCH")) << "the control";
    unsigned checks = 0;
    for (const Value &one : values) {
        if (!std::strcmp(one.reg, "BOOT_STATUS") && !std::strcmp(one.field, "ERROR")) {
            ASSERT_LT(one.value, KS_IMAGE_CHECKS);
            EXPECT_STREQ(one.name, ks_image_checks[one.value].name);
            EXPECT_STREQ(one.help, ks_image_checks[one.value].help);
            checks++;
        }
        if (!std::strcmp(one.reg, "FLASH_STATUS") && !std::strcmp(one.field, "SLOT_A")) {
            EXPECT_EQ(!std::strcmp(one.name, "EMPTY"), one.value == KS_SLOT_EMPTY);
            EXPECT_EQ(!std::strcmp(one.name, "GOOD"), one.value == KS_SLOT_GOOD);
            checks++;
        }
    }
    EXPECT_EQ(KS_IMAGE_CHECKS + 3, checks);
    EXPECT_STREQ("LENGTH", ks_image_checks[KS_IMAGE_CHECK_LENGTH].name);
}

TEST_F(KsOwn, Firmware)
{
    open();
    uint8_t image[100] = {1, 2, 3};
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
    EXPECT_EQ(0x01020003u, info.running);
    EXPECT_EQ(1u, info.active_slot);
    EXPECT_EQ(static_cast<uint32_t>(VDC_SLOT_EMPTY), info.slot_state[1]);
    EXPECT_STATUS(VDC_E_STATE, vdc_device_commit_firmware(device_));
    EXPECT_STATUS(VDC_E_STATE, vdc_device_roll_back_firmware(device_));

    ASSERT_STATUS(VDC_OK,
                  vdc_device_update_firmware(device_, image, sizeof(image), nullptr, nullptr));
    ASSERT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
    EXPECT_EQ(1u, info.on_trial);
    EXPECT_EQ(0x01990000u, info.running);
    ASSERT_STATUS(VDC_OK, vdc_device_commit_firmware(device_));
    ASSERT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
    EXPECT_EQ(2u, info.active_slot);
    ASSERT_STATUS(VDC_OK, vdc_device_roll_back_firmware(device_));
    ASSERT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
    EXPECT_EQ(1u, info.active_slot);
    EXPECT_EQ(0x01020003u, info.running);

    fake_.card.store_error = 9;
    EXPECT_STATUS(VDC_E_FIRMWARE,
                  vdc_device_load_firmware(device_, image, sizeof(image), nullptr, nullptr));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "BODY_CRC")) << vdc_error_text();
    std::vector<uint8_t> large(5000);
    EXPECT_STATUS(VDC_E_FIRMWARE,
                  vdc_device_load_firmware(device_, large.data(), large.size(), nullptr, nullptr));
}

TEST_F(KsOwn, WithoutFirmwareItOpensAndIsRepaired)
{
    fake_.card.identity.limited = 1;
    fake_.card.firmware.runs = 0;
    open();
    EXPECT_EQ(static_cast<uint32_t>(VDC_DEVICE_LIMITED), vdc_device_get_info(device_)->state);
    EXPECT_STATUS(VDC_E_FIRMWARE, vdc_stream_open(&stream_, device_, nullptr));
    uint8_t image[100] = {0};
    ASSERT_STATUS(VDC_OK,
                  vdc_device_load_firmware(device_, image, sizeof(image), nullptr, nullptr));
    EXPECT_EQ(static_cast<uint32_t>(VDC_DEVICE_READY), vdc_device_get_info(device_)->state);
    stream();
}

} // namespace
