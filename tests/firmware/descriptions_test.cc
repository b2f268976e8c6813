/* SPDX-License-Identifier: MIT */
/*
 * Every kind of wrong description is refused, with the file, the line and what would be right.
 * Each case spoils one place of a good description; the line is that of the place unless it says.
 */
#include "builder.h"
#include "small_description.h"

#include <gtest/gtest.h>

#include <algorithm>

struct Case {
    const char *name;
    const char *find;    /* this text of the good description, */
    const char *put;     /* is replaced by that one, */
    const char *message; /* and then this must be part of the message */
    const char *line_of; /* with the line of this text in the result, or HERE: that of `put` */
};

static constexpr const char *HERE = nullptr;

/* A table to be read line by line, not aligned from end to end. */
/* clang-format off */
static const Case cases[] = {
    {"syntax", "version = ", "version ", "syntax error", HERE},
    {"key_twice", "name = \"Small\";", "name = \"Small\"; name = \"Big\";", "duplicate", HERE},
    {"key_unknown", "name = \"Small\";", "name = \"S\"; nmae = 1;",
     "no key \"nmae\"; its keys are", HERE},
    {"key_prefix", "pixel_clock_khz = 27000", "pixel_clock = 27000", "no key \"pixel_clock\"",
     HERE},
    {"key_missing", "name = \"Small\";", "", "lacks \"name\": add it", "target = "},
    {"target_text", "0x00000001", "\"1\"", "expected a whole number", HERE},
    {"target_negative", "0x00000001", "-1", "-1 is out of range: 0 to 4294967295", HERE},
    {"target_large", "0x00000001", "0x100000000L", "out of range", HERE},
    {"version_short", "1.2.3", "1.2", "is no version: write \"1.0.0\"", HERE},
    {"version_long", "1.2.3", "1.2.3.4", "is no version", HERE},
    {"version_zero", "1.2.3", "0.0.0", "is no version", HERE},
    {"version_leading_zero", "1.2.3", "1.02.3", "is no version", HERE},
    {"version_sign", "1.2.3", "+1.2.3", "is no version", HERE},
    {"version_major", "1.2.3", "256.2.3", "is no version", HERE},
    {"version_patch", "1.2.3", "1.2.65536", "is no version", HERE},
    {"version_number", "\"1.2.3\"", "1", "expected a text in quotation marks", HERE},
    {"name_empty", "\"Small\"", "\"\"", "has 0 bytes: it may have 1 to 31", HERE},
    {"name_long", "\"Small\"", "\"12345678901234567890123456789012\"", "has 32 bytes", HERE},

    {"timings_missing", "timings = (", "timing = (", "no key \"timing\"", HERE},
    {"timings_no_list", "timings = (\n", "timings = { };\nmodess = (\n", "no key \"modess\"",
     "modess"},
    {"timing_no_group", "timings = (", "timings = ( 1, ", "expected a group", HERE},
    {"timing_name_missing", "name = \"fast\";", "", "a timing lacks \"name\"", "{  kind"},
    {"timing_name_long", "\"slow\"; kind", "\"123456789012345678901234\"; kind",
     "it may have 1 to 23", HERE},
    {"timing_twice", "\"slow\"; kind", "\"fast\"; kind", "already", HERE},
    {"timing_kind", "\"DIGITAL\"; width = 64", "\"OPTICAL\"; width = 64",
     "unknown kind \"OPTICAL\"; known are: DIGITAL, ANALOG", HERE},
    {"timing_flag", "INTERLACED", "LACED", "unknown name \"LACED\"; known are: INTERLACED", HERE},
    {"timing_flags_no_array", "[ \"INTERLACED\" ]", "\"INTERLACED\"", "names in brackets", HERE},
    {"timing_width_odd", "width = 720", "width = 721", "width is 721: it must be even", HERE},
    {"timing_width_small", "width = 720", "width = 14", "from 16 to 8192", HERE},
    {"timing_height_large", "height = 576", "height = 8194", "from 16 to 8192", HERE},
    {"timing_width_huge", "width = 720", "width = 65536", "65536 is out of range", HERE},
    {"timing_width_real", "width = 720", "width = 720.5", "expected a whole number", HERE},
    {"timing_interval_form", "\"1/25\"", "\"25\"", "is no interval: write seconds as \"1/60\"",
     HERE},
    {"timing_interval_zero", "\"1/25\"", "\"0/25\"", "is no interval", HERE},
    {"timing_interval_sign", "\"1/25\"", "\"1/-25\"", "is no interval", HERE},
    {"timing_interval_den", "\"1/25\"", "\"1/0\"", "both numbers must be from 1 to 65535", HERE},
    {"timing_interval_large", "\"1/25\"", "\"65536/25\"", "both numbers must be", HERE},
    {"timing_clock", "= 27000", "= -1", "out of range", HERE},

    {"input_name_twice", "name = \"Two\"", "name = \"One\"", "already", HERE},
    {"input_kind_of_timing", "\"Two\"; kind = \"ANALOG\"", "\"Two\"; kind = \"DIGITAL\"",
     "timing 2 (old) is not of the input's kind", HERE},
    {"input_timing_unknown", "[ \"old\" ]", "[ \"new\" ]", "no timing is called \"new\"", HERE},
    {"input_timings_order", "[ \"fast\", \"slow\" ]", "[ \"slow\", \"fast\" ]",
     "does not follow the one before it", HERE},
    {"input_timings_none", "[ \"old\" ]", "[ ]", "at least one", HERE},
    {"input_timings_numbers", "[ \"old\" ]", "[ 2 ]", "no timing is called", HERE},
    {"input_default_unknown", "default = \"slow\"", "default = \"none\"", "no timing is called",
     HERE},
    {"input_default_foreign", "default = \"slow\"", "default = \"old\"", "not one of the input's",
     HERE},

    {"mode_input_unknown", "inputs = [ \"One\" ]", "inputs = [ \"Six\" ]",
     "no input is called \"Six\"", HERE},
    {"mode_inputs_none", "inputs = [ \"One\" ]", "inputs = [ ]", "no input: name at least one",
     HERE},
    {"mode_format_unknown", "\"GREY\"", "\"GRAY\"",
     "unknown name \"GRAY\"; known are: YUYV, UYVY, NV12, RGB24, GREY", HERE},
    {"mode_formats_none", "[ \"NV12\" ]", "[ ]", "no known pixel format", HERE},
    {"mode_width_missing", "width = 128; height = 64; width_min", "height = 64; width_min",
     "a mode lacks \"width\"", "{ inputs = [ \"One\" ]"},
    {"mode_width_odd", "width = 128; height = 64; width_min",
     "width = 127; height = 64; width_min", "width is 127", HERE},
    {"mode_min_above", "width_min = 32", "width_min = 130",
     "width_min is 130: it must not be above width, 128", HERE},
    {"mode_min_odd", "height_min = 16", "height_min = 17", "height_min is 17", HERE},
    {"mode_min_small", "height_min = 16", "height_min = 8", "from 16 to 8192", HERE},
    {"mode_step_zero", "width_step = 4", "width_step = 0", "width_step is 0: it must be even",
     HERE},
    {"mode_step_odd", "height_step = 2", "height_step = 3", "height_step is 3", HERE},
    {"mode_intervals_none", "[ \"1/60\", \"1/30\" ]", "[ ]", "at least one", HERE},
    {"mode_interval_large", "[ \"1/60\", \"1/30\" ]", "[ \"1/60\", \"1/65536\" ]",
     "both numbers must be", HERE},

    {"control_id_unknown", "\"BRIGHTNESS\"", "\"LIGHT\"", "unknown id \"LIGHT\"; known are",
     HERE},
    {"control_id_twice", "\"WHITE_BALANCE\"", "\"BRIGHTNESS\"", "control 0 has this id already",
     HERE},
    {"control_type_unknown", "\"BUTTON\"", "\"KNOB\"", "unknown type \"KNOB\"", HERE},
    {"control_range_missing", "minimum = -10; ", "", "a control lacks \"minimum\"",
     "{ id = \"BRIGHTNESS\""},
    {"control_default_above", "default = 0;", "default = 25;", "must lie from the minimum", HERE},
    {"control_default_below", "default = 0;", "default = -15;", "must lie from the minimum",
     HERE},
    {"control_default_off_step", "default = 0;", "default = 1;", "not a whole number of steps",
     HERE},
    {"control_step_zero", "step = 5", "step = 0", "step 0: it must be at least 1", HERE},
    {"control_step_negative", "step = 5", "step = -5", "it must be at least 1", HERE},
    {"control_number_huge", "maximum = 20", "maximum = 2147483648L", "out of range", HERE},
    {"control_range_turned", "maximum = 20", "maximum = -20", "must lie from the minimum",
     "default = 0;"},
    {"boolean_range", "name = \"Auto\";", "name = \"Auto\"; maximum = 2;",
     "goes from 0 to 1 in steps of 1", HERE},
    {"boolean_minimum", "name = \"Auto\";", "name = \"Auto\"; minimum = -1;", "goes from 0 to 1",
     HERE},
    {"boolean_menu", "name = \"Auto\";", "name = \"Auto\"; menu = [ \"x\" ];", "belong to a MENU",
     HERE},
    {"menu_none", "menu = [ \"Off\", \"On\" ]", "menu = [ ]", "must lie from", HERE},
    {"menu_missing", "menu = [ \"Off\", \"On\" ]; default = 1;", "", "needs at least one",
     "{ id = \"POWER_LINE\""},
    {"menu_entry_long", "\"Off\", \"On\"", "\"Off\", \"12345678901234567890123456789012\"",
     "a name of 1 to 31 bytes", HERE},
    {"menu_entry_empty", "\"Off\", \"On\"", "\"Off\", \"\"", "a name of 1 to 31 bytes", HERE},
    {"menu_default", "default = 1;", "default = 2;", "must lie from the minimum", HERE},
    {"menu_step", "default = 1;", "default = 0; step = 2;", "in steps of 1", HERE},
    {"button_range", "name = \"White\";", "name = \"White\"; maximum = 1;", "goes from 0 to 0",
     HERE},
    {"control_flag", "VOLATILE", "LOUD", "known are: VOLATILE, READ_ONLY", HERE},

    {"code_large", "bytes = 256", "bytes = 262145", "out of range: 0 to 262144", HERE},
    {"code_with_tables_large", "bytes = 256", "bytes = 262144",
     "a card takes 262144: make the code smaller", HERE},
    {"code_missing", "code = { bytes = 256; };", "", "lacks \"code\"", "target"},
    {"code_both", "bytes = 256;", "bytes = 256; file = \"x\";", "write code = { bytes = N; }",
     HERE},
    {"code_file_missing", "bytes = 256", "file = \"none.bin\"", "none.bin\" cannot be read",
     HERE},
};
/* clang-format on */

