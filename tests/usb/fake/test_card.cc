// SPDX-License-Identifier: MIT
//
// The fake's cards behave as cards on a bus: they are found, boot, come back under the other id,
// deliver what the model shows, and go.
#include "blunt.h"

#include "vidicon_brand.h"

namespace {

class Card : public Blunt {
  protected:
    struct Wanted {
        uint32_t sequence, plane, line;
        uint8_t bytes[3 * 8192];
        uint32_t count;
    };
    // The model's own idea of the line, apart from its capture engine.
    void compare(const std::vector<uint8_t> &frame, uint32_t sequence, uint32_t stride)
    {
        static Wanted wanted;
        for (uint32_t line = 0; line * stride < frame.size(); line++) {
            wanted.sequence = sequence;
            wanted.line = line;
            fake_usb_inside(
                card,
                [](vdm_card *model, void *out) {
                    auto *w = static_cast<Wanted *>(out);
                    w->count = vdm_expected_line(model, w->sequence, 0, w->line, nullptr, w->bytes);
                },
                &wanted);
            ASSERT_EQ(wanted.count, stride);
            ASSERT_EQ(std::memcmp(wanted.bytes, &frame[line * stride], stride), 0)
                << "frame " << sequence << " line " << line;
        }
    }
    // Takes frames one by one, each in two transfers. In real time some may be lost between.
    void capture(uint32_t mode, uint32_t frames)
    {
        uint32_t next = 0;
        select(mode);
        uint32_t bytes = get(map::R_FRAME_BYTES), stride = get(map::R_STRIDE);
        Once picture(handle, 0x81, (bytes + 1023) / 1024 * 1024), trailer(handle, 0x81, 1024);
        ASSERT_EQ(set(map::R_CAPTURE_CONTROL, 1), 4);
        for (uint32_t n = 0; n < frames; n++) {
            picture.ends = trailer.ends = 0;
            ASSERT_EQ(picture.submit(), 0);
            ASSERT_EQ(trailer.submit(), 0);
            ASSERT_TRUE(until([&] { return trailer.ends == 1; }));
            ASSERT_EQ(picture.status, LIBUSB_TRANSFER_COMPLETED);
            ASSERT_EQ(picture.actual, static_cast<int>(picture.bytes.size()));
            ASSERT_EQ(trailer.status, LIBUSB_TRANSFER_COMPLETED);
            ASSERT_EQ(trailer.actual, 64);
            uint32_t sequence = map::get32(&trailer.bytes[map::M_COMPLETION_SEQUENCE]);
            ASSERT_GE(sequence, next);
            if (options.rate == FAKE_USB_MAX) {
                ASSERT_EQ(sequence, n);
            }
            next = sequence + 1;
            picture.bytes.resize(bytes);
            compare(picture.bytes, sequence, stride);
            picture.bytes.resize((bytes + 1023) / 1024 * 1024);
            picture.transfer->buffer = picture.bytes.data();
        }
        ASSERT_EQ(set(map::R_CAPTURE_CONTROL, 0), 4);
    }
};

TEST_F(Card, IsFoundUnderItsNames)
{
    (void)std::snprintf(options.serial, sizeof options.serial, "ABC123");
    options.ports[0] = 1;
    options.ports[1] = 4;
    card = fake_usb_plug(&options);
    open();
    libusb_device *device = libusb_get_device(handle);
    libusb_device_descriptor d;
    uint8_t ports[7];
    unsigned char serial[64];
    ASSERT_EQ(libusb_get_device_descriptor(device, &d), 0);
    EXPECT_EQ(d.idVendor, VIDICON_BRAND_USB_VENDOR_ID);
    EXPECT_EQ(d.idProduct, VIDICON_BRAND_USB_BOOT_PRODUCT_ID);
    EXPECT_EQ(fake_usb_product(card), d.idProduct);
    EXPECT_EQ(libusb_get_device_speed(device), LIBUSB_SPEED_SUPER);
    EXPECT_EQ(libusb_get_device_address(device), fake_usb_address(card));
    ASSERT_EQ(libusb_get_port_numbers(device, ports, 7), 2);
    EXPECT_EQ(ports[1], 4);
    ASSERT_EQ(libusb_get_string_descriptor_ascii(handle, d.iSerialNumber, serial, 64), 6);
    EXPECT_STREQ(reinterpret_cast<char *>(serial), "ABC123");
}

TEST_F(Card, ConfigurationIsRead)
{
    for (auto speed : {VDM_USB_HIGH, VDM_USB_SUPER}) {
        options.speed = speed;
        card = fake_usb_plug(&options);
        libusb_device_handle *opened = open_first();
        libusb_config_descriptor *config = nullptr;
        libusb_ss_endpoint_companion_descriptor *companion = nullptr;
        ASSERT_EQ(libusb_get_active_config_descriptor(libusb_get_device(opened), &config), 0);
        ASSERT_EQ(config->bNumInterfaces, 1);
        ASSERT_EQ(config->interface[0].num_altsetting, 1);
        ASSERT_EQ(config->interface[0].altsetting[0].bNumEndpoints, 2);
        const libusb_endpoint_descriptor *bulk = config->interface[0].altsetting[0].endpoint;
        EXPECT_EQ(bulk->bEndpointAddress, 0x81);
        EXPECT_EQ(bulk->wMaxPacketSize, speed == VDM_USB_HIGH ? 512 : 1024);
        int found = libusb_get_ss_endpoint_companion_descriptor(context, bulk, &companion);
        EXPECT_EQ(found, speed == VDM_USB_HIGH ? LIBUSB_ERROR_NOT_FOUND : 0);
        EXPECT_EQ(companion != nullptr ? companion->bMaxBurst : 15, 15);
        libusb_free_ss_endpoint_companion_descriptor(companion);
        libusb_free_config_descriptor(config);
        libusb_close(opened);
        fake_usb_unplug(card);
    }
}

TEST_F(Card, FirmwareBringsItBackUnderTheOtherId)
{
    card = fake_usb_plug(&options);
    open();
    uint8_t address = fake_usb_address(card);
    upload();
    ASSERT_TRUE(until([&] { return fake_usb_product(card) == VIDICON_BRAND_USB_PRODUCT_ID; }));
    EXPECT_NE(fake_usb_address(card), address);
    EXPECT_EQ(set(map::R_SCRATCH, 1), LIBUSB_ERROR_NO_DEVICE);
    libusb_close(handle);
    open();
    EXPECT_EQ(map::F_BOOT_STATUS_STATE.get(get(map::R_BOOT_STATUS)),
              map::V_BOOT_STATUS_STATE_RUNNING);
}

TEST_F(Card, EventsComeByTheInterruptEndpoint)
{
    plug_running();
    open();
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    ASSERT_EQ(set(map::R_INT_MASK, 0x100), 4);
    ASSERT_EQ(set(map::R_INT_TEST, 1), 4);
    ASSERT_TRUE(until([&] { return event.ends == 1; }));
    EXPECT_EQ(event.actual, 32);
    EXPECT_NE(map::get32(event.bytes.data()) & 0x100, 0u);
}

TEST_F(Card, DeliversWhatTheModelShowsSuper)
{
    plug_running();
    open();
    capture(1, 8);
}

TEST_F(Card, DeliversWhatTheModelShowsHighRealTime)
{
    options.speed = VDM_USB_HIGH;
    options.rate = FAKE_USB_REAL;
    plug_running();
    open();
    capture(1, 4);
    vdm_ledger ledger;
    fake_usb_ledger(card, &ledger);
    EXPECT_GE(ledger.capture.produced, 4u);
}

// The card's time stands still while nobody asks: nothing is lost, however slow the reader.
TEST_F(Card, FullSpeedWaitsForTheReader)
{
    plug_running();
    open();
    capture(0, 100);
    vdm_ledger ledger;
    fake_usb_ledger(card, &ledger);
    EXPECT_EQ(ledger.capture.by_cause[VDM_CAUSE_FIFO], 0u);
    EXPECT_GE(ledger.capture.produced, 100u);
}

TEST_F(Card, SpeedLimitHolds)
{
    options.bytes_per_s = 20000000;
    plug_running();
    open();
    select(2); // 1920 x 1080 at 60 Hz: 248 MB/s
    Once piece(handle, 0x81, 1 << 20);
    ASSERT_EQ(set(map::R_CAPTURE_CONTROL, 1), 4);
    vdm_ledger before, after;
    uint64_t bytes = 0, times[2];
    auto now = [](vdm_card *model, void *out) {
        *static_cast<uint64_t *>(out) = vdm_now_ns(model);
    };
    fake_usb_inside(card, now, &times[0]);
    fake_usb_ledger(card, &before);
    for (int n = 0; n < 20; n++) {
        piece.ends = 0;
        ASSERT_EQ(piece.submit(), 0);
        ASSERT_TRUE(until([&] { return piece.ends == 1; }));
        ASSERT_EQ(piece.status, LIBUSB_TRANSFER_COMPLETED);
        bytes += static_cast<uint64_t>(piece.actual);
    }
    fake_usb_inside(card, now, &times[1]);
    fake_usb_ledger(card, &after);
    double rate = static_cast<double>(bytes) * 1e9 / static_cast<double>(times[1] - times[0]);
    EXPECT_LT(rate, 20.6e6);
    EXPECT_GT(rate, 17e6);
    EXPECT_GT(after.by_cause[VDM_CAUSE_FIFO], before.by_cause[VDM_CAUSE_FIFO]);
}

TEST_F(Card, PulledOutEverythingEnds)
{
    plug_running();
    open();
    Once bulk(handle, 0x81, 1024), event(handle, 0x82, 64);
    ASSERT_EQ(bulk.submit(), 0);
    ASSERT_EQ(event.submit(), 0);
    fake_usb_unplug(card);
    ASSERT_TRUE(until([&] { return bulk.ends + event.ends == 2; }));
    EXPECT_EQ(bulk.status, LIBUSB_TRANSFER_NO_DEVICE);
    EXPECT_EQ(event.status, LIBUSB_TRANSFER_NO_DEVICE);
    EXPECT_EQ(bulk.submit(), LIBUSB_ERROR_NO_DEVICE);
    libusb_device **list = nullptr;
    EXPECT_EQ(libusb_get_device_list(context, &list), 0);
    libusb_free_device_list(list, 1);
    fake_usb_replug(card);
    ASSERT_TRUE(until([&] { return fake_usb_product(card) != 0; }));
}

struct Seen {
    int arrived = 0, left = 0;
};

int on_hotplug(libusb_context *, libusb_device *, libusb_hotplug_event event, void *user)
{
    auto *seen = static_cast<Seen *>(user);
    (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? seen->arrived : seen->left)++;
    return 0;
}

TEST_F(Card, HotplugIsTold)
{
    Seen seen;
    libusb_hotplug_callback_handle callback;
    const auto both = static_cast<libusb_hotplug_event>(LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
                                                        LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT);
    card = fake_usb_plug(&options);
    ASSERT_EQ(libusb_hotplug_register_callback(context, both, LIBUSB_HOTPLUG_ENUMERATE, -1, -1, -1,
                                               on_hotplug, &seen, &callback),
              0);
    EXPECT_EQ(seen.arrived, 1);
    open();
    upload();
    ASSERT_TRUE(until([&] { return seen.arrived == 2 && seen.left == 1; }))
        << seen.arrived << " " << seen.left;
    fake_usb_unplug(card);
    ASSERT_TRUE(until([&] { return seen.left == 2; }));
    libusb_hotplug_deregister_callback(context, callback);
    fake_usb_set_hotplug(0);
    EXPECT_EQ(libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG), 0);
    EXPECT_EQ(libusb_hotplug_register_callback(context, both, LIBUSB_HOTPLUG_NO_FLAGS, -1, -1, -1,
                                               on_hotplug, &seen, &callback),
              LIBUSB_ERROR_NOT_SUPPORTED);
}

