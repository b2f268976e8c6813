/* SPDX-License-Identifier: MIT */
/*
 * The reference images: the same bytes every time, accepted by the core's checker, with the tables
 * that their descriptions tell, and really different from each other.
 */
#include "builder.h"

extern "C" {
#include "vdh_default_image.h"
#include "vdh_image.h"
#include "vdh_tables.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

static const std::string description_1_0 = std::string(DESCRIPTIONS_DIR) + "/capture-1.0.fw";
static const std::string description_1_1 = std::string(DESCRIPTIONS_DIR) + "/capture-1.1.fw";
static const std::string image_1_0 = std::string(FIRMWARE_DIR) + "/capture-1.0.vdfw";
static const std::string image_1_1 = std::string(FIRMWARE_DIR) + "/capture-1.1.vdfw";

/* What the reference card accepts. */
static const vdh_image_rules rules = {0x00000001, 0x01000000, 0x01ffffff, 0x40000};

/* The core's verdict, with an odd budget so that steps end in odd places. */
static std::string verdict(const std::vector<uint8_t> &image, vdh_image_info *info = nullptr)
{
    vdh_image_check check;
    int result = VDH_AGAIN;

    vdh_image_check_start(&check, image.data(), static_cast<uint32_t>(image.size()), &rules);
    for (unsigned i = 0; i < 100000 && result == VDH_AGAIN; i++) {
        result = vdh_image_check_step(&check, 77);
    }
    if (info) {
        *info = check.info;
    }
    return result == VDH_OK ? "OK" : vdh_image_error_name(check.error);
}

/* An image and the tables in it. */
struct Image {
    explicit Image(const std::string &path) : bytes(read_bytes(path))
    {
        EXPECT_EQ(verdict(bytes, &info), "OK");
        if (bytes.size() > info.tables_offset) {
            EXPECT_EQ(
                vdh_tables_parse(&tables, bytes.data() + info.tables_offset, info.tables_bytes),
                VDH_OK);
        }
    }

    std::string input(uint32_t index) const
    {
        vdh_input_info out = {};

        EXPECT_EQ(vdh_tables_input(&out, &tables, index), VDH_OK);
        return out.name;
    }

    std::set<std::string> timings() const
    {
        std::set<std::string> names;
        vdh_timing_info out = {};

        for (uint32_t i = 0; vdh_tables_timing(&out, &tables, i) == VDH_OK; i++) {
            names.insert(out.name);
        }
        return names;
    }

    std::vector<std::pair<int, int>> sizes() const
    {
        std::vector<std::pair<int, int>> out;
        vdh_mode_info mode = {};

        for (uint32_t i = 0; vdh_tables_mode(&mode, &tables, i) == VDH_OK; i++) {
            out.emplace_back(mode.width, mode.height);
        }
        return out;
    }

    vdh_control_info control(uint32_t id, uint32_t *number = nullptr) const
    {
        vdh_control_info out = {};

        for (uint32_t i = 0; vdh_tables_control(&out, &tables, i) == VDH_OK; i++) {
            if (out.id == id) {
                if (number) {
                    *number = i;
                }
                return out;
            }
        }
        ADD_FAILURE() << "no control " << id;
        return {};
    }

    std::vector<std::string> menu(uint32_t id) const
    {
        std::vector<std::string> out;
        uint32_t number = 0;
        char name[32];

        control(id, &number);
        for (uint32_t i = 0; vdh_tables_menu(name, &tables, number, i) == VDH_OK; i++) {
            out.emplace_back(name);
        }
        return out;
    }

    std::vector<uint8_t> bytes;
    vdh_image_info info = {};
    vdh_tables tables = {};
};

TEST(Images, AreByteIdenticalWhereverTheyAreBuilt)
{
    Builder builder;
    Outcome outcome;

    EXPECT_EQ(builder.build(description_1_0), read_bytes(image_1_0));
    EXPECT_EQ(builder.build(description_1_1), read_bytes(image_1_1));

    /* By a relative name, in another folder, in another time zone and language. */
    setenv("TZ", "Pacific/Auckland", 1);
    setenv("LC_ALL", "tr_TR.UTF-8", 1);
    outcome = builder.run({"-o", builder.path("again.vdfw"), "capture-1.1.fw"}, DESCRIPTIONS_DIR);
    unsetenv("TZ");
    unsetenv("LC_ALL");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(read_bytes(builder.path("again.vdfw")), read_bytes(image_1_1));
}

TEST(Images, DefaultIsVersion11)
{
    std::vector<uint8_t> file = read_bytes(image_1_1);

    ASSERT_EQ(vdh_default_image_bytes, file.size());
    EXPECT_EQ(std::memcmp(vdh_default_image, file.data(), file.size()), 0);
}

TEST(Images, HeadersAreAsDescribed)
{
    Image older(image_1_0);
    Image newer(image_1_1);

    EXPECT_EQ(older.info.version, 0x01000000u);
    EXPECT_EQ(newer.info.version, 0x01010000u);
    EXPECT_STREQ(older.info.name, "Capture firmware 1.0.0");
    EXPECT_STREQ(newer.info.name, "Capture firmware 1.1.0");
    for (const Image *image : {&older, &newer}) {
        EXPECT_EQ(image->info.target, 1u);
        /* As large as the code of a small processor: uploads have a realistic length. */
        EXPECT_GE(image->bytes.size(), 48u * 1024);
        EXPECT_LE(image->bytes.size(), 100u * 1024);
        EXPECT_LE(image->info.tables_bytes, VDH_TABLES_MAX_BYTES);
    }
}

/* What applications meet first on either version. */
TEST(Images, DefaultsAreFullHdFromHdmi)
{
    for (const std::string &path : {image_1_0, image_1_1}) {
        Image image(path);
        vdh_input_info input = {};
        vdh_timing_info timing = {};
        vdh_mode_info mode = {};
        vdh_interval interval = {};

        ASSERT_EQ(vdh_tables_input(&input, &image.tables, 0), VDH_OK);
        EXPECT_STREQ(input.name, "HDMI");
        EXPECT_EQ(input.kind, VDH_L_INPUT_KIND_DIGITAL);
        ASSERT_EQ(vdh_tables_timing(&timing, &image.tables, input.timing_default), VDH_OK);
        EXPECT_STREQ(timing.name, "1080p60");
        EXPECT_EQ(timing.width, 1920);
        EXPECT_EQ(timing.height, 1080);
        EXPECT_EQ(timing.interval_num, 1u);
        EXPECT_EQ(timing.interval_den, 60u);
        EXPECT_EQ(timing.pixel_clock_khz, 148500u);
        ASSERT_EQ(vdh_tables_mode(&mode, &image.tables, 0), VDH_OK);
        EXPECT_EQ(mode.width, 1920);
        EXPECT_EQ(mode.height, 1080);
        EXPECT_EQ(mode.width_min, 64);
        EXPECT_EQ(mode.height_min, 64);
        EXPECT_EQ(mode.width_step, 2);
        EXPECT_EQ(mode.formats, 0x1f);
        EXPECT_TRUE(mode.inputs & 1);
        EXPECT_FALSE(mode.inputs & 2) << "no analogue input delivers full HD";
        ASSERT_EQ(vdh_tables_interval(&interval, &image.tables, mode.interval_first), VDH_OK);
        EXPECT_EQ(interval.num, 1u);
        EXPECT_EQ(interval.den, 60u);
    }
}

TEST(Images, AnalogueStandardsAreInterlaced)
{
    Image image(image_1_0);
    vdh_input_info input = {};

    ASSERT_EQ(vdh_tables_input(&input, &image.tables, 1), VDH_OK);
    EXPECT_STREQ(input.name, "Composite");
    EXPECT_EQ(input.kind, VDH_L_INPUT_KIND_ANALOG);
    EXPECT_EQ(input.timing_count, 2);
    for (uint32_t i = 0; i < input.timing_count; i++) {
        vdh_timing_info timing = {};

        ASSERT_EQ(vdh_tables_timing(&timing, &image.tables, input.timing_first + i), VDH_OK);
        EXPECT_STREQ(timing.name, i == 0 ? "NTSC" : "PAL");
        EXPECT_EQ(timing.flags, VDH_B_TIMING_FLAGS_INTERLACED);
        EXPECT_EQ(timing.height, i == 0 ? 480 : 576);
        EXPECT_EQ(timing.interval_num, i == 0 ? 1001u : 1u);
        EXPECT_EQ(timing.interval_den, i == 0 ? 30000u : 25u);
    }
}

TEST(Images, EveryControlIsThere)
{
    Image image(image_1_0);
    vdh_control_info exposure = image.control(VDH_L_CONTROL_ID_EXPOSURE);

    EXPECT_EQ(image.tables.control_count, 9);
    EXPECT_EQ(exposure.type, VDH_L_CONTROL_TYPE_INTEGER);
    EXPECT_EQ(exposure.flags, VDH_B_CONTROL_FLAGS_VOLATILE);
    EXPECT_EQ(exposure.step, 10);
    EXPECT_EQ(exposure.def, 160);
    /* The card's own exposure control goes that far: section 7 of the data sheet. */
    EXPECT_GE(exposure.maximum, exposure.def + 8 * exposure.step);
    EXPECT_EQ(image.control(VDH_L_CONTROL_ID_HUE).minimum, -180);
    EXPECT_EQ(image.control(VDH_L_CONTROL_ID_EXPOSURE_AUTO).type, VDH_L_CONTROL_TYPE_BOOLEAN);
    EXPECT_EQ(image.control(VDH_L_CONTROL_ID_WHITE_BALANCE).type, VDH_L_CONTROL_TYPE_BUTTON);
    EXPECT_EQ(image.menu(VDH_L_CONTROL_ID_POWER_LINE),
              (std::vector<std::string>{"Disabled", "50 Hz", "60 Hz"}));
}

/* All differences, so that one more or one less is seen. */
TEST(Images, VersionsDifferInWhatTheCardCanDo)
{
    Image older(image_1_0);
    Image newer(image_1_1);
    std::set<std::string> timings = newer.timings();
    std::vector<std::pair<int, int>> sizes = newer.sizes();
    std::set<uint32_t> wider;

    EXPECT_EQ(older.tables.input_count, 2);
    ASSERT_EQ(newer.tables.input_count, 3);
    EXPECT_EQ(older.input(0), newer.input(0));
    EXPECT_EQ(older.input(1), newer.input(1));
    EXPECT_EQ(newer.input(2), "SDI");

    for (const std::string &name : older.timings()) {
        EXPECT_EQ(timings.erase(name), 1u) << name;
    }
    EXPECT_EQ(timings, (std::set<std::string>{"2160p30", "2160p60"}));

    ASSERT_EQ(sizes.size(), older.sizes().size() + 1);
    EXPECT_EQ(sizes.back(), std::make_pair(3840, 2160));
    sizes.pop_back();
    EXPECT_EQ(sizes, older.sizes()) << "a mode's number means the same on both";

    ASSERT_EQ(newer.tables.control_count, older.tables.control_count);
    for (uint32_t i = 0; i < older.tables.control_count; i++) {
        vdh_control_info before = {};
        vdh_control_info after = {};

        ASSERT_EQ(vdh_tables_control(&before, &older.tables, i), VDH_OK);
        ASSERT_EQ(vdh_tables_control(&after, &newer.tables, i), VDH_OK);
        EXPECT_EQ(before.id, after.id);
        EXPECT_STREQ(before.name, after.name);
        EXPECT_GE(after.maximum, before.maximum);
        if (after.maximum > before.maximum) {
            wider.insert(after.id);
        }
    }
    EXPECT_EQ(wider, (std::set<uint32_t>{VDH_L_CONTROL_ID_CONTRAST, VDH_L_CONTROL_ID_SATURATION,
                                         VDH_L_CONTROL_ID_GAIN, VDH_L_CONTROL_ID_EXPOSURE,
                                         VDH_L_CONTROL_ID_POWER_LINE}));
    EXPECT_EQ(newer.menu(VDH_L_CONTROL_ID_POWER_LINE),
              (std::vector<std::string>{"Disabled", "50 Hz", "60 Hz", "Auto"}));
    EXPECT_EQ(newer.control(VDH_L_CONTROL_ID_POWER_LINE).def, 3);
}

TEST(Images, WrongOnesAreRefusedByName)
{
    static const struct {
        std::vector<std::string> options;
        const char *verdict;
    } table[] = {
        {{"--target", "2"},                       "TARGET" },
        {{"--target", "0xffffffff"},              "TARGET" },
        {{"--version", "0.255.65535"},            "TOO_OLD"},
        {{"--version", "0.0.1"},                  "TOO_OLD"},
        {{"--version", "1.0.0"},                  "OK"     },
        {{"--version", "1.255.65535"},            "OK"     },
        {{"--version", "2.0.0"},                  "TOO_NEW"},
        {{"--version", "255.0.0"},                "TOO_NEW"},
        {{"--target", "2", "--version", "0.0.1"}, "TARGET" },
        {{"--code-bytes", "0"},                   "OK"     },
        {{"--code-bytes", "3"},                   "OK"     },
    };

    for (const auto &entry : table) {
        Builder builder;

        EXPECT_EQ(verdict(builder.build(description_1_1, entry.options)), entry.verdict)
            << entry.options[0] << " " << entry.options[1];
    }
}

TEST(Images, CSourceIsTheImage)
{
    Builder builder;
    std::string from_image;
    std::string from_text;

    ASSERT_EQ(builder.run({"--c", "my_image", "-o", builder.path("a.c"), image_1_0}).status, 0);
    ASSERT_EQ(builder.run({"--c", "my_image", "-o", builder.path("b.c"), description_1_0}).status,
              0);
    from_image = read_text(builder.path("a.c"));
    from_text = read_text(builder.path("b.c"));
    EXPECT_EQ(from_image, from_text);
    EXPECT_NE(from_image.find("const uint8_t my_image[] = {"), std::string::npos);
    EXPECT_NE(from_image.find("const uint32_t my_image_bytes = " +
                              std::to_string(read_bytes(image_1_0).size()) + "u;"),
              std::string::npos);
}

static size_t count_of(const std::string &text, const std::string &part)
{
    size_t count = 0;

    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        count++;
    }
    return count;
}

