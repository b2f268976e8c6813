// SPDX-License-Identifier: MIT
//
// The USB body: descriptors, requests, the frame endpoint, the event endpoint, and its comings and
// goings.
#include "test_card.h"

namespace {

class Usb : public TestCard {
  protected:
    uint32_t packet = 1024;

    void SetUp() override
    {
        TestCard::SetUp();
        config.body = VDM_BODY_USB;
        config.usb_manufacturer = "Maker";
        config.usb_product = "Thing";
        config.usb_interface_guid = "{12345678-9abc-def0-1234-56789abcdef0}";
        config.usb_vendor = 0x1234;
        config.usb_product_boot = 0xb007;
        config.usb_product_run = 0xcafe;
        create();
        configure();
    }
    int control(uint32_t type, uint32_t request, uint32_t value, uint32_t index, uint32_t length,
                uint8_t *data)
    {
        uint8_t setup[8] = {static_cast<uint8_t>(type), static_cast<uint8_t>(request)};
        put16(setup + 2, value);
        put16(setup + 4, index);
        put16(setup + 6, length);
        return vdm_usb_control(card, setup, data);
    }
    void configure() { ASSERT_EQ(control(0x00, 9, 1, 0, 0, nullptr), 0); }
    Bytes descriptor(uint32_t type, uint32_t index = 0, uint32_t length = 255)
    {
        Bytes out(length);
        int count = control(0x80, 6, type << 8 | index, 0, length, out.data());
        out.resize(count < 0 ? 0 : static_cast<size_t>(count));
        return out;
    }
    uint32_t get(uint32_t offset)
    {
        uint8_t data[4] = {};
        EXPECT_EQ(control(0xc0, 1, 0, offset, 4, data), 4);
        return get32(data);
    }
    void set(uint32_t offset, uint32_t value)
    {
        uint8_t data[4];
        put32(data, value);
        EXPECT_EQ(control(0x40, 2, 0, offset, 4, data), 4);
    }
    void upload(Bytes image)
    {
        set(R_FW_LENGTH, static_cast<uint32_t>(image.size()));
        set(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
        for (size_t at = 0; at < image.size(); at += 4096) {
            uint32_t count = static_cast<uint32_t>(std::min<size_t>(4096, image.size() - at));
            ASSERT_EQ(control(0x40, 3, 0, 0, count, &image[at]), static_cast<int>(count));
        }
        EXPECT_EQ(get(R_FW_RECEIVED), image.size());
    }
    void boot_usb()
    {
        upload(maker::image(maker::full().bytes()));
        set(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_BOOT_STAGED);
        pass(100 * MS);
        configure();
        ASSERT_EQ(F_BOOT_STATUS_STATE.get(get(R_BOOT_STATUS)), V_BOOT_STATUS_STATE_RUNNING);
        attachments.clear();
    }
    uint32_t product() { return get16(&descriptor(1)[10]); }
    // One transfer, read in requests of `room` bytes; empty if there is none now.
    Bytes transfer(uint32_t room)
    {
        Bytes out;
        for (;;) {
            Bytes part(room);
            int end = 0;
            int count = vdm_usb_bulk_in(card, part.data(), room, &end);
            if (count < 0) {
                last = count;
                return out;
            }
            out.insert(out.end(), part.begin(), part.begin() + count);
            if (end) {
                return out;
            }
            EXPECT_EQ(static_cast<uint32_t>(count) % packet, 0u);
        }
    }
    int last = 0;
    Completion trailer(const Bytes &bytes) { return Completion(&bytes[bytes.size() - 64]); }
    Bytes expected_usb(uint32_t sequence)
    {
        uint32_t stride = get(R_STRIDE), height = get(R_HEIGHT);
        Bytes out(get(R_FRAME_BYTES));
        std::vector<uint8_t> line(3 * 8192);
        for (uint32_t n = 0; n < out.size() / stride; n++) {
            uint32_t plane = n >= height;
            uint32_t count =
                vdm_expected_line(card, sequence, plane, n - plane * height, nullptr, line.data());
            std::memcpy(&out[n * stride], line.data(), count);
        }
        return out;
    }
    void check_usb_sums()
    {
        const auto &c = ledger().capture;
        EXPECT_EQ(c.produced, get(R_FRAMES_PRODUCED));
        EXPECT_EQ(c.by_cause[VDM_CAUSE_GOOD] + c.by_cause[VDM_CAUSE_USB], get(R_FRAMES_GOOD));
        EXPECT_EQ(c.by_cause[VDM_CAUSE_FIFO], get(R_DROPPED_FIFO));
        EXPECT_EQ(c.produced, c.by_cause[VDM_CAUSE_GOOD] + c.by_cause[VDM_CAUSE_USB] +
                                  c.by_cause[VDM_CAUSE_FIFO] + c.by_cause[VDM_CAUSE_NO_SIGNAL]);
    }
};

TEST_F(Usb, DeviceDescriptor)
{
    Bytes d = descriptor(1);
    ASSERT_EQ(d.size(), 18u);
    EXPECT_EQ(d[0], 18);
    EXPECT_EQ(d[1], 1);
    EXPECT_EQ(get16(&d[2]), 0x300u);
    EXPECT_EQ(d[7], 9);
    EXPECT_EQ(get16(&d[8]), 0x1234u);
    EXPECT_EQ(get16(&d[10]), 0xb007u);
    EXPECT_EQ(d[17], 1);
    EXPECT_EQ(descriptor(1, 0, 8).size(), 8u);
    config.usb_speed = VDM_USB_HIGH;
    create();
    d = descriptor(1);
    EXPECT_EQ(get16(&d[2]), 0x210u);
    EXPECT_EQ(d[7], 64);
}

TEST_F(Usb, ConfigurationIsWellFormed)
{
    for (auto speed : {VDM_USB_SUPER, VDM_USB_HIGH}) {
        config.usb_speed = speed;
        create();
        Bytes d = descriptor(2);
        ASSERT_EQ(get16(&d[2]), d.size());
        EXPECT_EQ(d[4], 1);
        std::vector<uint32_t> types;
        for (size_t at = 0; at < d.size(); at += d[at]) {
            ASSERT_GE(d[at], 2);
            types.push_back(d[at + 1]);
            if (d[at + 1] == 5 && d[at + 2] == 0x81) {
                EXPECT_EQ(d[at + 3], 2);
                EXPECT_EQ(get16(&d[at + 4]), speed == VDM_USB_SUPER ? 1024u : 512u);
            } else if (d[at + 1] == 5) {
                EXPECT_EQ(d[at + 2], 0x82);
                EXPECT_EQ(d[at + 3], 3);
                EXPECT_EQ(get16(&d[at + 4]), 64u);
            }
        }
        EXPECT_EQ(types, speed == VDM_USB_SUPER ? std::vector<uint32_t>({2, 4, 5, 48, 5, 48})
                                                : std::vector<uint32_t>({2, 4, 5, 5}));
    }
}

TEST_F(Usb, Strings)
{
    EXPECT_EQ(descriptor(3, 0), Bytes({4, 3, 9, 4}));
    const std::string wanted[] = {config.usb_manufacturer, config.usb_product, config.serial};
    for (uint32_t n = 1; n <= 3; n++) {
        Bytes d = descriptor(3, n);
        ASSERT_EQ(d.size(), 2 + 2 * wanted[n - 1].size());
        EXPECT_EQ(d[0], d.size());
        for (size_t k = 0; k < wanted[n - 1].size(); k++) {
            EXPECT_EQ(d[2 + 2 * k], static_cast<uint8_t>(wanted[n - 1][k]));
        }
    }
    EXPECT_TRUE(descriptor(3, 4).empty());
    EXPECT_TRUE(descriptor(9).empty());
}

TEST_F(Usb, BosAndMicrosoftDescriptors)
{
    Bytes bos = descriptor(15);
    ASSERT_EQ(get16(&bos[2]), bos.size());
    uint32_t capabilities = 0;
    uint32_t set_bytes = 0;
    for (size_t at = 5; at < bos.size(); at += bos[at]) {
        ASSERT_EQ(bos[at + 1], 16);
        capabilities++;
        if (bos[at + 2] == 5) {
            const uint8_t uuid[16] = {0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c,
                                      0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f};
            EXPECT_EQ(std::memcmp(&bos[at + 4], uuid, 16), 0);
            EXPECT_EQ(get32(&bos[at + 20]), 0x06030000u);
            set_bytes = get16(&bos[at + 24]);
            EXPECT_EQ(bos[at + 26], 0x20);
        }
    }
    EXPECT_EQ(capabilities, bos[4]);
    Bytes set(4096);
    ASSERT_EQ(control(0xc0, 0x20, 0, 7, 4096, set.data()), static_cast<int>(set_bytes));
    set.resize(set_bytes);
    EXPECT_EQ(get16(&set[0]), 10u);
    EXPECT_EQ(get16(&set[8]), set_bytes);
    EXPECT_EQ(get16(&set[10]), 20u);
    EXPECT_EQ(get16(&set[12]), 3u);
    EXPECT_EQ(std::memcmp(&set[14], "WINUSB\0\0", 8), 0);
    EXPECT_EQ(get16(&set[30]), set_bytes - 30); // the registry property is the rest
    EXPECT_EQ(get16(&set[32]), 4u);
    EXPECT_EQ(get16(&set[34]), 7u);
    EXPECT_EQ(get16(&set[36]), 42u);
    std::string name;
    for (size_t at = 38; at < 38 + 40; at += 2) {
        name += static_cast<char>(set[at]);
    }
    EXPECT_EQ(name, "DeviceInterfaceGUIDs");
    EXPECT_EQ(get16(&set[80]), 80u);
    EXPECT_EQ(set[82], '{');
    EXPECT_EQ(get32(&set[set_bytes - 4]), 0u);
    EXPECT_EQ(control(0xc0, 0x20, 0, 5, 4096, set.data()), VDM_USB_STALL);
}

TEST_F(Usb, StandardRequests)
{
    uint8_t data[64] = {};
    EXPECT_EQ(control(0x80, 8, 0, 0, 1, data), 1);
    EXPECT_EQ(data[0], 1);
    EXPECT_EQ(control(0x00, 9, 2, 0, 0, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x80, 0, 0, 0, 2, data), 2);
    EXPECT_EQ(control(0x02, 3, 0, 0x81, 0, data), 0); // halt
    EXPECT_EQ(control(0x82, 0, 0, 0x81, 2, data), 2);
    EXPECT_EQ(data[0], 1);
    int end;
    EXPECT_EQ(vdm_usb_bulk_in(card, data, 64, &end), VDM_USB_STALL);
    EXPECT_EQ(control(0x02, 1, 0, 0x81, 0, data), 0);
    EXPECT_EQ(vdm_usb_bulk_in(card, data, 64, &end), VDM_USB_NAK);
    EXPECT_EQ(control(0x82, 0, 0, 0x83, 2, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x02, 1, 0, 0x83, 0, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x81, 10, 0, 0, 1, data), 1);
    EXPECT_EQ(control(0x01, 11, 0, 0, 0, data), 0);
    EXPECT_EQ(control(0x01, 11, 1, 0, 0, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x00, 0x30, 0, 0, 6, data), 6);
    EXPECT_EQ(control(0x21, 1, 0, 0, 0, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x80, 77, 0, 0, 0, data), VDM_USB_STALL);
    vdm_usb_reset(card);
    EXPECT_EQ(control(0x80, 8, 0, 0, 1, data), 1);
    EXPECT_EQ(data[0], 0);
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK);
}

TEST_F(Usb, VendorRequestsKeepTheirLimits)
{
    uint8_t data[8192] = {};
    EXPECT_EQ(control(0xc0, 1, 0, 0, 1024, data), 1024);
    EXPECT_EQ(get32(data), 0x31434456u);
    EXPECT_EQ(get32(data + R_TIME_HZ), 27000000u);
    EXPECT_EQ(control(0xc0, 1, 0, 0, 1028, data), VDM_USB_STALL);
    EXPECT_EQ(control(0xc0, 1, 0, 0, 6, data), VDM_USB_STALL);
    EXPECT_EQ(control(0xc0, 1, 1, 0, 4, data), VDM_USB_STALL);
    EXPECT_EQ(control(0xc0, 1, 0, 0xfffc, 64, data), 64); // past the file: zeros
    EXPECT_EQ(get32(data), 0u);
    EXPECT_EQ(control(0x40, 2, 0, 0, 68, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x40, 2, 0, 0, 3, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x40, 3, 0, 0, 4097, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x40, 99, 0, 0, 4, data), VDM_USB_STALL);
    EXPECT_EQ(control(0x40, 1, 0, 0, 4, data), VDM_USB_STALL); // the wrong direction
    pass(SECOND - vdm_now_ns(card));
    EXPECT_EQ(control(0xc0, 4, 0, 0, 8, data), 8);
    EXPECT_EQ(get64(data), 27000000u);
    EXPECT_EQ(get(R_TIME_LO), 27000000u);
}

TEST_F(Usb, FirmwareMakesItLeaveAndComeBack)
{
    EXPECT_EQ(product(), 0xb007u);
    upload(maker::image(maker::full().bytes()));
    set(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_BOOT_STAGED);
    pass(20 * MS);
    EXPECT_TRUE(attachments.empty());
    EXPECT_EQ(product(), 0xb007u);
    pass(11 * MS);
    EXPECT_EQ(attachments, std::vector<int>({0}));
    uint8_t data[64];
    EXPECT_EQ(control(0x80, 6, 0x100, 0, 18, data), VDM_USB_GONE);
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_GONE);
    pass(20 * MS);
    EXPECT_EQ(attachments, std::vector<int>({0, 1}));
    EXPECT_EQ(product(), 0xcafeu);
    EXPECT_EQ(control(0x80, 8, 0, 0, 1, data), 1);
    EXPECT_EQ(data[0], 0); // a new device: not configured
    configure();
    set(R_RESET, V_RESET_KIND_CARD | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(attachments, std::vector<int>({0, 1, 0}));
    pass(20 * MS);
    EXPECT_EQ(product(), 0xb007u);
    vdm_unplug(card);
    EXPECT_EQ(attachments, std::vector<int>({0, 1, 0, 1, 0}));
    EXPECT_EQ(control(0x80, 6, 0x100, 0, 18, data), VDM_USB_GONE);
    vdm_power_cycle(card);
    pass(20 * MS);
    EXPECT_EQ(attachments, std::vector<int>({0, 1, 0, 1, 0, 1}));
    EXPECT_EQ(product(), 0xb007u);
}

TEST_F(Usb, FramesPaddedWithATrailer)
{
    for (auto speed : {VDM_USB_SUPER, VDM_USB_HIGH}) {
        config.usb_speed = speed;
        packet = speed == VDM_USB_SUPER ? 1024 : 512;
        create();
        configure();
        boot_usb();
        for (uint32_t format : {fourcc("YUYV"), fourcc("NV12"), fourcc("RGB3")}) {
            set(R_PIXEL_FORMAT, format);
            set(R_STRIDE, 199);
            ASSERT_EQ(get(R_CONFIG_STATUS), 0u);
            set(R_CAPTURE_CONTROL, 1);
            uint32_t padded = (get(R_FRAME_BYTES) + 1023) / 1024 * 1024;
            for (uint32_t n = 0; n < 6; n++) {
                pass(10 * MS);
                Bytes bytes = transfer(packet << n);
                ASSERT_EQ(bytes.size(), padded + 64);
                Completion c = trailer(bytes);
                EXPECT_TRUE(c.is_valid(0));
                EXPECT_EQ(c.sequence, n);
                EXPECT_EQ(c.tag, 0u);
                EXPECT_EQ(c.bytes, get(R_FRAME_BYTES));
                EXPECT_EQ(c.lost_before(), 0u);
                Bytes wanted = expected_usb(n);
                wanted.resize(padded);
                bytes.resize(padded);
                ASSERT_EQ(bytes, wanted) << n;
            }
            set(R_CAPTURE_CONTROL, 0);
            pass(MS);
            check_usb_sums();
        }
    }
}

TEST_F(Usb, TwoFramesFitThenTheFifoOverflows)
{
    boot_usb();
    set(R_CAPTURE_CONTROL, 1);
    pass(59500 * US);
    EXPECT_EQ(get(R_FRAMES_GOOD), 2u);
    EXPECT_EQ(get(R_DROPPED_FIFO), 4u);
    EXPECT_EQ(get(R_ERROR_STATUS), F_ERROR_STATUS_FIFO.mask());
    EXPECT_EQ(trailer(transfer(1 << 16)).sequence, 0u);
    EXPECT_EQ(trailer(transfer(1 << 16)).sequence, 1u);
    EXPECT_TRUE(transfer(1 << 16).empty());
    pass(10 * MS);
    Completion c = trailer(transfer(1 << 16));
    EXPECT_EQ(c.sequence, 6u);
    EXPECT_EQ(c.fifo, 4u);
    check_usb_sums();
}

TEST_F(Usb, WhatWasNotReadIsDiscardedAtTheStop)
{
    boot_usb();
    set(R_CAPTURE_CONTROL, 1);
    pass(25 * MS);
    Bytes part(1024);
    int end;
    EXPECT_EQ(vdm_usb_bulk_in(card, part.data(), 1024, &end), 1024);
    set(R_CAPTURE_CONTROL, 0);
    EXPECT_EQ(vdm_usb_bulk_in(card, part.data(), 1024, &end), VDM_USB_NAK);
    EXPECT_EQ(get(R_FRAMES_GOOD), 2u);
    EXPECT_EQ(ledger().capture.by_cause[VDM_CAUSE_GOOD], 0u);
    EXPECT_EQ(ledger().capture.by_cause[VDM_CAUSE_USB], 2u);
    EXPECT_EQ(ledger().frames[1].cause, 0u + VDM_CAUSE_USB);
    check_usb_sums();
    pass(MS);
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    EXPECT_EQ(trailer(transfer(4096)).sequence, 0u);
}

TEST_F(Usb, SignalLostInMidFrameFreesItsPlace)
{
    boot_usb();
    set(R_CAPTURE_CONTROL, 1);
    for (int n = 0; n < 5; n++) {
        pass(5 * MS);
        vdm_set_signal(card, 0, VDM_SIGNAL_NONE);
        vdm_set_signal(card, 0, VDM_SIGNAL_DEFAULT);
        pass(35 * MS); // locked again from 25 on
        EXPECT_FALSE(transfer(4096).empty());
    }
    EXPECT_EQ(get(R_DROPPED_FIFO), 0u);
    EXPECT_GT(get(R_DROPPED_NO_SIGNAL), 4u);
    check_usb_sums();
}

TEST_F(Usb, Events)
{
    boot_usb();
    uint8_t data[64];
    set(R_INT_STATUS, 0xffffffff);
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK);
    set(R_INT_TEST, 1);
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK); // masked
    set(R_INT_MASK, F_INT_STATUS_SOURCE.mask() | F_INT_STATUS_ERROR.mask());
    vdm_set_signal(card, 0, VDM_SIGNAL_NONE);
    set(R_WIDTH, 1);
    set(R_CAPTURE_CONTROL, 1);
    ASSERT_EQ(vdm_usb_interrupt_in(card, data), 32);
    EXPECT_EQ(get32(data + M_USB_EVENT_INT_STATUS),
              F_INT_STATUS_SOURCE.mask() | F_INT_STATUS_ERROR.mask());
    EXPECT_EQ(get32(data + M_USB_EVENT_BOOT_STATUS), get(R_BOOT_STATUS));
    EXPECT_EQ(get32(data + M_USB_EVENT_INPUT_STATUS), get(R_INPUT_STATUS));
    EXPECT_EQ(get32(data + M_USB_EVENT_ERROR_STATUS), F_ERROR_STATUS_CONFIG.mask());
    EXPECT_EQ(get(R_ERROR_STATUS), 0u);                     // reporting clears it
    EXPECT_EQ(get(R_INT_STATUS), F_INT_STATUS_TEST.mask()); // what is masked stays
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK);
    EXPECT_EQ(ledger().interrupts, 1u);
}

