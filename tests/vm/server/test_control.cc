/* SPDX-License-Identifier: MIT */
/* The line protocol against any line, with real cards behind it. */
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include <gtest/gtest.h>

extern "C" {
#include "../protocol.h"
#include "control.h"
}

namespace {

class Control : public testing::Test {
  protected:
    void SetUp() override
    {
        folder_ = testing::TempDir() + "vidicon-vmserver.XXXXXX";
        ASSERT_NE(mkdtemp(folder_.data()), nullptr);
        for (unsigned n = 0; n < 2; n++) {
            std::string path = folder_ + "/card" + std::to_string(n) + ".sock";
            cards_[n] = card_start(n, path.c_str());
            ASSERT_NE(cards_[n], nullptr);
        }
        control_.cards = cards_;
        control_.count = 2;
        control_.folder = folder_.c_str();
        control_.share = folder_.c_str();
    }

    void TearDown() override
    {
        for (unsigned n = 0; n < 2; n++) {
            card_end(cards_[n]);
            unlink((folder_ + "/card" + std::to_string(n) + ".sock").c_str());
        }
        unlink((folder_ + "/clip.raw").c_str());
        rmdir(folder_.c_str());
    }

    std::string ask(const std::string &request)
    {
        char answer[VMR_LINE_BYTES];

        control_answer(&control_, request.c_str(), answer, sizeof answer);
        std::string text = answer;
        EXPECT_EQ(text.find('\n'), text.size() - 1) << request;
        EXPECT_TRUE(text.rfind("ok", 0) == 0 || text.rfind("error ", 0) == 0) << text;
        return text.substr(0, text.size() - 1);
    }

    bool agrees(const std::string &request) { return ask(request).rfind("ok", 0) == 0; }

    std::string folder_;
    struct card *cards_[2] = {nullptr, nullptr};
    struct control control_ = {};
};

TEST_F(Control, KnownRequestsAreAnswered)
{
    EXPECT_EQ(ask("ping"), "ok");
    EXPECT_EQ(ask("cards"), "ok count=2");
    EXPECT_NE(ask("ledger 0").find(" produced=0 "), std::string::npos);
    EXPECT_NE(ask("injected 1").find(" unplug=0 "), std::string::npos);
    EXPECT_EQ(ask("segments 0"), "ok min=0 max=0 frames=0 high=0");
    EXPECT_EQ(ask("refused 0"), "ok count=0");
    EXPECT_EQ(ask("flipped 0"), "ok count=0");
    EXPECT_EQ(ask("slot 0 1"), "ok version=0");
    for (const char *request : {"faults 0 unplug@frame=5;irq-lost@frame=2", "faults 0", "flip 1 3",
                                "rate 0 max", "rate 0 patient", "rate 0 real", "signal 0 0 -2",
                                "clip 0 none", "power 0", "pull 0", "now 0"})
        EXPECT_TRUE(agrees(request)) << request;
}

TEST_F(Control, WrongRequestsAreRefused)
{
    for (const char *request : {"",
                                " ",
                                "nothing",
                                "ledger",
                                "ledger 2",
                                "ledger -1",
                                "ledger 0x0",
                                "ledger zero",
                                "ledger 99999999999999999999",
                                "faults 0 nonsense",
                                "faults 0 unplug@",
                                "flip 0",
                                "flip 0 -1",
                                "flip 0 4294967296",
                                "rate 0",
                                "rate 0 fast",
                                "signal 0 8 0",
                                "signal 0 0 -4",
                                "signal 0 0 64",
                                "slot 0 2",
                                "frame 0 4096",
                                "frame 0 0",
                                "clip 0",
                                "clip 0 YUYV 2 2",
                                "clip 0 YUYV 2 2 missing.raw",
                                "clip 0 YUYV 0 2 clip.raw"})
        EXPECT_FALSE(agrees(request)) << request;
}

TEST_F(Control, ClipsComeFromTheFolderOnly)
{
    std::ofstream(folder_ + "/clip.raw") << std::string(64 * 16 * 2, 'x');
    EXPECT_TRUE(agrees("clip 0 YUYV 64 16 clip.raw"));
    EXPECT_FALSE(agrees("clip 0 YUYV 640 480 clip.raw")) << "too short for one frame";
    EXPECT_FALSE(agrees("clip 0 WXYZ 64 16 clip.raw"));
    EXPECT_FALSE(agrees("clip 0 YUYV 64 16 ./clip.raw"));
    EXPECT_FALSE(agrees("clip 0 YUYV 64 16 " + folder_ + "/clip.raw"));
    EXPECT_FALSE(agrees("clip 0 YUYV 64 16 ..")) << "a folder";
}

TEST_F(Control, PluggingNeedsQemu)
{
    EXPECT_EQ(ask("unplug 0"), "error QEMU's control socket does not answer");
}

TEST_F(Control, NoLineDoesHarm)
{
    static const char *const starts[] = {"faults 0 ", "clip 1 ", "signal 0 ", "frame 1 ", "flip 0 ",
                                         "ledger ",   "",        "rate 0 ",   "slot 0 "};
    std::mt19937 random(5);
    unsigned refused = 0;

    for (unsigned n = 0; n < 3000; n++) {
        std::string line = starts[random() % (sizeof starts / sizeof starts[0])];
        size_t length = random() % (n % 50 == 0 ? VMR_LINE_BYTES - 32 : 40);

        while (line.size() < length)
            line += static_cast<char>(' ' + random() % 95);
        refused += !agrees(line);
    }
    EXPECT_GT(refused, 2000u);
}

} // namespace
