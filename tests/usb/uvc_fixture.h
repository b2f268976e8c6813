/* SPDX-License-Identifier: MIT */
/* A camera on the fake bus, opened by the library; frames are compared with the camera's own pictures, byte by byte. */
#ifndef UVC_FIXTURE_H
#define UVC_FIXTURE_H

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "library.h"
#include "vidicon/lists.h"

struct UvcForm {
    camera_speed speed;
    bool bulk;
};

class UvcTest : public UsbLibrary {
  protected:
    fake_usb_card *Plug(const UvcForm &form, const char *serial = "CAM1", bool greedy = false)
    {
        camera_config config = {static_cast<uint32_t>(form.speed),
                                form.bulk ? 1u : 0u,
                                greedy ? 1u : 0u,
                                0x6666,
                                0x0003,
                                {},
                                0};
        std::strncpy(config.serial, serial, sizeof(config.serial) - 1);
        return fake_usb_plug_camera(&config);
    }
    void Open(const char *id = "usb:CAM1")
    {
        ASSERT_EQ(VDC_OK, vdc_device_open(&device, context, id, 0)) << vdc_error_text();
    }
    static vdc_stream_config Wish(uint32_t fourcc = VDC_FOURCC_YUYV, uint32_t width = 320,
                                  uint32_t height = 240)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.format.fourcc = fourcc;
        config.format.width_px = width;
        config.format.height_px = height;
        return config;
    }
    void Stream(const vdc_stream_config &config)
    {
        ASSERT_EQ(VDC_OK, vdc_stream_open(&stream, device, &config)) << vdc_error_text();
        vdc_stream_info info = VDC_STREAM_INFO_INIT;
        ASSERT_EQ(VDC_OK, vdc_stream_get_info(&info, stream));
        fourcc = info.format.fourcc;
        width = info.format.width_px;
        height = info.format.height_px;
    }

    camera_format Format() const
    {
        switch (fourcc) {
        case VDC_FOURCC_YUYV:
            return CAMERA_YUYV;
        case VDC_FOURCC_NV12:
            return CAMERA_NV12;
        case VDC_FOURCC_MJPEG:
            return CAMERA_MJPEG;
        default:
            return CAMERA_H264;
        }
    }
    /* Whether a frame is the camera's picture `number`. */
    bool Is(const vdc_frame *frame, uint64_t number)
    {
        picture.resize(1920 * 1080 * 2 + 64);
        size_t bytes = camera_picture(picture.data(), picture.size(), Format(), width, height,
                                      static_cast<uint32_t>(number), 0);
        return frame->used_bytes == bytes &&
               std::memcmp(frame->planes[0], picture.data(), bytes) == 0;
    }
    /* Takes so many good frames; each must be one of the camera's, and a later one than the frame before. */
    void Take(int count)
    {
        for (int i = 0; i < count; i++) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000))
                << "frame " << i << ": " << vdc_error_text();
            last = *frame;
            for (uint32_t lost : frame->dropped)
                said += lost;
            uint64_t number = next;
            while (number < next + 16 && !Is(frame, number)) {
                number++;
            }
            EXPECT_LT(number, next + 16)
                << "frame " << i << ", " << frame->used_bytes << " bytes, is none of the camera's";
            numbers.push_back(number);
            next = number + 1;
            EXPECT_EQ(VDC_OK, vdc_stream_release(stream, frame));
        }
    }
    /* Stops; the sum reconciles, and is not more than the camera sent. */
    vdc_stats Stop(fake_usb_card *card)
    {
        EXPECT_EQ(VDC_OK, vdc_stream_stop(stream)) << vdc_error_text();
        vdc_stats stats = Stats();
        camera_ledger ledger = Ledger(card);
        EXPECT_EQ(stats.produced, Sum(stats));
        EXPECT_EQ(0u, stats.in_flight);
        EXPECT_EQ(0u, stats.dropped[VDC_DROP_UNKNOWN]);
        EXPECT_EQ((uint32_t)VDC_BASIS_SEQUENCE, stats.produced_basis);
        EXPECT_LE(stats.produced, ledger.begun);
        return stats;
    }
    static camera_ledger Ledger(fake_usb_card *card)
    {
        camera_ledger ledger = {};
        fake_usb_with_camera(
            card,
            [](struct camera *camera, void *out) {
                *static_cast<camera_ledger *>(out) = *camera_get_ledger(camera);
            },
            &ledger);
        return ledger;
    }
    struct Planted {
        camera_fault fault;
        uint64_t at, count;
    };
    /* Of control faults `at` counts from now on. */
    static void Plant(fake_usb_card *card, camera_fault fault, uint64_t at, uint64_t count = 1)
    {
        bool control = fault >= CAMERA_STALL_CONTROL;
        Planted planted = {fault, at + (control ? Ledger(card).controls : 0), count};
        fake_usb_with_camera(
            card,
            [](struct camera *camera, void *user) {
                auto *one = static_cast<Planted *>(user);
                EXPECT_EQ(1, camera_plant(camera, one->fault, one->at, one->count));
            },
            &planted);
    }

    uint32_t width = 0, height = 0;
    uint64_t next = 0;
    uint64_t said = 0; /* lost frames, as the frames after them say */
    std::vector<uint64_t> numbers;
    std::vector<uint8_t> picture;
};

#endif
