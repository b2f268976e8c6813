/* SPDX-License-Identifier: MIT */
/*
 * The tables' parser: what each rule of the data sheet refuses, and that no bytes whatsoever lead
 * it outside its block (which has exactly the size it was told).
 */
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "fake.h"

namespace {

struct Parsed {
    int result;
    vdh_tables tables;
    std::unique_ptr<uint8_t[]> bytes;
};

Parsed parse(const std::vector<uint8_t> &tables)
{
    Parsed parsed = {
        0, {}, std::unique_ptr<uint8_t[]>(new uint8_t[tables.size() + tables.empty()])};
    std::copy(tables.begin(), tables.end(), parsed.bytes.get());
    parsed.result = vdh_tables_parse(&parsed.tables, parsed.bytes.get(), uint32_t(tables.size()));
    if (parsed.result) {
        vdh_tables none = {};
        EXPECT_EQ(memcmp(&parsed.tables, &none, sizeof(none)), 0);
    }
    return parsed;
}

/* Reads everything there is, one number past each end included. */
void read_all(const vdh_tables &tables)
{
    vdh_input_info input;
    vdh_timing_info timing;
    vdh_mode_info mode;
    vdh_interval interval;
    vdh_control_info control;
    char name[32];

    for (uint32_t i = 0; i <= tables.input_count; i++) {
        EXPECT_EQ(vdh_tables_input(&input, &tables, i),
                  i < tables.input_count ? VDH_OK : VDH_E_RANGE);
    }
    for (uint32_t i = 0; i <= tables.timing_count; i++) {
        EXPECT_EQ(vdh_tables_timing(&timing, &tables, i),
                  i < tables.timing_count ? VDH_OK : VDH_E_RANGE);
    }
    for (uint32_t i = 0; i <= tables.mode_count; i++) {
        EXPECT_EQ(vdh_tables_mode(&mode, &tables, i), i < tables.mode_count ? VDH_OK : VDH_E_RANGE);
    }
    for (uint32_t i = 0; i <= tables.interval_count; i++) {
        EXPECT_EQ(vdh_tables_interval(&interval, &tables, i),
                  i < tables.interval_count ? VDH_OK : VDH_E_RANGE);
    }
    for (uint32_t i = 0; i <= tables.control_count; i++) {
        int result = vdh_tables_control(&control, &tables, i);
        EXPECT_EQ(result, i < tables.control_count ? VDH_OK : VDH_E_RANGE);
        for (uint32_t k = 0; result == VDH_OK && k <= control.menu_count; k++) {
            EXPECT_EQ(vdh_tables_menu(name, &tables, i, k),
                      k < control.menu_count ? VDH_OK : VDH_E_RANGE);
        }
    }
    EXPECT_EQ(vdh_tables_mode(&mode, &tables, 0xffffffffu), VDH_E_RANGE);
    EXPECT_EQ(vdh_tables_menu(name, &tables, 0xffffffffu, 0), VDH_E_RANGE);
}

/* Where the records of small_tables() begin. */
enum { INPUT0 = 32, TIMING0 = 128, MODE0 = 272, INTERVAL0 = 368, CONTROL0 = 400, MENU0 = 656 };

TEST(Tables, GoodOnesAreRead)
{
    std::vector<uint8_t> bytes = small_tables();
    Parsed parsed = parse(bytes);
    ASSERT_EQ(parsed.result, VDH_OK);
    ASSERT_EQ(bytes.size(), size_t(MENU0 + 3 * VDH_S_MENU));
    read_all(parsed.tables);

    vdh_input_info input;
    ASSERT_EQ(vdh_tables_input(&input, &parsed.tables, 1), VDH_OK);
    EXPECT_STREQ(input.name, "Composite");
    EXPECT_EQ(input.kind, VDH_L_INPUT_KIND_ANALOG);
    EXPECT_EQ(input.timing_default, 2);
    vdh_timing_info timing;
    ASSERT_EQ(vdh_tables_timing(&timing, &parsed.tables, 2), VDH_OK);
    EXPECT_STREQ(timing.name, "PAL");
    EXPECT_EQ(timing.flags, VDH_B_TIMING_FLAGS_INTERLACED);
    EXPECT_EQ(timing.interval_den, 25u);
    vdh_mode_info mode;
    ASSERT_EQ(vdh_tables_mode(&mode, &parsed.tables, 1), VDH_OK);
    EXPECT_EQ(mode.width_step, 16);
    EXPECT_EQ(mode.interval_count, 2);
    vdh_control_info control;
    ASSERT_EQ(vdh_tables_control(&control, &parsed.tables, 0), VDH_OK);
    EXPECT_EQ(control.minimum, -10);
    EXPECT_EQ(control.def, 0);
    char name[32];
    ASSERT_EQ(vdh_tables_menu(name, &parsed.tables, 2, 1), VDH_OK);
    EXPECT_STREQ(name, "On");
    /* The section may be longer than the tables. */
    bytes.resize(bytes.size() + 13);
    EXPECT_EQ(parse(bytes).result, VDH_OK);
}

TEST(Tables, NoTablesNoEntries)
{
    vdh_tables none = {};
    vdh_input_info input;
    EXPECT_EQ(vdh_tables_input(&input, &none, 0), VDH_E_RANGE);
    EXPECT_EQ(vdh_tables_parse(&none, nullptr, 100), VDH_E_TABLES);
}

TEST(Tables, EveryTruncation)
{
    std::vector<uint8_t> good = small_tables();
    for (size_t length = 0; length < good.size(); length++) {
        EXPECT_EQ(parse({good.begin(), good.begin() + long(length)}).result, VDH_E_TABLES);
    }
    good.resize(VDH_TABLES_MAX_BYTES);
    EXPECT_EQ(parse(good).result, VDH_OK);
    good.push_back(0);
    EXPECT_EQ(parse(good).result, VDH_E_TABLES);
}

struct Change {
    const char *what;
    unsigned at;
    unsigned bytes;
    uint32_t value;
    bool good;
};

const Change changes[] = {
    {"magic",                             0,                   4, 0x42544457,  false},
    {"format",                            4,                   2, 2,           false},
    {"header bytes",                      6,                   2, 36,          false},
    {"no inputs",                         8,                   2, 0,           false},
    {"9 inputs",                          8,                   2, 9,           false},
    {"65 timings",                        10,                  2, 65,          false},
    {"no modes",                          12,                  2, 0,           false},
    {"257 intervals",                     14,                  2, 257,         false},
    {"33 controls",                       16,                  2, 33,          false},
    {"129 menu entries",                  18,                  2, 129,         false},
    {"one control less",                  16,                  2, 3,           false},
    {"total",                             20,                  4, 753,         false},
    {"reserved of the head",              31,                  1, 1,           false},
    {"input name without end",            INPUT0 + 31,         1, 'x',         false},
    {"input name full",                   INPUT0 + 30,         1, 'x',         true },
    {"input kind",                        INPUT0 + 32,         2, 2,           false},
    {"input kind not its timings'",       INPUT0 + 32,         2, 1,           false},
    {"input without timings",             INPUT0 + 36,         2, 0,           false},
    {"input with timings beyond",         INPUT0 + 36,         2, 4,           false},
    {"input with another kind's timings", INPUT0 + 36,         2, 3,           false},
    {"input's first timing near 65536",   INPUT0 + 34,         2, 65535,       false},
    {"default timing of another input",   INPUT0 + 38,         2, 2,           false},
    {"reserved of an input",              INPUT0 + 40,         1, 1,           false},
    {"timing name",                       TIMING0 + 23,        1, 1,           false},
    {"timing kind",                       TIMING0 + 24,        2, 1,           false},
    {"unknown timing kind",               TIMING0 + 24,        2, 3,           false},
    {"timing width 14",                   TIMING0 + 28,        2, 14,          false},
    {"timing width 16",                   TIMING0 + 28,        2, 16,          true },
    {"timing width odd",                  TIMING0 + 28,        2, 17,          false},
    {"timing width 8192",                 TIMING0 + 28,        2, 8192,        true },
    {"timing width 8194",                 TIMING0 + 28,        2, 8194,        false},
    {"timing height",                     TIMING0 + 30,        2, 15,          false},
    {"timing interval 0",                 TIMING0 + 32,        4, 0,           false},
    {"timing interval 65535",             TIMING0 + 32,        4, 65535,       true },
    {"timing interval 65536",             TIMING0 + 32,        4, 65536,       false},
    {"timing denominator",                TIMING0 + 36,        4, 0,           false},
    {"reserved of a timing",              TIMING0 + 44,        1, 1,           false},
    {"mode of no input",                  MODE0 + 0,           2, 0,           false},
    {"mode without a format",             MODE0 + 2,           2, 0,           false},
    {"mode without a known format",       MODE0 + 2,           2, 0x20,        false},
    {"mode width below its least",        MODE0 + 4,           2, 62,          false},
    {"mode width 8194",                   MODE0 + 4,           2, 8194,        false},
    {"mode width odd",                    MODE0 + 4,           2, 1921,        false},
    {"mode least 14",                     MODE0 + 8,           2, 14,          false},
    {"mode least odd",                    MODE0 + 8,           2, 65,          false},
    {"mode least height 0",               MODE0 + 10,          2, 0,           false},
    {"mode step 0",                       MODE0 + 12,          2, 0,           false},
    {"mode step odd",                     MODE0 + 14,          2, 3,           false},
    {"mode step beyond its size",         MODE0 + 12,          2, 65534,       true },
    {"mode intervals beyond",             MODE0 + 16,          2, 2,           false},
    {"mode without intervals",            MODE0 + 18,          2, 0,           false},
    {"mode intervals near 65536",         MODE0 + 18,          2, 65535,       false},
    {"reserved of a mode",                MODE0 + 31,          1, 1,           false},
    {"interval 0",                        INTERVAL0,           4, 0,           false},
    {"interval 65536",                    INTERVAL0 + 4,       4, 65536,       false},
    {"control id 0",                      CONTROL0,            2, 0,           false},
    {"control id twice",                  CONTROL0,            2, 8,           false},
    {"control id unknown",                CONTROL0,            2, 700,         true },
    {"control type 0",                    CONTROL0 + 2,        2, 0,           false},
    {"control type 5",                    CONTROL0 + 2,        2, 5,           false},
    {"reserved of a control",             CONTROL0 + 10,       1, 1,           false},
    {"reserved at a control's end",       CONTROL0 + 63,       1, 1,           false},
    {"minimum above default",             CONTROL0 + 12,       4, 5,           false},
    {"minimum least of all",              CONTROL0 + 12,       4, 0x80000000u, false},
    {"maximum below default",             CONTROL0 + 16,       4, 0xffffffffu, false},
    {"first entry of no menu",            CONTROL0 + 6,        2, 65535,       true },
    {"entries without a menu",            CONTROL0 + 8,        2, 1,           false},
    {"maximum off the step",              CONTROL0 + 16,       4, 19,          true },
    {"step 0",                            CONTROL0 + 20,       4, 0,           false},
    {"step negative",                     CONTROL0 + 20,       4, 0xffffffffu, false},
    {"default off the step",              CONTROL0 + 24,       4, 1,           false},
    {"control name",                      CONTROL0 + 59,       1, 1,           false},
    {"boolean to 2",                      CONTROL0 + 64 + 16,  4, 2,           false},
    {"boolean from -1",                   CONTROL0 + 64 + 12,  4, 0xffffffffu, false},
    {"menu without entries",              CONTROL0 + 128 + 8,  2, 0,           false},
    {"menu entries beyond",               CONTROL0 + 128 + 6,  2, 2,           false},
    {"menu first near 65536",             CONTROL0 + 128 + 6,  2, 65535,       false},
    {"menu of fewer values",              CONTROL0 + 128 + 8,  2, 1,           false},
    {"button to 1",                       CONTROL0 + 192 + 16, 4, 1,           false},
    {"menu name",                         MENU0 + 31,          1, 1,           false},
    {"last menu name",                    MENU0 + 95,          1, 1,           false},
};

TEST(Tables, EveryRule)
{
    for (const Change &change : changes) {
        std::vector<uint8_t> bytes = small_tables();
        for (unsigned i = 0; i < change.bytes; i++) {
            bytes[change.at + i] = uint8_t(change.value >> (8 * i));
        }
        EXPECT_EQ(parse(bytes).result, change.good ? VDH_OK : VDH_E_TABLES) << change.what;
    }
}

/* The check stops anywhere and goes on, with the smallest budget, to the same verdict. */
TEST(Tables, StepsGiveTheSameVerdict)
{
    for (const Change &change : changes) {
        std::vector<uint8_t> bytes = small_tables();
        for (unsigned i = 0; i < change.bytes; i++) {
            bytes[change.at + i] = uint8_t(change.value >> (8 * i));
        }
        vdh_tables_check check;
        int result = VDH_AGAIN;
        unsigned steps = 0;
        vdh_tables_check_start(&check, bytes.data(), uint32_t(bytes.size()));
        while (result == VDH_AGAIN && steps++ < 1000) {
            uint32_t before = check.offset;
            result = vdh_tables_check_step(&check, 64);
            EXPECT_LE(check.offset - before, 64u);
        }
        EXPECT_EQ(result, change.good ? VDH_OK : VDH_E_TABLES) << change.what;
        EXPECT_EQ(vdh_tables_check_step(&check, 64), result);
    }
}

TEST(Tables, RandomChangesStayInside)
{
    std::mt19937 random(20240229);
    std::vector<uint8_t> good = small_tables();
    unsigned passed = 0;
    for (int round = 0; round < 60000; round++) {
        std::vector<uint8_t> bytes = good;
        for (unsigned n = random() % 3 + 1; n > 0; n--) {
            unsigned at = unsigned(random() % bytes.size());
            switch (random() % 4) {
            case 0:
                bytes[at] = uint8_t(random());
                break;
            case 1:
                bytes[at] = uint8_t(bytes[at] ^ 1u << random() % 8);
                break;
            case 2: /* counts and lengths */
                bytes[8 + random() % 16] = uint8_t(random() % 2 ? 0xff : random() % 140);
                break;
            default:
                bytes[at] = random() % 2 ? 0 : 0xff;
                break;
            }
        }
        if (random() % 4 == 0) {
            bytes.resize(random() % (bytes.size() + 40));
        }
        Parsed parsed = parse(bytes);
        passed += parsed.result == VDH_OK;
        if (parsed.result == VDH_OK) {
            read_all(parsed.tables);
        }
    }
    EXPECT_GT(passed, 100u); /* so that the getters were tried as well */
}

} // namespace