TEST_F(Card, FaultsOfTheScriptComeAndAreCounted)
{
    const char *what = nullptr;
    plug_running();
    ASSERT_EQ(fake_usb_faults(card, "usb-stall@packet=2;usb-short@packet=4", &what), 0) << what;
    open();
    select(0);
    ASSERT_EQ(set(map::R_CAPTURE_CONTROL, 1), 4);
    Once whole(handle, 0x81, 16384); // a frame of 64 x 64 x 2 and its trailer
    const libusb_transfer_status wanted[] = {LIBUSB_TRANSFER_COMPLETED, LIBUSB_TRANSFER_STALL,
                                             LIBUSB_TRANSFER_STALL, LIBUSB_TRANSFER_COMPLETED,
                                             LIBUSB_TRANSFER_COMPLETED};
    const int bytes[] = {8192 + 64, 4096, 0, 8192 + 64, 4096 + 13};
    for (int n = 0; n < 5; n++) {
        whole.ends = 0;
        ASSERT_EQ(whole.submit(), 0);
        ASSERT_TRUE(until([&] { return whole.ends == 1; }));
        EXPECT_EQ(whole.status, wanted[n]) << n;
        EXPECT_EQ(whole.actual, bytes[n]) << n;
        if (n == 2) {
            ASSERT_EQ(libusb_clear_halt(handle, 0x81), 0);
        }
    }
    EXPECT_EQ(fake_usb_injected(card, "usb-stall"), 1u);
    EXPECT_EQ(fake_usb_injected(card, "usb-short"), 1u);
    EXPECT_EQ(fake_usb_injected(card, "nonsense"), UINT64_MAX);
    EXPECT_NE(fake_usb_faults(card, "nonsense@frame=1", &what), 0);
}

TEST_F(Card, KernelDriverAndAccess)
{
    options.kernel_driver = 1;
    card = fake_usb_plug(&options);
    handle = open_first();
    EXPECT_EQ(libusb_claim_interface(handle, 0), LIBUSB_ERROR_BUSY);
    EXPECT_EQ(libusb_set_auto_detach_kernel_driver(handle, 1), 0);
    EXPECT_EQ(libusb_claim_interface(handle, 0), 0);
    EXPECT_EQ(libusb_kernel_driver_active(handle, 0), 0);
    libusb_device_handle *second = open_first();
    EXPECT_EQ(libusb_claim_interface(second, 0), LIBUSB_ERROR_BUSY);
    libusb_close(second);
    EXPECT_EQ(libusb_release_interface(handle, 0), 0);
    EXPECT_EQ(libusb_kernel_driver_active(handle, 0), 1);
    options.no_access = 1;
    fake_usb_change(card, &options);
    libusb_device **list = nullptr;
    ASSERT_EQ(libusb_get_device_list(context, &list), 1);
    EXPECT_EQ(libusb_open(list[0], &second), LIBUSB_ERROR_ACCESS);
    libusb_free_device_list(list, 1);
}

} // namespace