TEST_F(Usb, ShortTransfer)
{
    boot_usb();
    script("usb-short@packet=2");
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    EXPECT_EQ(transfer(4096).size(), 8192u + 64);
    pass(10 * MS);
    Bytes bytes = transfer(4096);
    EXPECT_EQ(bytes.size(), 4096u + 13);
    EXPECT_EQ(injected("usb-short"), 1u);
    pass(10 * MS);
    bytes = transfer(4096);
    EXPECT_EQ(trailer(bytes).sequence, 2u);
    EXPECT_EQ(trailer(bytes).lost_before(), 0u); // the card does not know
    EXPECT_EQ(ledger().capture.by_cause[VDM_CAUSE_USB], 1u);
    check_usb_sums();
}

TEST_F(Usb, StalledTransfer)
{
    boot_usb();
    script("usb-stall@packet=1");
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    EXPECT_EQ(transfer(1024).size(), 4096u);
    EXPECT_EQ(last, VDM_USB_STALL);
    pass(5 * MS);
    EXPECT_TRUE(transfer(1024).empty());
    EXPECT_EQ(last, VDM_USB_STALL);
    EXPECT_EQ(control(0x02, 1, 0, 0x81, 0, nullptr), 0);
    pass(5 * MS);
    EXPECT_EQ(trailer(transfer(1024)).sequence, 1u);
    EXPECT_EQ(injected("usb-stall"), 1u);
    EXPECT_EQ(ledger().capture.by_cause[VDM_CAUSE_USB], 1u);
    check_usb_sums();
}

