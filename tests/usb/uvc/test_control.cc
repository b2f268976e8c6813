// SPDX-License-Identifier: MIT
// Controls, extension units, status packets and quirks.
#include "support.h"

#include <map>
#include <set>

extern "C" {
#include "uvc_control.h"
#include "uvc_quirks.h"
}

namespace {

uvc_answer answer(std::initializer_list<uint8_t> bytes)
{
    uvc_answer out = {};

    for (uint8_t byte : bytes) {
        out.bytes[out.count++] = byte;
    }
    return out;
}

const uvc_control *control_of(uint32_t id)
{
    for (uint32_t i = 0; i < uvc_control_count; i++) {
        if (uvc_controls[i].id == id) {
            return &uvc_controls[i];
        }
    }
    return nullptr;
}

struct ControlTest : ::testing::Test {
    void SetUp() override
    {
        camera = std::make_unique<Camera>(load("logitech-c920"), UVC_SPEED_HIGH);
        uvc_chain_walk(&chain, &**camera, &(*camera)->streams[0]);
    }
    std::unique_ptr<Camera> camera;
    uvc_chain chain;
    uvc_range range;
};

// ---- The table ----

TEST(Table, NumbersAreUniqueAndValuesLieInTheirControl)
{
    std::set<uint32_t> ids;
    std::map<std::pair<int, int>, int> bits;

    for (uint32_t i = 0; i < uvc_control_count; i++) {
        const uvc_control &one = uvc_controls[i];

        EXPECT_TRUE(ids.insert(one.id).second) << one.name;
        EXPECT_LE(one.offset + one.width, one.bytes) << one.name;
        EXPECT_LE(one.bytes, UVC_CONTROL_BYTES_MAX) << one.name;
        EXPECT_TRUE(one.width == 1 || one.width == 2 || one.width == 4) << one.name;
        auto at = bits.insert({
            {one.unit_kind, one.bit},
            one.selector
        });
        EXPECT_EQ(one.selector, at.first->second) << one.name << ": a bit with two selectors";
    }
}

TEST(Table, Requests)
{
    uvc_request get = uvc_request_make(UVC_GET_MIN, 2, 3, 0, 2);
    uvc_request set = uvc_request_make(UVC_SET_CUR, UVC_VS_COMMIT, 0, 1, 34);

    EXPECT_EQ(0xa1, get.type);
    EXPECT_EQ(0x82, get.request);
    EXPECT_EQ(0x0200, get.value);
    EXPECT_EQ(0x0300, get.index);
    EXPECT_EQ(2, get.bytes);
    EXPECT_EQ(0x21, set.type);
    EXPECT_EQ(0x0001, set.index);
    EXPECT_EQ(34, set.bytes);
}

TEST_F(ControlTest, ThoseOfTheC920)
{
    std::set<std::string> names;

    EXPECT_EQ(0, uvc_controls_each(
                     &chain,
                     [](const uvc_control *control, const uvc_unit *, void *user) {
                         static_cast<std::set<std::string> *>(user)->insert(control->name);
                         return 0;
                     },
                     &names));
    std::set<std::string> expected = {"Brightness",
                                      "Contrast",
                                      "Saturation",
                                      "Sharpness",
                                      "White balance temperature",
                                      "White balance temperature, automatic",
                                      "Backlight compensation",
                                      "Gain",
                                      "Power line frequency",
                                      "Exposure, automatic",
                                      "Exposure may change the frame rate",
                                      "Exposure time",
                                      "Focus",
                                      "Focus, automatic",
                                      "Zoom",
                                      "Pan",
                                      "Tilt"};
    EXPECT_EQ(expected, names);

    const uvc_unit *unit = nullptr;
    ASSERT_NE(nullptr, uvc_control_find(&unit, &chain, VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(3, unit->id);
    EXPECT_EQ(nullptr, uvc_control_find(&unit, &chain, VDC_CONTROL_HUE));
    EXPECT_EQ(nullptr, uvc_control_find(&unit, &chain, 12345));
    EXPECT_EQ(
        7, uvc_controls_each(
               &chain, [](const uvc_control *, const uvc_unit *, void *) { return 7; }, nullptr));
}

// ---- Values ----

TEST(Value, RoundTripAtTheLimits)
{
    for (uint32_t i = 0; i < uvc_control_count; i++) {
        const uvc_control &one = uvc_controls[i];
        int64_t span = INT64_C(1) << (8 * one.width);
        int64_t least = one.is_signed ? -span / 2 : 0, most = least + span - 1;

        for (int64_t value : {least, least + 1, int64_t{0}, most - 1, most}) {
            uint8_t bytes[UVC_CONTROL_BYTES_MAX];
            int64_t back = 0;

            memset(bytes, 0x5a, sizeof(bytes));
            ASSERT_EQ(1, uvc_value_encode(bytes, &one, value)) << one.name << " " << value;
            ASSERT_EQ(1, uvc_value_decode(&back, &one, bytes, one.bytes));
            EXPECT_EQ(value, back) << one.name;
            for (uint32_t at = 0; at < UVC_CONTROL_BYTES_MAX; at++) {
                if (at < one.offset || at >= uint32_t{one.offset} + one.width) {
                    EXPECT_EQ(0x5a, bytes[at]) << "the other half of a pair stays";
                }
            }
            EXPECT_EQ(0, uvc_value_decode(&back, &one, bytes, one.offset + one.width - 1u));
        }
        uint8_t bytes[UVC_CONTROL_BYTES_MAX];
        EXPECT_EQ(0, uvc_value_encode(bytes, &one, least - 1));
        EXPECT_EQ(0, uvc_value_encode(bytes, &one, most + 1));
    }
}

TEST(Value, ExposureModes)
{
    EXPECT_EQ(0, uvc_exposure_auto_of(1));
    EXPECT_EQ(1, uvc_exposure_auto_of(2));
    EXPECT_EQ(0, uvc_exposure_auto_of(4)) << "the time is by hand";
    EXPECT_EQ(1, uvc_exposure_auto_of(8));
    EXPECT_EQ(8, uvc_exposure_mode_of(1, 1 | 8));
    EXPECT_EQ(2, uvc_exposure_mode_of(1, 1 | 2 | 8));
    EXPECT_EQ(1, uvc_exposure_mode_of(0, 1 | 8));
    EXPECT_EQ(4, uvc_exposure_mode_of(0, 4 | 8));
    for (uint32_t modes = 1; modes < 16; modes++) {
        for (int automatic : {0, 1}) {
            uint8_t mode = uvc_exposure_mode_of(automatic, modes);

            if (modes & (automatic ? 2 | 8 : 1 | 4)) {
                EXPECT_TRUE(mode & modes) << "one that the camera has";
                EXPECT_EQ(automatic, uvc_exposure_auto_of(mode));
            }
        }
    }
}

// ---- Ranges ----

TEST_F(ControlTest, AGoodRange)
{
    const uvc_control *brightness = control_of(VDC_CONTROL_BRIGHTNESS);
    uvc_answers answers = {answer({3}), answer({0xc0, 0xff}), answer({64, 0}), answer({2, 0}),
                           answer({4, 0})};

    ASSERT_EQ(1, uvc_range_make(&range, brightness, &answers, 0x0100));
    EXPECT_EQ(-64, range.info.minimum);
    EXPECT_EQ(64, range.info.maximum);
    EXPECT_EQ(2, range.info.step);
    EXPECT_EQ(4, range.info.default_value);
    EXPECT_EQ(0u, range.info.flags);
    EXPECT_EQ(0u, range.mended);
    answers.info = answer({1 | UVC_INFO_AUTOUPDATE | UVC_INFO_DISABLED_AUTO});
    ASSERT_EQ(1, uvc_range_make(&range, brightness, &answers, 0x0100));
    EXPECT_EQ(unsigned{VDC_CONTROL_READ_ONLY | VDC_CONTROL_VOLATILE | VDC_CONTROL_INACTIVE},
              range.info.flags);
    answers.info = answer({2});
    EXPECT_EQ(0, uvc_range_make(&range, brightness, &answers, 0x0100)) << "it cannot be read";
}

TEST_F(ControlTest, BadRanges)
{
    const uvc_control *gain = control_of(VDC_CONTROL_GAIN);
    uvc_answers answers = {{}, answer({10, 0}), answer({255, 0}), answer({0, 0}), answer({0, 9})};

    ASSERT_EQ(1, uvc_range_make(&range, gain, &answers, 0x0100));
    EXPECT_EQ(1, range.info.step) << "of 0";
    EXPECT_EQ(255, range.info.default_value) << "it was 2304";
    EXPECT_EQ(1u, range.mended);
    answers.def = answer({5, 0});
    answers.res = answer({255, 255});
    ASSERT_EQ(1, uvc_range_make(&range, gain, &answers, 0x0100));
    EXPECT_EQ(10, range.info.default_value);
    EXPECT_EQ(1, range.info.step) << "longer than the range";
    answers.max = answer({9, 0});
    EXPECT_EQ(0, uvc_range_make(&range, gain, &answers, 0x0100)) << "it ends before it begins";
    answers.max = answer({9});
    EXPECT_EQ(0, uvc_range_make(&range, gain, &answers, 0x0100)) << "one byte of two";
}

TEST_F(ControlTest, Menus)
{
    const uvc_control *line = control_of(VDC_CONTROL_POWER_LINE);
    uvc_answers answers = {};

    ASSERT_EQ(1, uvc_range_make(&range, line, &answers, 0x0110));
    EXPECT_EQ(3u, range.info.menu_count);
    ASSERT_EQ(1, uvc_range_make(&range, line, &answers, 0x0150));
    ASSERT_EQ(4u, range.info.menu_count);
    EXPECT_STREQ("Automatic", range.info.menu[3].name);
    answers.min = answer({1});
    answers.max = answer({2});
    answers.def = answer({2});
    ASSERT_EQ(1, uvc_range_make(&range, line, &answers, 0x0150));
    ASSERT_EQ(2u, range.info.menu_count);
    EXPECT_STREQ("50 Hz", range.info.menu[0].name);
    EXPECT_EQ(2, range.info.default_value);
    for (int least = 0; least < 256; least++) {
        for (int most = 0; most < 256; most++) {
            answers.min = answer({static_cast<uint8_t>(least)});
            answers.max = answer({static_cast<uint8_t>(most)});
            ASSERT_EQ(1, uvc_range_make(&range, line, &answers, 0x0150));
            ASSERT_GE(range.info.menu_count, 1u);
            ASSERT_LE(range.info.menu_count, UVC_MENU_MAX);
            ASSERT_GE(range.info.default_value, range.info.minimum);
            ASSERT_LE(range.info.default_value, range.info.maximum);
        }
    }
}

TEST_F(ControlTest, ExposureModeIsASwitch)
{
    const uvc_control *mode = control_of(VDC_CONTROL_EXPOSURE_AUTO);
    uvc_answers answers = {answer({3}), {}, {}, answer({9}), answer({8})};

    ASSERT_EQ(1, uvc_range_make(&range, mode, &answers, 0x0100));
    EXPECT_EQ(unsigned{VDC_CONTROL_BOOLEAN}, range.info.type);
    EXPECT_EQ(9u, range.modes);
    EXPECT_EQ(1, range.info.default_value);
    EXPECT_EQ(1, range.info.maximum);
    EXPECT_EQ(8, uvc_value_camera(mode, 1, range.modes));
    EXPECT_EQ(1, uvc_value_camera(mode, 0, range.modes));
    EXPECT_EQ(5, uvc_value_camera(control_of(VDC_CONTROL_GAIN), 5, 0));
}

// ---- Events ----

TEST_F(ControlTest, StatusPackets)
{
    const uint8_t value[] = {0x01, 3, 0x00, 0x02, 0x00, 0x34, 0x12};
    const uint8_t info[] = {0x01, 1, 0x00, 0x0d, 0x01, 0x00};
    const uint8_t button[] = {0x02, 1, 0x00, 0x01};
    const uint8_t unknown[] = {0x01, 3, 0x07, 0x02, 0x00, 0x34, 0x12};
    uvc_event event;
    int64_t number = 0;

    ASSERT_EQ(1, uvc_event_parse(&event, value, sizeof(value)));
    const uvc_control *control = uvc_event_control(&event, &chain, 0);
    ASSERT_NE(nullptr, control);
    EXPECT_EQ(unsigned{VDC_CONTROL_BRIGHTNESS}, control->id);
    EXPECT_EQ(1, uvc_value_decode(&number, control, event.bytes, event.count));
    EXPECT_EQ(0x1234, number);
    EXPECT_EQ(nullptr, uvc_event_control(&event, &chain, 1));

    ASSERT_EQ(1, uvc_event_parse(&event, info, sizeof(info)));
    EXPECT_EQ(unsigned{UVC_EVENT_INFO}, event.kind);
    EXPECT_STREQ("Pan", uvc_event_control(&event, &chain, 0)->name);
    EXPECT_STREQ("Tilt", uvc_event_control(&event, &chain, 1)->name) << "both halves";

    ASSERT_EQ(1, uvc_event_parse(&event, button, sizeof(button)));
    EXPECT_EQ(unsigned{UVC_EVENT_BUTTON}, event.kind);
    EXPECT_EQ(nullptr, uvc_event_control(&event, &chain, 0));
    EXPECT_EQ(0, uvc_event_parse(&event, unknown, sizeof(unknown)));
    for (size_t count = 0; count < 5; count++) {
        EXPECT_EQ(0, uvc_event_parse(&event, value, count)) << count;
    }
    event.origin = 77;
    EXPECT_EQ(nullptr, uvc_event_control(&event, &chain, 0));
}

TEST(Event, AnyBytes)
{
    std::vector<uint8_t> bytes;
    int parsed = 0;

    for (uint32_t seed = 0; seed < 20000; seed++) {
        std::unique_ptr<uint8_t[]> packet(new uint8_t[seed % 20 + 1]);
        uint32_t state = seed * 2654435761u;
        uvc_event event;

        for (uint32_t i = 0; i < seed % 20; i++) {
            state = state * 1664525u + 1013904223u;
            packet[i] = static_cast<uint8_t>(i < 5 ? (state >> 24) % 6 : state >> 24);
        }
        parsed += uvc_event_parse(&event, packet.get(), seed % 20);
        ASSERT_LE(event.count, UVC_CONTROL_BYTES_MAX);
    }
    EXPECT_GT(parsed, 100);
}

TEST(Event, Refusals)
{
    EXPECT_EQ(VDC_E_RANGE, uvc_error_status(4));
    EXPECT_EQ(VDC_E_NOT_FOUND, uvc_error_status(6));
    EXPECT_EQ(VDC_E_IO, uvc_error_status(0xff));
    for (int code = 0; code < 256; code++) {
        EXPECT_STRNE("", uvc_error_words(static_cast<uint8_t>(code)));
    }
}

// ---- Extension units ----

TEST_F(ControlTest, ExtensionUnits)
{
    const uint8_t lengths[] = {0x10, 0x00, 0xff, 0xff};

    ASSERT_NE(nullptr, uvc_extension_find(&chain, 6, 1));
    EXPECT_NE(nullptr, uvc_extension_find(&chain, 6, 10));
    EXPECT_EQ(nullptr, uvc_extension_find(&chain, 6, 11)) << "not in its bitmap";
    EXPECT_EQ(nullptr, uvc_extension_find(&chain, 6, 0));
    EXPECT_EQ(nullptr, uvc_extension_find(&chain, 8, 3)) << "0x3b has no bit 2";
    EXPECT_EQ(nullptr, uvc_extension_find(&chain, 3, 1)) << "a processing unit";
    EXPECT_EQ(nullptr, uvc_extension_find(&chain, 6, 4000000000u));
    vdc_extension_info info;
    uvc_extension_describe(&info, uvc_extension_find(&chain, 6, 1));
    EXPECT_EQ(6u, info.unit);
    EXPECT_EQ(0x7feu, info.selectors[0]) << "1 to 10";
    EXPECT_EQ(16u, uvc_extension_length(lengths, 2));
    EXPECT_EQ(0u, uvc_extension_length(lengths, 1));
    EXPECT_EQ(0u, uvc_extension_length(lengths + 2, 2)) << "65535 bytes";
}

// ---- Quirks ----

TEST(Quirks, TableIsSortedAndSaysWhat)
{
    for (uint32_t i = 0; i < uvc_quirk_count; i++) {
        const uvc_quirk_entry &one = uvc_quirk_table[i];

        if (i > 0) {
            EXPECT_LT(uvc_quirk_table[i - 1].vendor << 16 | uvc_quirk_table[i - 1].product,
                      one.vendor << 16 | one.product);
        }
        ASSERT_NE(0u, one.quirks) << one.camera;
        for (uint32_t bit = 0; bit < 32; bit++) {
            if (one.quirks >> bit & 1) {
                EXPECT_STRNE("?", uvc_quirk_words(UINT32_C(1) << bit)) << one.camera;
            }
        }
        EXPECT_EQ(one.quirks, uvc_quirks_of(one.vendor, one.product));
    }
    EXPECT_EQ(0u, uvc_quirks_of(0x1234, 0x5678));
    EXPECT_STREQ("?", uvc_quirk_words(3));
}

} // namespace
