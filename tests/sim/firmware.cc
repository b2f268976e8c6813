/* SPDX-License-Identifier: MIT */
/*
 * Firmware through the public API: load, update, commit, roll back, refusals, faults of boot and
 * flash, loss of power. Whatever happens, the card opens again and the last good image runs.
 */
#include "support.h"

#include <algorithm>
#include <cstring>

extern "C" const char VIDICON_FIRMWARE_DIR[];

namespace {

const uint32_t V1_0 = 0x01000000u, V1_1 = 0x01010000u;

std::vector<uint8_t> Image(const char *version)
{
    return ReadFile(std::string(VIDICON_FIRMWARE_DIR) + "/capture-" + version + ".vdfw");
}

size_t CountFormats(const Card &card)
{
    vdc_list *list = nullptr;
    EXPECT_EQ(vdc_device_list_formats(&list, card.device), VDC_OK) << vdc_error_text();
    size_t count = vdc_list_count(list);
    vdc_list_destroy(list);
    return count;
}

void ExpectCaptures(Card &card)
{
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    CaptureOptions options;
    options.frames = 5;
    Capture capture = RunCapture(card, options);
    EXPECT_EQ(capture.frames.size(), 5u) << capture.error;
    EXPECT_EQ(capture.wrong, 0u);
    EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger), "");
    vdc_stream_close(card.stream);
    card.stream = nullptr;
}

/* Options as for Card, but the card keeps its flash until the test is over. */
class Firmware : public testing::TestWithParam<const char *> {
  protected:
    std::string Options(const std::string &more = "") const
    {
        return std::string(GetParam()) + "&flash=" + flash_.Escaped() + more;
    }
    Scratch flash_{"flash.bin"};
};

INSTANTIATE_TEST_SUITE_P(Bodies, Firmware,
                         testing::Values("rate=max", "rate=max&body=ports", "rate=real&boot_ms=5"));

TEST_P(Firmware, TheEmbeddedImageRuns)
{
    Card card(Options());
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    vdc_firmware_info info = FirmwareInfo(card);
    EXPECT_EQ(info.running, V1_1);
    EXPECT_EQ(info.source, static_cast<uint32_t>(VDC_FIRMWARE_RAM));
    EXPECT_EQ(info.active_slot, 0u);
    EXPECT_EQ(info.slot_state[0], static_cast<uint32_t>(VDC_SLOT_EMPTY));
    EXPECT_EQ(info.capacity_bytes, 0x40000u);
    EXPECT_EQ(vdc_device_commit_firmware(card.device), VDC_E_STATE);
    EXPECT_EQ(vdc_device_roll_back_firmware(card.device), VDC_E_STATE);
}

TEST_P(Firmware, LoadIntoRam)
{
    Card card(Options());
    std::vector<uint8_t> image = Image("1.0");
    ASSERT_GT(image.size(), 128u);
    size_t formats = CountFormats(card);
    struct Progress {
        uint64_t last = 0, calls = 0, bad = 0;
    } progress;
    ASSERT_EQ(vdc_device_load_firmware(
                  card.device, image.data(), image.size(),
                  [](uint64_t done, uint64_t total, void *user) {
                      auto *p = static_cast<Progress *>(user);
                      p->bad += done <= p->last || done > total;
                      p->last = done;
                      p->calls++;
                  },
                  &progress),
              VDC_OK)
        << vdc_error_text();
    EXPECT_EQ(progress.last, image.size());
    EXPECT_EQ(progress.bad, 0u);
    EXPECT_EQ(FirmwareInfo(card).running, V1_0);
    EXPECT_LT(CountFormats(card), formats);
    vdc_event event = VDC_EVENT_INIT;
    ASSERT_EQ(vdc_context_wait_event(&event, card.context, 0), VDC_OK);
    EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_FIRMWARE_CHANGED));
    ExpectCaptures(card);

    /* Not while a stream is open. */
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK);
    EXPECT_EQ(vdc_device_load_firmware(card.device, image.data(), image.size(), nullptr, nullptr),
              VDC_E_BUSY);
}

