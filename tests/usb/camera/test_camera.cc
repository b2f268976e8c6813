// SPDX-License-Identifier: MIT
// The test camera read by the backend's own modules: each mode on each bus, each fault with its injections and its outcome.
#include "host.h"

#include <cstring>

namespace {

struct Mode {
    const char *code;
    camera_format format;
    uint32_t width, height;
    bool high_speed; // it fits there
};
const Mode modes[] = {
    {"YUYV", CAMERA_YUYV,  640,  360,  true },
    {"YUYV", CAMERA_YUYV,  320,  240,  true },
    {"YUYV", CAMERA_YUYV,  1280, 720,  false},
    {"YUYV", CAMERA_YUYV,  1920, 1080, false},
    {"NV12", CAMERA_NV12,  640,  360,  true },
    {"NV12", CAMERA_NV12,  1280, 720,  false},
    {"MJPG", CAMERA_MJPEG, 640,  360,  true },
    {"MJPG", CAMERA_MJPEG, 1920, 1080, true },
    {"H264", CAMERA_H264,  1280, 720,  true },
};

std::vector<uint8_t> expected(const Mode &mode, uint32_t number)
{
    std::vector<uint8_t> out(4200000);
    out.resize(
        camera_picture(out.data(), out.size(), mode.format, mode.width, mode.height, number, 0));
    return out;
}

class Streams : public ::testing::TestWithParam<std::tuple<camera_speed, bool>> {
  protected:
    camera_speed speed() const { return std::get<0>(GetParam()); }
    bool bulk() const { return std::get<1>(GetParam()); }
};

TEST_P(Streams, EveryModeWithoutLoss)
{
    for (const Mode &mode : modes) {
        if (!mode.high_speed && speed() == CAMERA_HIGH) {
            continue;
        }
        Host host(speed(), bulk());

        SCOPED_TRACE(std::string(mode.code) + " " + std::to_string(mode.width));
        ASSERT_EQ("", host.negotiate(mode.code, mode.width, mode.height));
        EXPECT_EQ(0u, host.mended);
        host.start();
        host.run(140);
        ASSERT_GE(host.frames.size(), 4u);
        for (uint32_t n = 0; n < host.frames.size(); n++) {
            ASSERT_EQ(UVC_FAULT_NONE, static_cast<int>(host.frames[n].result.fault)) << n;
            ASSERT_EQ(expected(mode, n), host.frames[n].bytes) << n;
            // The sensor's time, of the first frame and every 33.3333 ms.
            int64_t truth = 1000125000 + n * INT64_C(33333300);
            ASSERT_NE(VDC_ERROR_UNKNOWN_NS, host.frames[n].bound_ns);
            ASSERT_LE(std::abs(host.frames[n].host_ns - truth), host.frames[n].bound_ns) << n;
        }
        EXPECT_EQ(0u, camera_get_ledger(host.camera.get())->skipped);
        EXPECT_EQ(camera_get_ledger(host.camera.get())->finished, host.frames.size());
    }
}

INSTANTIATE_TEST_SUITE_P(Buses, Streams,
                         ::testing::Combine(::testing::Values(CAMERA_HIGH, CAMERA_SUPER),
                                            ::testing::Bool()));

// ---- What does not fit is refused with the arithmetic ----

TEST(Limits, HighSpeedIsTooSlowForThisAndSaysSo)
{
    Host host(CAMERA_HIGH, false);

    EXPECT_EQ("1280 x 720 every 33.3333 ms are 1843200 bytes a frame and 603 headers of 12, "
              "together 55513 kB/s; setting 4 carries 3072 bytes an interval, 24576 kB/s",
              host.negotiate("YUYV", 1280, 720));
}

TEST(Limits, ASensorFasterThanTheBusSkipsAndCounts)
{
    Host host(CAMERA_HIGH, true);

    ASSERT_EQ("", host.negotiate("YUYV", 1280, 720)) << "bulk has no share that could be computed";
    host.start();
    host.run(1200);
    const camera_ledger *ledger = camera_get_ledger(host.camera.get());
    EXPECT_GT(ledger->skipped, 0u);
    EXPECT_EQ(ledger->finished, host.frames.size());
    for (uint32_t n = 0; n < host.frames.size(); n++) {
        EXPECT_EQ(expected(modes[2], n), host.frames[n].bytes);
    }
}

// ---- Faults ----

struct Outcome {
    camera_fault fault;
    uint32_t frame; // what becomes of the frame
    bool iso, bulk;
};
const Outcome outcomes[] = {
    {CAMERA_FID_STUCK,    UVC_FAULT_NONE,      true,  true },
    {CAMERA_NO_EOF,       UVC_FAULT_NONE,      true,  true },
    {CAMERA_ERROR_BIT,    UVC_FAULT_ERROR_BIT, true,  true },
    {CAMERA_SHORT_FRAME,  UVC_FAULT_SHORT,     true,  true },
    {CAMERA_LONG_FRAME,   UVC_FAULT_LONG,      true,  true },
    {CAMERA_BAD_HEADER,   UVC_FAULT_HEADER,    true,  true },
    {CAMERA_LOST_PACKET,  UVC_FAULT_SHORT,     true,  false},
    {CAMERA_ZERO_PACKETS, UVC_FAULT_NONE,      true,  false},
    {CAMERA_SCR_BACK,     UVC_FAULT_NONE,      true,  true },
    {CAMERA_STALL_STREAM, UVC_FAULT_STALL,     false, true },
};

TEST(Faults, EachIsInjectedAndNamed)
{
    for (bool bulk : {false, true}) {
        for (const Outcome &outcome : outcomes) {
            Host host(CAMERA_HIGH, bulk);

            if (!(bulk ? outcome.bulk : outcome.iso)) {
                continue;
            }
            SCOPED_TRACE(std::to_string(outcome.fault) + (bulk ? " bulk" : " iso"));
            ASSERT_EQ(1, camera_plant(host.camera.get(), outcome.fault, 5, 1));
            ASSERT_EQ("", host.negotiate("YUYV", 640, 360));
            host.start();
            host.run(300);
            const camera_ledger *ledger = camera_get_ledger(host.camera.get());
            ASSERT_GE(host.frames.size(), 8u);
            EXPECT_EQ(1u, ledger->injected[outcome.fault]);
            EXPECT_EQ(ledger->finished + ledger->given_up, host.frames.size());
            EXPECT_EQ(outcome.fault == CAMERA_STALL_STREAM ? 1u : 0u, ledger->given_up);
            EXPECT_LE(ledger->begun - ledger->finished - ledger->given_up, 1u) << "in progress";
            for (uint32_t n = 0; n < host.frames.size(); n++) {
                uint32_t fault = host.frames[n].result.fault;

                if (n == 5) {
                    EXPECT_EQ(outcome.frame, fault) << uvc_fault_name(fault);
                } else {
                    EXPECT_EQ(UVC_FAULT_NONE, static_cast<int>(fault)) << n;
                }
            }
            uvc_counts counts = host.assembler.counts;
            EXPECT_EQ(outcome.fault == CAMERA_FID_STUCK, counts.id_stuck == 1);
            EXPECT_EQ(outcome.fault == CAMERA_NO_EOF || outcome.fault == CAMERA_STALL_STREAM,
                      counts.end_missing == 1);
            EXPECT_EQ(outcome.fault == CAMERA_SCR_BACK, host.clock.backwards != 0);
            EXPECT_EQ(outcome.fault == CAMERA_STALL_STREAM, host.stalls == 1);
        }
    }
}

TEST(Faults, ControlRequests)
{
    std::vector<uint8_t> data(2);
    Host host(CAMERA_HIGH, false);

    camera_plant(host.camera.get(), CAMERA_STALL_CONTROL, 0, 1);
    camera_plant(host.camera.get(), CAMERA_NO_ANSWER, 1, 1);
    camera_plant(host.camera.get(), CAMERA_SHORT_ANSWER, 2, 1);
    EXPECT_EQ(CAMERA_STALLS, host.request(UVC_GET_CUR, 2, 2, 0, data));
    EXPECT_EQ(CAMERA_SILENT, host.request(UVC_GET_CUR, 2, 2, 0, data));
    EXPECT_EQ(1, host.request(UVC_GET_CUR, 2, 2, 0, data));
    EXPECT_EQ(2, host.request(UVC_GET_CUR, 2, 2, 0, data));
    for (camera_fault fault : {CAMERA_STALL_CONTROL, CAMERA_NO_ANSWER, CAMERA_SHORT_ANSWER}) {
        EXPECT_EQ(1u, camera_get_ledger(host.camera.get())->injected[fault]);
    }
}

TEST(Faults, AProbeWithoutSizesIsMended)
{
    Host host(CAMERA_HIGH, false);

    camera_plant(host.camera.get(), CAMERA_PROBE_ZERO, 0, 100);
    ASSERT_EQ("", host.negotiate("YUYV", 320, 240));
    EXPECT_EQ(unsigned{UVC_MENDED_FRAME_BYTES | UVC_MENDED_PAYLOAD}, host.mended);
    host.start();
    host.run(200);
    EXPECT_GE(host.assembler.counts.good, 5u);
}

TEST(Control, WithoutAFaultNothingIsInjected)
{
    Host host(CAMERA_SUPER, true);

    ASSERT_EQ("", host.negotiate("YUYV", 640, 360));
    host.start();
    host.run(200);
    for (uint64_t injected : camera_get_ledger(host.camera.get())->injected) {
        EXPECT_EQ(0u, injected);
    }
    // And the comparison that the tests above rest on can fail.
    EXPECT_NE(expected(modes[0], 0), expected(modes[0], 1));
    EXPECT_EQ(expected(modes[0], 1), host.frames[1].bytes);
}

// ---- Controls ----

TEST(Controls, RangesAndRefusals)
{
    Host host(CAMERA_HIGH, false);
    const uvc_unit *unit = nullptr;
    int listed = 0;

    uvc_controls_each(
        &host.chain,
        [](const uvc_control *, const uvc_unit *, void *user) {
            ++*static_cast<int *>(user);
            return 0;
        },
        &listed);
    EXPECT_EQ(4, listed);
    for (uint32_t id : {uint32_t{VDC_CONTROL_BRIGHTNESS}, uint32_t{VDC_CONTROL_POWER_LINE},
                        uint32_t{VDC_CONTROL_EXPOSURE}, uint32_t{VDC_CONTROL_EXPOSURE_AUTO}}) {
        const uvc_control *control = uvc_control_find(&unit, &host.chain, id);
        uvc_answers answers = {};
        uvc_range range;

        ASSERT_NE(nullptr, control);
        auto ask = [&](uvc_request_code code, uvc_answer *out) {
            std::vector<uint8_t> data(code == UVC_GET_INFO ? 1 : control->bytes);
            int count = host.request(code, control->selector, unit->id, 0, data);

            ASSERT_GT(count, 0);
            out->count = static_cast<uint32_t>(count);
            memcpy(out->bytes, data.data(), out->count);
        };
        ask(UVC_GET_INFO, &answers.info);
        ask(UVC_GET_MIN, &answers.min);
        ask(UVC_GET_MAX, &answers.max);
        ask(UVC_GET_RES, &answers.res);
        ask(UVC_GET_DEF, &answers.def);
        ASSERT_EQ(1, uvc_range_make(&range, control, &answers, host.parsed->version));
        EXPECT_EQ(0u, range.mended) << control->name;
        EXPECT_EQ(id == VDC_CONTROL_EXPOSURE, (range.info.flags & VDC_CONTROL_INACTIVE) != 0)
            << "its automatic is on";
    }
    std::vector<uint8_t> data = {100, 0};
    EXPECT_EQ(CAMERA_STALLS, host.request(UVC_SET_CUR, 2, 2, 0, data)) << "64 at most";
    data.resize(1);
    ASSERT_EQ(1, host.request(UVC_GET_CUR, UVC_VC_REQUEST_ERROR, 0, 0, data));
    EXPECT_EQ(VDC_E_RANGE, uvc_error_status(data[0]));
}

TEST(Controls, ChangesAreTold)
{
    Host host(CAMERA_HIGH, false);
    std::vector<uint8_t> mode = {1};
    uint8_t packet[16];
    uvc_event event;
    int64_t value = 0;

    EXPECT_EQ(0u, camera_status(host.camera.get(), packet, sizeof(packet)));
    ASSERT_EQ(1, host.request(UVC_SET_CUR, 2, 1, 0, mode));
    size_t count = camera_status(host.camera.get(), packet, sizeof(packet));
    ASSERT_EQ(1, uvc_event_parse(&event, packet, count));
    EXPECT_EQ(unsigned{UVC_EVENT_INFO}, event.kind);
    count = camera_status(host.camera.get(), packet, sizeof(packet));
    ASSERT_EQ(1, uvc_event_parse(&event, packet, count));
    const uvc_control *control = uvc_event_control(&event, &host.chain, 0);
    ASSERT_NE(nullptr, control);
    EXPECT_EQ(unsigned{VDC_CONTROL_EXPOSURE}, control->id);
    ASSERT_EQ(1, uvc_value_decode(&value, control, event.bytes, event.count));
    EXPECT_EQ(156, value);
    EXPECT_EQ(2u, camera_get_ledger(host.camera.get())->events);
}

TEST(Controls, ExtensionUnitsAskForTheirLengthFirst)
{
    Host host(CAMERA_HIGH, false);
    std::vector<uint8_t> data(2);

    ASSERT_NE(nullptr, uvc_extension_find(&host.chain, 3, 1));
    ASSERT_EQ(2, host.request(UVC_GET_LEN, 1, 3, 0, data));
    data.resize(uvc_extension_length(data.data(), data.size()));
    ASSERT_EQ(4u, data.size());
    ASSERT_EQ(4, host.request(UVC_GET_CUR, 1, 3, 0, data));
    EXPECT_EQ((std::vector<uint8_t>{1, 2, 3, 4}), data);
    data = {9, 8, 7, 6};
    ASSERT_EQ(4, host.request(UVC_SET_CUR, 1, 3, 0, data));
    std::vector<uint8_t> again(4);
    ASSERT_EQ(4, host.request(UVC_GET_CUR, 1, 3, 0, again));
    EXPECT_EQ(data, again);
}

TEST(Controls, BrightnessIsInThePicture)
{
    Host host(CAMERA_HIGH, true);
    std::vector<uint8_t> data = {20, 0};

    ASSERT_EQ(2, host.request(UVC_SET_CUR, 2, 2, 0, data));
    ASSERT_EQ("", host.negotiate("YUYV", 320, 240));
    host.start();
    host.run(100);
    ASSERT_FALSE(host.frames.empty());
    EXPECT_EQ(static_cast<uint8_t>(expected(modes[1], 0)[0] + 20), host.frames[0].bytes[0]);
}

} // namespace