TEST_F(Usb, StalledAndNeverCleared)
{
    boot_usb();
    script("usb-stall@packet=1");
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    transfer(1024);
    set(R_CAPTURE_CONTROL, 0);
    pass(MS);
    EXPECT_EQ(ledger().capture.by_cause[VDM_CAUSE_USB], 1u); // counted once
    check_usb_sums();
}

TEST_F(Usb, CorruptTrailer)
{
    boot_usb();
    script("usb-corrupt@packet=1");
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    EXPECT_FALSE(trailer(transfer(4096)).is_valid(0));
    EXPECT_EQ(injected("usb-corrupt"), 1u);
    pass(10 * MS);
    EXPECT_TRUE(trailer(transfer(4096)).is_valid(0));
    check_usb_sums();
}

TEST_F(Usb, UnpluggedInATransfer)
{
    boot_usb();
    script("unplug@packet=2");
    set(R_CAPTURE_CONTROL, 1);
    pass(10 * MS);
    transfer(4096);
    pass(10 * MS);
    EXPECT_TRUE(transfer(4096).empty());
    EXPECT_EQ(last, VDM_USB_GONE);
    EXPECT_EQ(attachments, std::vector<int>({0}));
}

TEST_F(Usb, EventsLostLateAndInAStorm)
{
    boot_usb();
    uint8_t data[64];
    set(R_INT_STATUS, 0xffffffff);
    set(R_INT_MASK, F_INT_STATUS_FRAME.mask());
    script("irq-lost@frame=0;irq-late@frame=1,us=1000;irq-storm@frame=2,n=3");
    set(R_CAPTURE_CONTROL, 1);
    pass(9500 * US);
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK);
    EXPECT_EQ(get(R_INT_STATUS), F_INT_STATUS_FRAME.mask());
    EXPECT_EQ(injected("irq-lost"), 1u);
    set(R_INT_STATUS, 0xffffffff);
    pass(10 * MS); // frame 1 ended at 19.375
    EXPECT_EQ(vdm_usb_interrupt_in(card, data), VDM_USB_NAK);
    EXPECT_EQ(injected("irq-late"), 1u);
    pass(1 * MS); // and frame 2 began at 20, with its storm
    for (int n = 0; n < 3; n++) {
        ASSERT_EQ(vdm_usb_interrupt_in(card, data), 32);
        EXPECT_EQ(get32(data), 0u);
    }
    ASSERT_EQ(vdm_usb_interrupt_in(card, data), 32);
    EXPECT_EQ(get32(data), F_INT_STATUS_FRAME.mask());
}

} // namespace