TEST_P(Firmware, ARefusedImageLeavesWhatRan)
{
    Card card(Options());
    const struct {
        size_t at;
        const char *check;
    } spoilt[] = {
        {0,    "MAGIC"     },
        {8,    "HEADER_CRC"},
        {5000, "BODY_CRC"  }
    };

    for (const auto &s : spoilt) {
        std::vector<uint8_t> image = Image("1.0");
        image[s.at] ^= 1;
        for (bool update : {false, true}) {
            int result = update ? UpdateFirmware(card, image)
                                : vdc_device_load_firmware(card.device, image.data(), image.size(),
                                                           nullptr, nullptr);
            EXPECT_EQ(result, VDC_E_FIRMWARE);
            EXPECT_NE(std::string(vdc_error_text()).find(s.check), std::string::npos)
                << vdc_error_text();
            EXPECT_EQ(FirmwareInfo(card).running, V1_1);
        }
    }
    std::vector<uint8_t> image = Image("1.0");
    EXPECT_EQ(vdc_device_load_firmware(card.device, image.data(), 100, nullptr, nullptr),
              VDC_E_FIRMWARE);
    ExpectCaptures(card);
}

TEST_P(Firmware, UpdateCommitAndRollBack)
{
    {
        Card card(Options());
        ASSERT_EQ(UpdateFirmware(card, Image("1.0")), VDC_OK) << vdc_error_text();
        vdc_firmware_info info = FirmwareInfo(card);
        EXPECT_EQ(info.running, V1_0);
        EXPECT_EQ(info.on_trial, 1u);
        EXPECT_EQ(info.slot_version[info.source - VDC_FIRMWARE_SLOT_A], V1_0);
        ExpectCaptures(card);
        ASSERT_EQ(vdc_device_commit_firmware(card.device), VDC_OK) << vdc_error_text();
        info = FirmwareInfo(card);
        EXPECT_EQ(info.on_trial, 0u);
        EXPECT_EQ(info.active_slot, info.source - 1u);
        EXPECT_EQ(vdc_device_commit_firmware(card.device), VDC_E_STATE);
    }
    {
        /* It is in flash: the next power-on starts it, and nothing is uploaded. */
        Card card(Options());
        EXPECT_EQ(FirmwareInfo(card).running, V1_0);
        EXPECT_GE(FirmwareInfo(card).source, static_cast<uint32_t>(VDC_FIRMWARE_SLOT_A));

        /* A trial that is not committed ends with the power. */
        ASSERT_EQ(UpdateFirmware(card, Image("1.1")), VDC_OK) << vdc_error_text();
        EXPECT_EQ(FirmwareInfo(card).running, V1_1);
        EXPECT_EQ(FirmwareInfo(card).on_trial, 1u);
    }
    {
        Card card(Options());
        EXPECT_EQ(FirmwareInfo(card).running, V1_0);
        ASSERT_EQ(UpdateFirmware(card, Image("1.1")), VDC_OK) << vdc_error_text();
        ASSERT_EQ(vdc_device_roll_back_firmware(card.device), VDC_OK) << vdc_error_text();
        EXPECT_EQ(FirmwareInfo(card).running, V1_0);
        ASSERT_EQ(UpdateFirmware(card, Image("1.1")), VDC_OK) << vdc_error_text();
        ASSERT_EQ(vdc_device_commit_firmware(card.device), VDC_OK) << vdc_error_text();
        EXPECT_EQ(FirmwareInfo(card).running, V1_1);
        /* Committed, it can be left for the other slot all the same. */
        ASSERT_EQ(vdc_device_roll_back_firmware(card.device), VDC_OK) << vdc_error_text();
        EXPECT_EQ(FirmwareInfo(card).running, V1_0);
        ExpectCaptures(card);
    }
}

