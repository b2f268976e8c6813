/* SPDX-License-Identifier: MIT */
/* Extension units: bytes to and from a camera that may say anything about them. */
#include "uvc_fixture.h"
#include "vidicon/service.h"

static const uint32_t UNIT = 3, SELECTOR = 1, BYTES = 4;

class UvcExtension : public UvcTest {
  protected:
    void SetUp() override
    {
        UvcTest::SetUp();
        card = Plug({CAMERA_HIGH, true});
        ASSERT_EQ(VDC_OK, vdc_device_open(&device, context, "usb:CAM1", VDC_OPEN_REGISTERS));
    }
    int Read(void *out, size_t bytes = BYTES, uint32_t value = VDC_EXTENSION_CURRENT)
    {
        return vdc_device_read_extension(out, bytes, device, UNIT, SELECTOR, value);
    }
    fake_usb_card *card = nullptr;
};

TEST_F(UvcExtension, IsListedAndDescribed)
{
    vdc_list *list = nullptr;
    EXPECT_TRUE(vdc_device_get_info(device)->caps & VDC_CAP_EXTENSIONS);
    ASSERT_EQ(VDC_OK, vdc_device_list_extensions(&list, device)) << vdc_error_text();
    ASSERT_EQ(1u, vdc_list_count(list));
    const vdc_extension_info *info = vdc_list_extension_at(list, 0);
    EXPECT_EQ(UNIT, info->unit);
    EXPECT_EQ(1u << SELECTOR, info->selectors[0]);
    EXPECT_EQ(0x44, info->guid[0]) << "as it stands in the descriptor";
    EXPECT_EQ(0x33, info->guid[1]);
    vdc_list_destroy(list);
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    ASSERT_EQ(VDC_OK, vdc_device_get_extension(&control, device, UNIT, SELECTOR))
        << vdc_error_text();
    EXPECT_EQ(BYTES, control.bytes);
    EXPECT_EQ((uint32_t)(VDC_REGISTER_READ | VDC_REGISTER_WRITE), control.access);
    for (auto [unit, selector] : {
             std::pair{UNIT,   2u      },
             {UNIT,   0u      },
             {2u,     1u      },
             {0x103u, SELECTOR},
             {UNIT,   0x101u  },
             {~0u,    ~0u     }
    })
        EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_get_extension(&control, device, unit, selector));
}

TEST_F(UvcExtension, BytesGoThereAndBack)
{
    const uint8_t sent[BYTES] = {9, 8, 7, 6};
    uint8_t got[BYTES] = {};
    ASSERT_EQ(VDC_OK, vdc_device_write_extension(device, UNIT, SELECTOR, sent, BYTES))
        << vdc_error_text();
    ASSERT_EQ(VDC_OK, Read(got)) << vdc_error_text();
    EXPECT_EQ(0, std::memcmp(sent, got, BYTES));
    EXPECT_EQ(VDC_OK, Read(got, BYTES, VDC_EXTENSION_DEFAULT)) << vdc_error_text();
    EXPECT_NE(0, std::memcmp(sent, got, BYTES)) << "not the current one";
    /* While it streams, too. */
    Stream(Wish());
    Start();
    Take(2);
    EXPECT_EQ(VDC_OK, Read(got)) << vdc_error_text();
    Take(2);
    Stop(card);
}

TEST_F(UvcExtension, AnotherLengthIsRefusedBeforeAnyIsMoved)
{
    uint8_t bytes[8192] = {};
    for (size_t length : {size_t{1}, size_t{3}, size_t{5}, sizeof(bytes)}) {
        EXPECT_EQ(VDC_E_RANGE, Read(bytes, length));
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "has 4 bytes")) << vdc_error_text();
        EXPECT_EQ(VDC_E_RANGE, vdc_device_write_extension(device, UNIT, SELECTOR, bytes, length));
    }
}

/* What a camera could say instead of the truth. */
TEST_F(UvcExtension, LiesAreRefusedByName)
{
    const struct {
        camera_fault fault;
        uint64_t at; /* of the requests: length, info, value */
        size_t bytes;
        const char *words;
    } lies[] = {
        {CAMERA_LENGTH_HUGE,   0, BYTES,     "is none"           },
        {CAMERA_SHORT_ANSWER,  0, BYTES,     "is none"           },
        {CAMERA_LENGTH_WRONG,  0, BYTES,     "has 5 bytes, not 4"},
        {CAMERA_LENGTH_WRONG,  0, BYTES + 1, "came with 4 bytes" },
        {CAMERA_SHORT_ANSWER,  2, BYTES,     "came with 1 bytes" },
        {CAMERA_STALL_CONTROL, 0, BYTES,     "the camera refuses"},
        {CAMERA_STALL_CONTROL, 1, BYTES,     "the camera refuses"},
        {CAMERA_STALL_CONTROL, 2, BYTES,     "the camera refuses"},
        {CAMERA_NO_ANSWER,     2, BYTES,     "it did not answer" },
    };
    for (const auto &lie : lies) {
        SCOPED_TRACE(std::to_string(lie.fault) + " at " + std::to_string(lie.at));
        uint8_t got[BYTES + 1];
        std::memset(got, 0xaa, sizeof(got));
        uint64_t before = Ledger(card).injected[lie.fault];
        Plant(card, lie.fault, lie.at);
        EXPECT_NE(VDC_OK, Read(got, lie.bytes));
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), lie.words)) << vdc_error_text();
        EXPECT_EQ(before + 1, Ledger(card).injected[lie.fault]);
        for (uint8_t one : got)
            EXPECT_EQ(0xaa, one) << "nothing is written but on VDC_OK";
        EXPECT_EQ(VDC_OK, Read(got)) << "and then it works: " << vdc_error_text();
    }
}

TEST_F(UvcExtension, Unplugged)
{
    uint8_t got[BYTES];
    fake_usb_unplug(card);
    EXPECT_EQ(VDC_E_GONE, Read(got));
}