/* The name of the case, not its bytes. */
static void PrintTo(const Case &one, std::ostream *out)
{
    *out << one.name;
}

class Description : public testing::TestWithParam<Case> {};

static unsigned line_at(const std::string &text, size_t offset)
{
    return 1 + static_cast<unsigned>(std::count(text.begin(), text.begin() + offset, '\n'));
}

/* Refused with exit status 1, one message, and no file. */
static void expect_refused(const std::string &text, unsigned line, const std::string &message)
{
    Builder builder;
    std::string path = builder.path("spoilt.fw");
    Outcome outcome;

    write_bytes(path, text.data(), text.size());
    outcome = builder.run({"-o", builder.path("out.vdfw"), path});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.rfind(path + ":" + std::to_string(line) + ": ", 0), 0u)
        << "line " << line << " expected, but: " << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(exists(builder.path("out.vdfw")));
}

TEST_P(Description, IsRefused)
{
    const Case &spoil = GetParam();
    std::string text = small_description;
    size_t at = text.find(spoil.find);

    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::string(spoil.find).size(), spoil.put);
    if (spoil.line_of) {
        at = text.find(spoil.line_of);
        ASSERT_NE(at, std::string::npos);
    }
    expect_refused(text, line_at(text, at), spoil.message);
}

INSTANTIATE_TEST_SUITE_P(Spoilt, Description, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &one) {
                             return std::string(one.param.name);
                         });