/* ---- The process keeps the flash of a card without a file ---- */

TEST(FirmwareKept, FlashOutlivesTheHandle)
{
    std::string id = "sim:5?rate=max";
    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    std::vector<uint8_t> image = Image("1.0");
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;

    ASSERT_EQ(vdc_context_create(&context, nullptr), VDC_OK);
    ASSERT_EQ(vdc_device_open(&device, context, id.c_str(), 0), VDC_OK);
    ASSERT_EQ(vdc_device_update_firmware(device, image.data(), image.size(), nullptr, nullptr),
              VDC_OK)
        << vdc_error_text();
    ASSERT_EQ(vdc_device_commit_firmware(device), VDC_OK);
    vdc_device_close(device);
    ASSERT_EQ(vdc_device_open(&device, context, id.c_str(), 0), VDC_OK);
    ASSERT_EQ(vdc_device_get_firmware(&info, device), VDC_OK);
    EXPECT_EQ(info.running, V1_0);
    vdc_device_close(device);
    vdi_sim_forget(5);
    ASSERT_EQ(vdc_device_open(&device, context, id.c_str(), 0), VDC_OK);
    ASSERT_EQ(vdc_device_get_firmware(&info, device), VDC_OK);
    EXPECT_EQ(info.running, V1_1);
    vdc_device_close(device);
    vdc_context_destroy(context);
}

TEST(FirmwareKept, AFileThatIsNoFlashIsRefused)
{
    Scratch file("flash.bin");
    file.Write({1, 2, 3});
    Card card("rate=max&flash=" + file.Escaped());
    EXPECT_EQ(card.status, VDC_E_INVALID);
    EXPECT_NE(card.error.find("3 bytes"), std::string::npos) << card.error;
}

/* ---- Limited ---- */

struct Limited {
    const char *kind;
    const char *options;
    const char *says;
};

class LimitedCards : public testing::TestWithParam<Limited> {};

TEST_P(LimitedCards, OpenAndCanBeRepaired)
{
    Card card(std::string("rate=max&") + GetParam().options);
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    const vdc_device_info *info = vdc_device_get_info(card.device);
    EXPECT_EQ(info->state, static_cast<uint32_t>(VDC_DEVICE_LIMITED));
    EXPECT_NE(std::string(info->state_text).find(GetParam().says), std::string::npos)
        << info->state_text;
    if (GetParam().kind[0]) {
        EXPECT_GT(Injected(*Ledger(0), GetParam().kind), 0u);
    }
    EXPECT_EQ(card.OpenStream(Thumbnail()), VDC_E_FIRMWARE);

    std::vector<uint8_t> image = Image("1.1");
    EXPECT_EQ(vdc_device_load_firmware(card.device, image.data(), image.size(), nullptr, nullptr),
              VDC_OK)
        << vdc_error_text();
    EXPECT_EQ(vdc_device_get_info(card.device)->state, static_cast<uint32_t>(VDC_DEVICE_READY));
    ExpectCaptures(card);
}

INSTANTIATE_TEST_SUITE_P(
    Each, LimitedCards,
    testing::Values(Limited{"", "firmware=none", "No firmware runs"},
                    Limited{"boot-never-ready", "faults=boot-never-ready@boot=1", "leave BOOTING"},
                    Limited{"boot-hang", "faults=boot-hang@boot=1", "WATCHDOG"},
                    Limited{"stage-corrupt", "faults=stage-corrupt@stage=1000", "BODY_CRC"},
                    Limited{"stage-corrupt", "faults=stage-corrupt@stage=20", "HEADER_CRC"},
                    Limited{"stage-lost", "faults=stage-lost@stage=1000", "INCOMPLETE"},
                    Limited{"reg-stuck",
                            "faults=reg-stuck@time=0,reg=BOOT_STATUS,value=2,count=4200",
                            "leave CHECKING"}));

