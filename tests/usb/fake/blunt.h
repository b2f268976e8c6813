// SPDX-License-Identifier: MIT
//
// A program over libusb of the bluntest kind, for the fake's own tests: one handle, one thread of
// events, registers by hand. It knows nothing of the backend.
#ifndef BLUNT_H
#define BLUNT_H

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "../../model/image_maker.h"

extern "C" {
#include "fake_usb.h"
}

class Blunt : public ::testing::Test {
  protected:
    fake_usb_options options{};
    fake_usb_card *card = nullptr;
    libusb_context *context = nullptr;
    libusb_device_handle *handle = nullptr;
    maker::Bytes image = maker::image(maker::full().bytes());
    uint64_t wrongs = 0; // complaints that the test makes on purpose

    void SetUp() override
    {
        fake_usb_defaults(&options);
        options.rate = FAKE_USB_MAX;
        ASSERT_EQ(libusb_init(&context), 0);
    }
    void TearDown() override
    {
        if (handle != nullptr) {
            libusb_close(handle);
        }
        if (context != nullptr) {
            libusb_exit(context);
        }
        EXPECT_EQ(fake_usb_reset(), wrongs);
    }
    // The next complaint, which a wrong use must have caused.
    void expect_wrong(const char *words)
    {
        ASSERT_GT(fake_usb_complaints(), wrongs);
        EXPECT_NE(std::string(fake_usb_complaint(wrongs)).find(words), std::string::npos)
            << fake_usb_complaint(wrongs);
        wrongs++;
    }
    // A card in which firmware runs.
    void plug_running()
    {
        options.image = image.data();
        options.image_bytes = image.size();
        card = fake_usb_plug(&options);
        ASSERT_NE(card, nullptr);
    }
    libusb_device_handle *open_first()
    {
        libusb_device **list = nullptr;
        libusb_device_handle *opened = nullptr;

        if (libusb_get_device_list(context, &list) > 0) {
            EXPECT_EQ(libusb_open(list[0], &opened), 0);
        }
        libusb_free_device_list(list, 1);
        return opened;
    }
    void open()
    {
        handle = open_first();
        ASSERT_NE(handle, nullptr);
        ASSERT_EQ(libusb_claim_interface(handle, 0), 0);
    }
    uint32_t get(uint32_t offset)
    {
        uint8_t data[4] = {};

        EXPECT_EQ(libusb_control_transfer(handle, 0xc0, 1, 0, static_cast<uint16_t>(offset), data,
                                          4, 1000),
                  4);
        return map::get32(data);
    }
    int set(uint32_t offset, uint32_t value)
    {
        uint8_t data[4];

        map::put32(data, value);
        return libusb_control_transfer(handle, 0x40, 2, 0, static_cast<uint16_t>(offset), data, 4,
                                       1000);
    }
    void upload()
    {
        set(map::R_FW_LENGTH, static_cast<uint32_t>(image.size()));
        set(map::R_BOOT_COMMAND, map::V_BOOT_COMMAND_CODE_STAGE);
        for (size_t at = 0; at < image.size(); at += 4096) {
            size_t count = std::min<size_t>(4096, image.size() - at);
            ASSERT_EQ(libusb_control_transfer(handle, 0x40, 3, 0, 0, &image[at],
                                              static_cast<uint16_t>(count), 1000),
                      static_cast<int>(count));
        }
        EXPECT_EQ(set(map::R_BOOT_COMMAND, map::V_BOOT_COMMAND_CODE_BOOT_STAGED), 4);
    }
    void select(uint32_t mode)
    {
        maker::Mode m = maker::full().modes[mode];

        set(map::R_MODE_SELECT, mode);
        set(map::R_WIDTH, m.width);
        set(map::R_HEIGHT, m.height);
        set(map::R_STRIDE, m.width * 2u);
        set(map::R_INTERVAL_NUM, maker::full().intervals[m.interval_first].num);
        set(map::R_INTERVAL_DEN, maker::full().intervals[m.interval_first].den);
        set(map::R_PATTERN, 1);
        EXPECT_EQ(get(map::R_CONFIG_STATUS), 0u);
    }
    // Handles events until `done`, 20 s at most.
    template <typename Done> bool until(Done done)
    {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);

        while (!done() && std::chrono::steady_clock::now() < end) {
            struct timeval little = {0, 20000};
            EXPECT_EQ(libusb_handle_events_timeout_completed(context, &little, nullptr), 0);
        }
        return done();
    }
};

// A transfer with memory of its own that notes its end.
struct Once {
    libusb_transfer *transfer = libusb_alloc_transfer(0);
    std::vector<uint8_t> bytes;
    int ends = 0;
    libusb_transfer_status status = LIBUSB_TRANSFER_ERROR;
    int actual = -1;

    Once(libusb_device_handle *handle, uint8_t endpoint, size_t length, unsigned timeout = 0)
        : bytes(length)
    {
        if (endpoint == 0x81) {
            libusb_fill_bulk_transfer(transfer, handle, endpoint, bytes.data(),
                                      static_cast<int>(length), ended, this, timeout);
        } else if (endpoint == 0x82) {
            libusb_fill_interrupt_transfer(transfer, handle, endpoint, bytes.data(),
                                           static_cast<int>(length), ended, this, timeout);
        } else {
            libusb_fill_control_transfer(transfer, handle, bytes.data(), ended, this, timeout);
        }
    }
    Once(const Once &) = delete;
    Once &operator=(const Once &) = delete;
    ~Once() { libusb_free_transfer(transfer); }
    int submit() { return libusb_submit_transfer(transfer); }
    static void ended(libusb_transfer *transfer)
    {
        auto *self = static_cast<Once *>(transfer->user_data);
        self->ends++;
        self->status = transfer->status;
        self->actual = transfer->actual_length;
    }
};

#endif