/* The control of all cases above: the description that they spoil is good. */
TEST(Descriptions, GoodIsAccepted)
{
    Builder builder;
    std::string path = builder.path("small.fw");

    write_bytes(path, small_description, sizeof small_description - 1);
    EXPECT_EQ(builder.build(path).size(),
              128u + 32 + 2 * 48 + 3 * 48 + 2 * 32 + 2 * 8 + 4 * 64 + 2 * 32 + 256);
}

static std::string repeated(const char *before, const char *item, unsigned count, const char *after)
{
    std::string text = small_description;
    std::string many;
    size_t at = text.find(before);
    size_t end = text.find(after, at);

    for (unsigned i = 0; i < count; i++) {
        std::string line = item;
        size_t number = line.find('#');

        line.replace(number, 1, std::to_string(i));
        many += std::string(i ? ",\n" : "\n") + line;
    }
    return text.replace(at, end - at, before + many);
}

TEST(Descriptions, CountsHaveLimits)
{
    static const char timing[] = "{ name = \"t#\"; kind = \"DIGITAL\"; width = 64; height = 64; "
                                 "interval = \"1/60\"; }";
    static const char input[] = "{ name = \"i#\"; kind = \"DIGITAL\"; timings = [ \"fast\" ]; }";
    static const char mode[] = "{ inputs = [ \"One\" ]; formats = [ \"GREY\" ]; width = 64; "
                               "height = 64; intervals = [ \"1/#\" ]; }";
    std::string text = repeated("timings = (", timing, 65, "\n);");

    expect_refused(text, line_at(text, text.find("\"t64\"")), "more than 64 timings");
    text = repeated("inputs = (", input, 9, "\n);");
    expect_refused(text, line_at(text, text.find("\"i8\"")), "more than 8 inputs");
    text = repeated("modes = (", mode, 66, "\n);");
    text.replace(text.find("1/0"), 3, "1/1");
    expect_refused(text, line_at(text, text.find("1/64")), "more than 64 modes");
    text = repeated("modes = (", "", 0, "\n);");
    expect_refused(text, line_at(text, text.find("modes = (")), "0 modes: there must be from 1");
}