TEST(LimitedCard, ABadFileNamesTheCheck)
{
    Scratch file("bad.vdfw");
    std::vector<uint8_t> image = Image("1.1");
    image[200] ^= 0x80;
    file.Write(image);
    Card card("rate=max&firmware=" + file.Escaped());
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    const vdc_device_info *info = vdc_device_get_info(card.device);
    EXPECT_EQ(info->state, static_cast<uint32_t>(VDC_DEVICE_LIMITED));
    EXPECT_NE(std::string(info->state_text).find("BODY_CRC"), std::string::npos)
        << info->state_text;
}

TEST(LimitedCard, AnotherImageInPlaceOfTheEmbeddedOne)
{
    Card card(std::string("rate=max&firmware=") +
              Escape(std::string(VIDICON_FIRMWARE_DIR) + "/capture-1.0.vdfw"));
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    EXPECT_EQ(FirmwareInfo(card).running, V1_0);
}

/* ---- Loss of power and faults of the flash ---- */

/* Slot A holds 1.0 and is active; then an update to 1.1 meets a fault. */
TEST(Interrupted, TheLastGoodImageRuns)
{
    const char *const scripts[] = {
        "power-cut@boot=1",      "power-cut@boot=2",        "power-cut@stage=1",
        "power-cut@stage=128",   "power-cut@stage=5000",    "power-cut@flash=1",
        "power-cut@flash=32",    "power-cut@flash=33",      "power-cut@flash=5000",
        "power-cut@flash=66000", "flash-stuck@flash=40",    "flash-stuck@flash=30000",
        "boot-hang@boot=2",      "boot-never-ready@boot=2", "stage-corrupt@stage=300",
        "stage-lost@stage=300",  "unplug@flash=100",        "unplug@stage=100"};
    size_t injected = 0;
    Scratch good("flash.bin");
    {
        Card card("rate=max&flash=" + good.Escaped());
        ASSERT_EQ(UpdateFirmware(card, Image("1.0")), VDC_OK) << vdc_error_text();
        ASSERT_EQ(vdc_device_commit_firmware(card.device), VDC_OK);
    }
    std::vector<uint8_t> before = good.Read();

    for (const char *script : scripts) {
        Scratch flash("flash.bin");
        flash.Write(before);
        int result = 0;
        {
            Card card("rate=max&flash=" + flash.Escaped() + "&faults=" + script);
            ASSERT_EQ(card.status, VDC_OK) << script << ": " << card.error;
            result = UpdateFirmware(card, Image("1.1"));
            auto ledger = Ledger(0);
            uint64_t count =
                Injected(*ledger, std::string(script).substr(0, std::string(script).find('@')));
            EXPECT_GT(count, 0u) << script;
            injected += count;
            if (result == VDC_OK) {
                EXPECT_EQ(FirmwareInfo(card).running, V1_1) << script;
            } else if (result != VDC_E_GONE) {
                EXPECT_EQ(FirmwareInfo(card).running, V1_0) << script << ": " << vdc_error_text();
                EXPECT_EQ(vdc_device_get_info(card.device)->state,
                          static_cast<uint32_t>(VDC_DEVICE_READY));
                ExpectCaptures(card);
            }
        }
        EXPECT_TRUE(result != VDC_OK || std::string(script) == "power-cut@boot=1") << script;
        Card card("rate=max&flash=" + flash.Escaped());
        ASSERT_EQ(card.status, VDC_OK) << script << ": " << card.error;
        EXPECT_EQ(FirmwareInfo(card).running, V1_0) << script;
        EXPECT_EQ(UpdateFirmware(card, Image("1.1")), VDC_OK) << script << ": " << vdc_error_text();
        EXPECT_EQ(FirmwareInfo(card).running, V1_1) << script;
    }
    RecordProperty("injected", static_cast<int>(injected));
}

} /* namespace */
