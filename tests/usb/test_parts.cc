/* SPDX-License-Identifier: MIT */
/* The parts without a device: frames on the wire, options, the arithmetic of transfers. */
#include <algorithm>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

extern "C" {
#include "usb_frame.h"
#include "usb_options.h"
#include "usb_tune.h"
}

namespace {

void PutRecord(uint8_t *at, uint32_t sequence, uint32_t bytes, uint32_t fifo)
{
    std::memset(at, 0, USB_TRAILER_BYTES);
    vdh_put_u32(at + VDH_O_COMPLETION_SEQUENCE, sequence);
    vdh_put_u32(at + VDH_O_COMPLETION_BYTES, bytes);
    vdh_put_u32(at + VDH_O_COMPLETION_DROPPED_FIFO, fifo);
    vdh_put_u32(at + VDH_O_COMPLETION_VALID, (sequence ^ 0x2bd1c0deu) << 1);
}

TEST(UsbFrame, ShapesCoverTheWireExactly)
{
    for (uint32_t bytes : {1u, 1023u, 1024u, 1025u, 4096u, 614400u, 622081u}) {
        for (uint32_t transfer : {1024u, 16384u, 1048576u}) {
            uint32_t padded = (bytes + 1023u) / 1024u * 1024u;
            for (uint32_t room : {bytes, padded, padded + 1023u, padded + 1024u}) {
                usb_shape shape;
                ASSERT_EQ(0, usb_frame_shape(&shape, bytes, room, transfer));
                EXPECT_EQ(padded, shape.padded_bytes);
                EXPECT_EQ(padded + USB_PAD_BYTES, shape.last_offset + shape.last_bytes);
                EXPECT_EQ(room < padded ? bytes % 1024u : 0u, shape.tail_bytes);
                EXPECT_EQ(room < padded + 1024u, shape.beside != 0);
                if (shape.beside) {
                    EXPECT_LE(shape.last_offset, room);
                    EXPECT_LE(shape.last_bytes, 2048u);
                } else { /* no transfer for the packet alone */
                    EXPECT_GT(shape.last_bytes, 1024u);
                    EXPECT_LE(shape.last_bytes, transfer + 1024u);
                }
                EXPECT_LE(usb_frame_waste(&shape), std::min(room, transfer));
                EXPECT_EQ(room < 1024u, usb_frame_waste(&shape) == 0);
                uint32_t offset = 0;
                while (uint32_t piece = usb_frame_piece(&shape, offset)) {
                    EXPECT_LE(piece, transfer);
                    EXPECT_EQ(0u, piece % 1024u);
                    offset += piece;
                }
                EXPECT_EQ(shape.last_offset, offset);
            }
        }
    }
    usb_shape shape;
    EXPECT_EQ(-1, usb_frame_shape(&shape, 0, 4096, 1024));
    EXPECT_EQ(-1, usb_frame_shape(&shape, 4096, 4095, 1024));
    EXPECT_EQ(-1, usb_frame_shape(&shape, 4096, 4096, 1000));
    EXPECT_EQ(-1, usb_frame_shape(&shape, UINT32_MAX, UINT64_MAX, 1024));
}

TEST(UsbFrame, RecordsAreBelievedOnlyIfAllAgrees)
{
    usb_shape shape;
    vdh_completion record;
    uint8_t side[2048] = {};
    ASSERT_EQ(0, usb_frame_shape(&shape, 4096, 4096, 1024));
    PutRecord(side, 9, 4096, 2);
    EXPECT_EQ(USB_WHOLE, usb_frame_last(&record, &shape, side, 64, 7));
    EXPECT_EQ(9u, record.sequence);
    EXPECT_EQ(USB_REFUSED, usb_frame_last(&record, &shape, side, 64, 8))
        << "lost more than it says";
    EXPECT_EQ(USB_REFUSED, usb_frame_last(&record, &shape, side, 64, 10)) << "backwards";
    EXPECT_EQ(USB_SHORT, usb_frame_last(&record, &shape, side, 63, 7));
    EXPECT_EQ(USB_LONG, usb_frame_last(&record, &shape, side, 1024, 7));
    PutRecord(side, 9, 4095, 0);
    EXPECT_EQ(USB_REFUSED, usb_frame_last(&record, &shape, side, 64, 7)) << "another length";
    PutRecord(side, 9, 4096, 0);
    side[VDH_O_COMPLETION_VALID] ^= 2;
    EXPECT_EQ(USB_REFUSED, usb_frame_last(&record, &shape, side, 64, 7)) << "VALID";

    ASSERT_EQ(0, usb_frame_shape(&shape, 1024, 2048, 4096)) << "the frame and its packet in one";
    PutRecord(side + 1024, 9, 1024, 2);
    EXPECT_EQ(USB_WHOLE, usb_frame_last(&record, &shape, side, 1088, 7));
    EXPECT_EQ(9u, record.sequence);
    EXPECT_EQ(USB_SHORT, usb_frame_last(&record, &shape, side, 1024, 7));
    EXPECT_EQ(USB_SHORT, usb_frame_last(&record, &shape, side, 64, 7));
    EXPECT_EQ(USB_LONG, usb_frame_last(&record, &shape, side, 2048, 7));
}

static usb_load Load1080p60()
{
    usb_load load = {};
    load.frame_bytes = 4147200;
    load.interval_num = 1;
    load.interval_den = 60;
    return load;
}

TEST(UsbTune, RefusesWithTheArithmetic)
{
    usb_load load = Load1080p60();
    usb_plan plan;
    char why[400];
    EXPECT_EQ(-1, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_NE(nullptr, std::strstr(why, "248835840")) << why;
    load.super = 1;
    EXPECT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_EQ(0u, plan.transfer_bytes % 1024u);
    EXPECT_GE(plan.in_flight_bytes, 2u * plan.transfer_bytes);
    EXPECT_LE(plan.piece_count, 128u);
    load.budget_bytes = 1024 * 1024;
    EXPECT_EQ(-1, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_NE(nullptr, std::strstr(why, "1048576")) << why;
    EXPECT_NE(nullptr, std::strstr(why, "usbfs_memory_mb")) << why;
    load.budget_bytes = 16 * 1024 * 1024;
    EXPECT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_LE(plan.in_flight_bytes, load.budget_bytes);
    load.transfer_bytes = 2048;
    load.in_flight_bytes = 8192;
    EXPECT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_EQ(2048u, plan.transfer_bytes);
    EXPECT_EQ(8192u, plan.in_flight_bytes);
    EXPECT_FALSE(plan.whole);
}

/* Into mapped memory every buffer is asked for, if it is not too much, in bytes or in transfers. */
TEST(UsbTune, AllBuffersOfMappedMemory)
{
    usb_load load = Load1080p60();
    usb_plan plan;
    char why[400];
    load.super = 1;
    load.buffer_count = 4;
    ASSERT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_FALSE(plan.whole) << "not mapped";
    load.mapped = 1;
    ASSERT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_TRUE(plan.whole);
    EXPECT_GE(plan.in_flight_bytes, 4u * (4147200u + 1024u));
    EXPECT_LT(plan.apart_bytes, plan.in_flight_bytes);
    EXPECT_GE(plan.piece_count, 4u);
    load.buffer_count = 17; /* more than 64 MiB */
    ASSERT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_FALSE(plan.whole);
    load.buffer_count = 4;
    load.transfer_bytes = 65536; /* 64 each */
    ASSERT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_FALSE(plan.whole);
    load.transfer_bytes = 0;
    load.in_flight_bytes = 8400000; /* as it was asked to */
    ASSERT_EQ(0, usb_tune_plan(&plan, &load, why, sizeof(why)));
    EXPECT_FALSE(plan.whole);
    EXPECT_EQ(8400000u, plan.in_flight_bytes);
}

TEST(UsbOptions, TakesWhatItKnows)
{
    usb_options options;
    char why[320];
    ASSERT_EQ(0, usb_options_parse(&options, "A1?transfer_bytes=2048&devmem=off&firmware=none", why,
                                   sizeof(why)));
    EXPECT_STREQ("A1", options.path);
    EXPECT_EQ(2048u, options.transfer_bytes);
    EXPECT_EQ(USB_OFF, options.devmem);
    EXPECT_STREQ("none", options.firmware);
    for (const char *bad : {"A1?", "A1?x=1", "A1?transfer_bytes=", "A1?transfer_bytes=1",
                            "A1?transfer_bytes=99999999999999999999", "A1?devmem=", "A1?&"})
        EXPECT_EQ(-1, usb_options_parse(&options, bad, why, sizeof(why))) << bad;
    EXPECT_EQ(-1, usb_options_parse(&options, std::string(500, 'a').c_str(), why, sizeof(why)));
}

} // namespace
