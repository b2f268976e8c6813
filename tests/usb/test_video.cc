/* SPDX-License-Identifier: MIT */
/* Whether a camera streams for another program through the kernel's driver, by what sysfs lists. */
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#include "usb_video.h"
}

namespace fs = std::filesystem;

class UsbVideo : public ::testing::Test {
  protected:
    void SetUp() override
    {
        root = fs::temp_directory_path() / ("vidicon-usb-video-" + std::to_string(getpid()));
        for (const char *node : {"1-2.3:1.0/video4linux/video4", "1-2:1.0/video4linux/video5",
                                 "1-2.31:1.0/video4linux/video6", "1-2.3:1.1/other"})
            fs::create_directories(root / node);
    }
    void TearDown() override { fs::remove_all(root); }
    fs::path root;
};

static std::vector<std::string> asked;

TEST_F(UsbVideo, AsksTheNodesOfThatPortAlone)
{
    char node[96] = "";
    auto busy = [](const char *path) {
        asked.push_back(path);
        return 1;
    };
    asked.clear();
    EXPECT_EQ(1, usb_video_find_busy(node, sizeof(node), root.c_str(), "/dev", "1-2.3", busy));
    EXPECT_STREQ("/dev/video4", node);
    EXPECT_EQ(1u, asked.size());
    auto idle = [](const char *path) {
        asked.push_back(path);
        return 0;
    };
    asked.clear();
    EXPECT_EQ(0, usb_video_find_busy(node, sizeof(node), root.c_str(), "/dev", "1-2.3", idle));
    EXPECT_EQ(std::vector<std::string>{"/dev/video4"}, asked);
    EXPECT_EQ(0, usb_video_find_busy(node, sizeof(node), root.c_str(), "/dev", "1-2.4", busy));
    EXPECT_EQ(0, usb_video_find_busy(node, sizeof(node), "/nowhere", "/dev", "1-2.3", busy));
}

TEST_F(UsbVideo, WhatIsNoCameraIsNotBusy)
{
    EXPECT_EQ(0, usb_video_is_busy("/dev/null"));
    EXPECT_EQ(0, usb_video_is_busy((root / "none").c_str()));
}
