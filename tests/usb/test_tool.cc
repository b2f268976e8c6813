/* SPDX-License-Identifier: MIT */
/* The tool's command for extension units, on a camera of the fake bus. */
#include <getopt.h>

#include "uvc_fixture.h"
extern "C" {
#include "tool.h"
}

class UvcTool : public UvcTest {
  protected:
    void SetUp() override
    {
        UvcTest::SetUp();
        Plug({CAMERA_HIGH, true});
    }
    /* "unit" with these arguments: its exit status; what it printed is in `out` and `err`. */
    int Unit(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), "unit");
        std::vector<char *> argv;
        for (std::string &one : arguments)
            argv.push_back(&one[0]);
        argv.push_back(nullptr);
        optind = 0; /* anew */
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        int result = tool_unit(static_cast<int>(arguments.size()), argv.data());
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return result;
    }
    std::string out, err;
};

TEST_F(UvcTool, ListsUnits)
{
    EXPECT_EQ(TOOL_OK, Unit({"usb:CAM1"})) << err;
    EXPECT_EQ("unit 3  4433221188776655ccbbaa9900ffeedd\n"
              "  1   4 bytes, can be read, can be written\n",
              out);
}

TEST_F(UvcTool, BytesGoThereAndBack)
{
    EXPECT_EQ(TOOL_OK, Unit({"usb:CAM1", "3", "1", "--set", "090AfF05"})) << err;
    EXPECT_EQ("", out);
    EXPECT_EQ(TOOL_OK, Unit({"usb:CAM1", "3", "1"})) << err;
    EXPECT_EQ("090aff05\n", out);
    EXPECT_EQ(TOOL_OK, Unit({"usb:CAM1", "3", "1", "--value", "default"})) << err;
    EXPECT_NE("090aff05\n", out);
    EXPECT_EQ(9u, out.size());
}

TEST_F(UvcTool, WhatIsWrongIsSaid)
{
    const struct {
        std::vector<std::string> arguments;
        int result;
    } wrong[] = {
        {{"usb:CAM1", "3"},                                              TOOL_USAGE    },
        {{"usb:CAM1", "3", "x"},                                         TOOL_USAGE    },
        {{"usb:CAM1", "256", "1"},                                       TOOL_USAGE    },
        {{"usb:CAM1", "--set", "00"},                                    TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--set", ""},                            TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--set", "0"},                           TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--set", "0g"},                          TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--set", std::string(8194, '0')},        TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--set", "00000000", "--value", "step"}, TOOL_USAGE    },
        {{"usb:CAM1", "3", "1", "--value", "other"},                     TOOL_USAGE    },
        {{"usb:CAM1", "3", "2"},                                         TOOL_NO_DEVICE},
        {{"usb:CAM2"},                                                   TOOL_NO_DEVICE},
        {{"usb:CAM1", "3", "1", "--set", "0000"},                        TOOL_FAILED   },
    };
    for (const auto &one : wrong) {
        EXPECT_EQ(one.result, Unit(one.arguments)) << one.arguments.back();
        EXPECT_NE("", err);
        EXPECT_EQ("", out);
    }
    EXPECT_EQ(TOOL_OK, Unit({"usb:CAM1", "3", "1"})) << err;
    EXPECT_NE("00000000\n", out) << "none of them wrote";
}