TEST(Descriptions, FilesThatAreNone)
{
    Builder builder;
    Outcome outcome = builder.run({"-o", builder.path("out"), builder.path("absent.fw")});

    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("absent.fw:1: cannot be read"), std::string::npos) << outcome.err;
    outcome = builder.run({"-o", builder.path("out"), builder.path("")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find(":1: cannot be read"), std::string::npos) << outcome.err;
    write_bytes(builder.path("zeros.fw"), "a = 1;\0\0", 8);
    outcome = builder.run({"-o", builder.path("out"), builder.path("zeros.fw")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("zeros.fw:1: not a text"), std::string::npos) << outcome.err;
    outcome =
        builder.run({"-o", "/nowhere/out", std::string(DESCRIPTIONS_DIR) + "/capture-1.0.fw"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("cannot write"), std::string::npos) << outcome.err;
}

TEST(Descriptions, HexadecimalIsUnsigned)
{
    for (const char *number : {"0xFFFFFFFF", "0x80000000", "4294967295L"}) {
        Builder builder;
        std::string text = small_description;
        std::vector<uint8_t> image;

        text.replace(text.find("0x00000001"), 10, number);
        write_bytes(builder.path("small.fw"), text.data(), text.size());
        image = builder.build(builder.path("small.fw"));
        ASSERT_GT(image.size(), 12u);
        EXPECT_EQ(image[8], number[2] == '8' ? 0x00 : 0xff) << number;
        EXPECT_EQ(image[11], number[2] == '8' ? 0x80 : 0xff) << number;
    }
}

TEST(Descriptions, CodeFromAFileBesideIt)
{
    Builder builder;
    std::string text = small_description;
    std::vector<uint8_t> image;

    text.replace(text.find("bytes = 256"), 11, "file = \"code.bin\"");
    write_bytes(builder.path("small.fw"), text.data(), text.size());
    write_bytes(builder.path("code.bin"), "\1\2\3\0\5", 5);
    image = builder.build(builder.path("small.fw"));
    EXPECT_EQ(std::vector<uint8_t>(image.end() - 5, image.end()),
              (std::vector<uint8_t>{1, 2, 3, 0, 5}));
}

TEST(Descriptions, WrongArgumentsAreUsage)
{
    static const std::vector<std::vector<std::string>> wrong = {
        {    },
        {       "x.fw"    },
        {   "-o",     "out"},
        {   "--what", "x", "-o", "out", "x.fw"},
        { "-o",     "out", "a", "b"},
        {      "x.fw",  "-o"}
    };

    for (const auto &arguments : wrong) {
        Builder builder;
        Outcome outcome = builder.run(arguments, builder.path(""));

        EXPECT_EQ(outcome.status, 2);
        EXPECT_NE(outcome.err, "");
    }
}

TEST(Descriptions, WrongOptionValues)
{
    static const std::vector<std::vector<std::string>> wrong = {
        {"--target",     "one"        },
        {"--target",     "0x100000000"},
        {"--version",    "1.0"        },
        {"--version",    "0.0.0"      },
        {"--code-bytes", ""           },
        {"--code-bytes", "999999999"  },
        {"--code-bytes", "12 or so"   }
    };

    for (const auto &option : wrong) {
        Builder builder;
        Outcome outcome = builder.run({option[0], option[1], "-o", builder.path("out"),
                                       std::string(DESCRIPTIONS_DIR) + "/capture-1.0.fw"});

        EXPECT_EQ(outcome.status, 1) << option[1];
        EXPECT_NE(outcome.err.find(option[0]), std::string::npos) << outcome.err;
        EXPECT_FALSE(exists(builder.path("out")));
    }
}
