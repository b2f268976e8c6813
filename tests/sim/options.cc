/* SPDX-License-Identifier: MIT */
/*
 * The options behind "sim:": every key, every way to get one wrong, and texts that come from
 * somebody who means harm.
 */
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

extern "C" {
#include "sim_options.h"
}

namespace {

struct Parsed {
    int result;
    std::unique_ptr<sim_options> options = std::make_unique<sim_options>();
    std::string why;
};

Parsed parse(const std::string &text)
{
    Parsed parsed;
    char why[512] = "";

    parsed.result =
        sim_options_parse(parsed.options.get(), text.data(), text.size(), why, sizeof(why));
    parsed.why = why;
    return parsed;
}

TEST(Options, DefaultsAreThoseOfTheManual)
{
    for (const char *text : {"", "0"}) {
        Parsed p = parse(text);
        ASSERT_EQ(p.result, 0) << p.why;
        EXPECT_EQ(p.options->card, 0u);
        EXPECT_EQ(p.options->rate, SIM_RATE_REAL);
        EXPECT_EQ(p.options->body, SIM_BODY_MEMORY);
        EXPECT_STREQ(p.options->source, "");
        EXPECT_STREQ(p.options->faults, "");
        EXPECT_STREQ(p.options->flash, "");
        EXPECT_STREQ(p.options->ledger, "");
        EXPECT_STREQ(p.options->firmware, "");
        EXPECT_EQ(p.options->no_firmware, 0u);
        EXPECT_EQ(p.options->drift_ppm, 0);
        EXPECT_EQ(p.options->boot_ms, 30u);
        EXPECT_STREQ(p.options->serial, "SIM00000");
        EXPECT_EQ(p.options->segment_bytes, 0u);
    }
}

TEST(Options, EveryKeyIsTaken)
{
    Parsed p =
        parse("7?source=a%20b.y4m&rate=max&body=ports&faults=unplug@frame=3,count=2;irq-lost@"
              "frame=0x10&flash=dir/f&ledger=l.json&firmware=fw.bin&drift_ppm=-100&boot_ms="
              "250&serial=ABC-1&segment_bytes=0x1000");
    ASSERT_EQ(p.result, 0) << p.why;
    EXPECT_EQ(p.options->card, 7u);
    EXPECT_STREQ(p.options->source, "a b.y4m");
    EXPECT_EQ(p.options->rate, SIM_RATE_MAX);
    EXPECT_EQ(p.options->body, SIM_BODY_PORTS);
    EXPECT_STREQ(p.options->faults, "unplug@frame=3,count=2;irq-lost@frame=0x10");
    EXPECT_STREQ(p.options->flash, "dir/f");
    EXPECT_STREQ(p.options->ledger, "l.json");
    EXPECT_STREQ(p.options->firmware, "fw.bin");
    EXPECT_EQ(p.options->drift_ppm, -100);
    EXPECT_EQ(p.options->boot_ms, 250u);
    EXPECT_STREQ(p.options->serial, "ABC-1");
    EXPECT_EQ(p.options->segment_bytes, 4096u);
}

TEST(Options, SpecialValues)
{
    EXPECT_STREQ(parse("?source=pattern").options->source, "");
    EXPECT_STREQ(parse("?source=./pattern").options->source, "./pattern");
    EXPECT_EQ(parse("?firmware=none").options->no_firmware, 1u);
    EXPECT_STREQ(parse("15").options->serial, "SIM00015");
    EXPECT_EQ(parse("015").options->card, 15u);
    EXPECT_STREQ(parse("?source=100%25%26%3d").options->source, "100%&=");

    Parsed raw = parse("0?source=x&source_format=NV12&source_size=640x480");
    ASSERT_EQ(raw.result, 0) << raw.why;
    EXPECT_EQ(raw.options->source_format, SIM_RAW_NV12);
    EXPECT_EQ(raw.options->source_width, 640u);
    EXPECT_EQ(raw.options->source_height, 480u);
}

struct Bad {
    const char *text;
    const char *says;
};

class Refused : public testing::TestWithParam<Bad> {};

TEST_P(Refused, WithAText)
{
    Parsed p = parse(GetParam().text);

    EXPECT_EQ(p.result, -1) << GetParam().text;
    EXPECT_NE(p.why.find(GetParam().says), std::string::npos) << p.why;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(Bad{"16", "0 to 15"}, Bad{"99999999999999999999", "0 to 15"},
                    Bad{"x", "number"}, Bad{"-1", "number"}, Bad{" 0", "number"},
                    Bad{"0&rate=max", "number"}, Bad{"0?", "known are source, source_format"},
                    Bad{"0?colour=1", "unknown option \"colour\""}, Bad{"0?rat=max", "known are"},
                    Bad{"0?ratex=max", "known are"}, Bad{"0?rate=max&", "unknown option"},
                    Bad{"0?&rate=max", "unknown option"}, Bad{"0?\x01\xff=1", "\"??\""},
                    Bad{"0?rate", "needs a value"}, Bad{"0?rate=", "needs a value"},
                    Bad{"0?rate=max&rate=max", "twice"}, Bad{"0?rate=fast", "real or max"},
                    Bad{"0?rate=MAX", "real or max"}, Bad{"0?body=usb", "memory or ports"},
                    Bad{"0?source=%", "hexadecimal"}, Bad{"0?source=%4", "hexadecimal"},
                    Bad{"0?source=%4g", "hexadecimal"}, Bad{"0?source=a%4&rate=max", "hexadecimal"},
                    Bad{"0?source=a%00b", "zero byte"},
                    Bad{"0?drift_ppm=100001", "-100000 to 100000"},
                    Bad{"0?drift_ppm=1e3", "number"}, Bad{"0?drift_ppm=-", "number"},
                    Bad{"0?drift_ppm=0x", "number"}, Bad{"0?drift_ppm=--1", "number"},
                    Bad{"0?boot_ms=-1", "0 to 60000"},
                    Bad{"0?boot_ms=99999999999999999999999", "0 to 60000"},
                    Bad{"0?boot_ms= 1", "0 to 60000"}, Bad{"0?serial=12345678901234567", "1 to 16"},
                    Bad{"0?serial=a%20b", "1 to 16"}, Bad{"0?serial=%c3%a4", "1 to 16"},
                    Bad{"0?segment_bytes=2147483648", "2147483647"},
                    Bad{"0?source=x&source_format=YUYV", "go together"},
                    Bad{"0?source=x&source_size=2x2", "go together"},
                    Bad{"0?source_format=YUYV&source_size=2x2", "source must name"},
                    Bad{"0?source=x&source_format=yuyv&source_size=2x2", "YUYV, UYVY"},
                    Bad{"0?source=x&source_format=YUYV&source_size=2", "WIDTHxHEIGHT"},
                    Bad{"0?source=x&source_format=YUYV&source_size=0x10", "WIDTHxHEIGHT"},
                    Bad{"0?source=x&source_format=YUYV&source_size=2x8193", "WIDTHxHEIGHT"},
                    Bad{"0?source=x&source_format=YUYV&source_size=2x2x2", "WIDTHxHEIGHT"}));

TEST(Options, LengthsAreBounded)
{
    EXPECT_EQ(parse("0?source=" + std::string(1023, 'a')).result, 0);
    EXPECT_EQ(parse("0?source=" + std::string(1024, 'a')).result, -1);
    EXPECT_EQ(parse("0?faults=" + std::string(4095, 'a')).result, 0);
    EXPECT_EQ(parse("0?faults=" + std::string(4096, 'a')).result, -1);
    EXPECT_EQ(parse("0?" + std::string(1 << 20, 'k') + "=1").result, -1);
    EXPECT_EQ(parse("0?source=" + std::string(1 << 20, '%')).result, -1);
}

TEST(Options, AZeroByteInTheTextIsNoEnd)
{
    EXPECT_EQ(parse(std::string("0\0", 2)).result, -1);
    EXPECT_EQ(parse(std::string("0?rate=max\0", 11)).result, -1);
    EXPECT_EQ(parse(std::string("0?source=a\0b", 12)).result, -1);
}

TEST(Options, TheReasonFitsItsRoom)
{
    sim_options options;
    for (size_t room = 0; room < 64; room++) {
        std::string why(room + 1, '#');
        EXPECT_EQ(sim_options_parse(&options, "0?nonsense=1", 12, &why[0], room), -1);
        EXPECT_EQ(why[room], '#') << room;
        if (room) {
            EXPECT_LT(std::strlen(why.c_str()), room);
        }
    }
}

/* Every text of up to four of these pieces: no crash, and a reason whenever it is refused. */
TEST(Options, PiecesInAnyOrder)
{
    const char *pieces[] = {"0", "?", "&", "=", "rate", "max", "%", "%41", "source", "x", ";", "-"};
    const size_t n = sizeof(pieces) / sizeof(pieces[0]);
    size_t accepted = 0;

    for (size_t i = 0; i < n * n * n * n; i++) {
        std::string text = pieces[i % n];
        text += pieces[i / n % n];
        text += pieces[i / n / n % n];
        text += pieces[i / n / n / n];
        Parsed p = parse(text);
        accepted += p.result == 0;
        EXPECT_EQ(p.result == 0, p.why.empty()) << text;
    }
    EXPECT_GT(accepted, 0u);
}

} /* namespace */