TEST(Images, PrintSaysWhatIsInside)
{
    Builder builder;
    Image image(image_1_1);
    Outcome outcome = builder.run({"--print", image_1_1});
    std::string hash;

    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    for (uint32_t i = 0; i < 32; i++) {
        char text[3];

        snprintf(text, sizeof text, "%02x", image.bytes[VDH_O_IMAGE_BODY_SHA256 + i]);
        hash += text;
    }
    for (const std::string &part :
         {std::string("Capture firmware 1.1.0"), std::string("1.1.0 (0x01010000)"),
          std::string("target     0x00000001"), "SHA-256 " + hash + " good",
          std::string("2 \"SDI\" DIGITAL, timings 2 to 8, default 7"),
          std::string("\"NTSC\" ANALOG 720x480 1001/30000 s (29.970 Hz) INTERLACED"),
          std::string("6 3840x2160 from 64x64 in steps of 2x2, inputs 0, formats YUYV UYVY NV12 "
                      "GREY, intervals 1/60 1/30\n"),
          std::string("3 \"Hue\" HUE INTEGER from -180 to 180 in steps of 1, default 0\n"),
          std::string("menu \"Disabled\", \"50 Hz\", \"60 Hz\", \"Auto\"\n")}) {
        EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(count_of(outcome.out, "\n  "),
              static_cast<size_t>(image.tables.input_count + image.tables.timing_count +
                                  image.tables.mode_count + image.tables.control_count));
    EXPECT_EQ(outcome.out.find("BAD"), std::string::npos);
}

TEST(Images, PrintRefusesByName)
{
    Builder builder;
    std::vector<uint8_t> image = read_bytes(image_1_0);
    Outcome outcome;

    image[200] ^= 1;
    write_bytes(builder.path("bad.vdfw"), image.data(), image.size());
    outcome = builder.run({"--print", builder.path("bad.vdfw")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.out.find("refused    BODY_CRC: "), std::string::npos) << outcome.out;
    EXPECT_EQ(count_of(outcome.out, "BAD"), 2u) << "CRC-32 and SHA-256 of the body";
    EXPECT_EQ(outcome.out.find("\nmodes\n"), std::string::npos) << "tables that are not sound";

    write_bytes(builder.path("bad.vdfw"), image.data(), 100);
    outcome = builder.run({"--print", builder.path("bad.vdfw")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.out.find("INCOMPLETE"), std::string::npos) << outcome.out;

    /* Nor does it become C source. */
    outcome = builder.run({"--c", "x", "-o", builder.path("x.c"), builder.path("bad.vdfw")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("INCOMPLETE"), std::string::npos) << outcome.err;
    EXPECT_FALSE(exists(builder.path("x.c")));
}
