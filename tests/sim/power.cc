/* SPDX-License-Identifier: MIT */
/*
 * Loss of power at each byte of an update and of a commit, and each wrong image, through the public API. The images
 * have no code, so that every byte can be tried: with VIDICON_LONG all are, else one in some.
 */
#include "support.h"

#include <cstring>

extern "C" const char VIDICON_SMALL_IMAGES[];

namespace {

const uint32_t V1_0 = 0x01000000u, V1_1 = 0x01010000u;

std::vector<uint8_t> Small(const char *version)
{
    return ReadFile(std::string(VIDICON_SMALL_IMAGES) + "/small-" + version + ".vdfw");
}

bool Ready(const Card &card)
{
    return vdc_device_get_info(card.device)->state == static_cast<uint32_t>(VDC_DEVICE_READY);
}

/* A card whose flash holds 1.0, committed; each try begins with that. */
class Power : public testing::Test {
  protected:
    void SetUp() override
    {
        Card card(Options(""));
        ASSERT_EQ(UpdateFirmware(card, Small("1.0")), VDC_OK) << vdc_error_text();
        ASSERT_EQ(vdc_device_commit_firmware(card.device), VDC_OK) << vdc_error_text();
        card.Close();
        before_ = flash_.Read();
    }
    std::string Options(const std::string &faults) const
    {
        return "rate=max&flash=" + flash_.Escaped() + (faults.empty() ? "" : "&faults=" + faults);
    }
    /* After the cut: the card opens, and `expected` runs. */
    void ExpectOpens(uint32_t expected, uint64_t byte)
    {
        Card card(Options(""));
        ASSERT_EQ(card.status, VDC_OK) << byte << ": " << card.error;
        EXPECT_TRUE(Ready(card)) << byte;
        EXPECT_EQ(FirmwareInfo(card).running, expected) << byte;
    }
    /* Cuts at `first`, first + stride, … of `where` until the update gets by, and says at which that was. */
    uint64_t CutEach(const char *where, uint64_t first, uint64_t stride)
    {
        for (uint64_t byte = first;; byte += stride) {
            flash_.Write(before_);
            {
                Card card(Options("power-cut@" + std::string(where) + "=" + std::to_string(byte)));
                EXPECT_EQ(card.status, VDC_OK) << byte << ": " << card.error;
                int result = UpdateFirmware(card, Small("1.1"));
                if (Injected(*Ledger(0), "power-cut") == 0) {
                    EXPECT_EQ(result, VDC_OK) << vdc_error_text();
                    EXPECT_EQ(FirmwareInfo(card).running, V1_1);
                    return byte;
                }
                cuts_++;
                EXPECT_NE(result, VDC_OK) << where << " " << byte;
                EXPECT_EQ(FirmwareInfo(card).running, V1_0) << where << " " << byte;
                EXPECT_TRUE(Ready(card)) << where << " " << byte;
            }
            ExpectOpens(V1_0, byte);
            if (HasFailure())
                return byte; /* one is enough to read */
        }
    }
    Scratch flash_{"flash.bin"};
    std::vector<uint8_t> before_;
    uint64_t cuts_ = 0;
};

TEST_F(Power, CutWhileTheImageIsSent)
{
    uint64_t stride = Long() ? 1 : 61, most = Small("1.1").size();
    uint64_t end = CutEach("stage", 0, stride); /* counted from 0 */
    EXPECT_GE(end, most);
    EXPECT_LT(end, most + stride);
    EXPECT_GE(cuts_, most / stride);
    RecordProperty("injected", std::to_string(cuts_));
}

TEST_F(Power, CutWhileTheFlashIsWritten)
{
    uint64_t stride = Long() ? 1 : 61, most = Small("1.1").size();
    uint64_t end = CutEach("flash", 1, stride);
    EXPECT_GT(end, most);
    EXPECT_LE(end, most + 256 + stride) << "the image, and its records";
    EXPECT_GE(cuts_, most / stride);
    RecordProperty("injected", std::to_string(cuts_));
}

/* Each byte that a commit programs: one version or the other, never none. */
TEST_F(Power, CutWhileItIsCommitted)
{
    uint64_t written = 0, seen[2] = {0, 0};
    for (uint64_t byte = Small("1.1").size();; byte++) {
        flash_.Write(before_);
        bool cut = false;
        {
            Card card(Options("power-cut@flash=" + std::to_string(byte)));
            if (UpdateFirmware(card, Small("1.1")) != VDC_OK)
                continue; /* still the update's own */
            (void)vdc_device_commit_firmware(card.device);
            cut = Injected(*Ledger(0), "power-cut") != 0;
        }
        Card card(Options(""));
        ASSERT_EQ(card.status, VDC_OK) << byte << ": " << card.error;
        EXPECT_TRUE(Ready(card)) << byte;
        uint32_t running = FirmwareInfo(card).running;
        ASSERT_TRUE(running == V1_0 || running == V1_1) << byte;
        if (!cut) {
            EXPECT_EQ(running, V1_1);
            break;
        }
        written++;
        seen[running == V1_1]++;
    }
    EXPECT_GE(written, 16u);
    EXPECT_GT(seen[0], 0u);
}

/* ---- Wrong images ---- */

TEST_F(Power, EveryLengthIsRefusedByName)
{
    Card card(Options(""));
    std::vector<uint8_t> image = Small("1.1");
    size_t stride = Long() ? 1 : 13;
    for (size_t length = 1; length < image.size(); length += stride) {
        ASSERT_EQ(vdc_device_update_firmware(card.device, image.data(), length, nullptr, nullptr),
                  VDC_E_FIRMWARE)
            << length;
        std::string text = vdc_error_text();
        const char *check = length < 128 ? "INCOMPLETE" : "LENGTH";
        ASSERT_NE(text.find(check), std::string::npos) << length << ": " << text;
    }
    EXPECT_EQ(FirmwareInfo(card).running, V1_0);
    EXPECT_EQ(UpdateFirmware(card, image), VDC_OK) << vdc_error_text();
}

/* Every other value of each byte is tried on the core alone. */
TEST_F(Power, EveryHeaderByteIsRefusedByName)
{
    Card card(Options(""));
    std::vector<uint8_t> image = Small("1.1");
    for (size_t at = 0; at < 128; at++) {
        uint8_t good = image[at];
        for (unsigned flip : {0x01u, 0x80u, 0xffu}) {
            image[at] = static_cast<uint8_t>(good ^ flip);
            ASSERT_EQ(UpdateFirmware(card, image), VDC_E_FIRMWARE) << at << " " << flip;
            std::string text = vdc_error_text();
            ASSERT_NE(text.find(at < 4 ? "MAGIC" : "HEADER"), std::string::npos)
                << at << ": " << text;
        }
        image[at] = good;
    }
    EXPECT_EQ(FirmwareInfo(card).running, V1_0);
    EXPECT_EQ(UpdateFirmware(card, image), VDC_OK) << vdc_error_text();
}

} /* namespace */
