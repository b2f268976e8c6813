// SPDX-License-Identifier: MIT
//
// What makes Windows bind WinUSB to the card without an INF: asked for over the bus as Windows asks, under both product
// ids and at both speeds.
#include "fake/blunt.h"
#include "microsoft.h"
#include "vidicon_brand.h"

namespace {

using microsoft::Bytes;
using microsoft::Findings;

class Microsoft : public Blunt {
  protected:
    Bytes Ask(uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t room)
    {
        Bytes out(room);
        int count =
            libusb_control_transfer(handle, type, request, value, index, out.data(), room, 1000);
        out.resize(count < 0 ? 0 : static_cast<size_t>(count));
        return out;
    }
    // First its head, which says how long it is.
    Bytes Bos()
    {
        Bytes head = Ask(0x80, 6, 15 << 8, 0, 5);
        if (head.size() != 5) {
            return head;
        }
        return Ask(0x80, 6, 15 << 8, 0, static_cast<uint16_t>(head[2] | head[3] << 8));
    }
    Bytes Set(const Findings &found) { return Ask(0xc0, found.vendor_code, 0, 7, found.set_bytes); }
    // Windows asks for a BOS only where bcdUSB says that there may be one.
    uint32_t Version()
    {
        Bytes device = Ask(0x80, 6, 1 << 8, 0, 18);
        return device.size() == 18 ? static_cast<uint32_t>(device[2] | device[3] << 8) : 0;
    }
};

TEST_F(Microsoft, BothProductIdsGetWinUsb)
{
    for (auto speed : {VDM_USB_HIGH, VDM_USB_SUPER}) {
        for (bool runs : {false, true}) {
            SCOPED_TRACE(std::string(speed == VDM_USB_HIGH ? "high speed" : "SuperSpeed") +
                         (runs ? ", firmware runs" : ", boot loader"));
            options.speed = speed;
            options.image = runs ? image.data() : nullptr;
            options.image_bytes = runs ? image.size() : 0;
            card = fake_usb_plug(&options);
            ASSERT_NE(card, nullptr);
            ASSERT_EQ(fake_usb_product(card),
                      runs ? VIDICON_BRAND_USB_PRODUCT_ID : VIDICON_BRAND_USB_BOOT_PRODUCT_ID);
            open();
            EXPECT_GE(Version(), 0x0201u);
            Findings found;
            ASSERT_EQ(microsoft::ReadBos(&found, Bos()), "");
            ASSERT_EQ(microsoft::ReadSet(&found, Set(found)), "");
            EXPECT_EQ(found.compatible_id, "WINUSB");
            EXPECT_EQ(found.interface_guids,
                      std::vector<std::string>{"{" VIDICON_BRAND_DEVICE_INTERFACE_GUID "}"});
            // Asked with more room, it is no longer; for another index there is nothing.
            EXPECT_EQ(Ask(0xc0, found.vendor_code, 0, 7, 4096).size(), found.set_bytes);
            EXPECT_TRUE(Ask(0xc0, found.vendor_code, 0, 8, 4096).empty());
            libusb_close(handle);
            handle = nullptr;
            fake_usb_unplug(card);
        }
    }
}

// The control: whatever byte is another one, the reader says so, or finds another id, GUID, request or version.
TEST_F(Microsoft, EveryChangedByteIsNoticed)
{
    plug_running();
    open();
    Findings right;
    Bytes bos = Bos();
    ASSERT_EQ(microsoft::ReadBos(&right, bos), "");
    Bytes set = Set(right);
    ASSERT_EQ(microsoft::ReadSet(&right, set), "");
    uint32_t unnoticed = 0;

    auto same = [&](const Bytes &changed_bos, const Bytes &changed_set) {
        Findings found;
        return microsoft::ReadBos(&found, changed_bos).empty() &&
               microsoft::ReadSet(&found, changed_set).empty() && found.windows == right.windows &&
               found.vendor_code == right.vendor_code &&
               found.compatible_id == right.compatible_id &&
               found.interface_guids == right.interface_guids;
    };
    ASSERT_TRUE(same(bos, set));
    for (size_t at = 0; at < set.size(); at++) {
        Bytes changed = set;
        changed[at] ^= 0x10;
        EXPECT_FALSE(same(bos, changed)) << "byte " << at << " of the set";
        changed.assign(set.begin(), set.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_FALSE(same(bos, changed)) << "the set cut at " << at;
    }
    for (size_t at = 0; at < bos.size(); at++) {
        Bytes changed = bos;
        changed[at] ^= 0x10;
        unnoticed += same(changed, set);
        changed.assign(bos.begin(), bos.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_FALSE(same(changed, set)) << "the BOS cut at " << at;
    }
    // The other two capabilities are none of Microsoft's: what is behind their types.
    EXPECT_EQ(unnoticed, 7u - 2 + 10 - 2);
}

} // namespace
