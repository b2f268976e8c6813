/* SPDX-License-Identifier: MIT */
/*
 * The frame assembler on any bytes. A record that is believed must be of this frame, must follow the
 * one before, and must explain no more losses than there were; a second reading here checks that.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "usb_frame.h"

#define TRANSFER_MOST 256u /* of USB_PAD_BYTES */

#define REQUIRE(truth) \
    do {               \
        if (!(truth))  \
            abort();   \
    } while (0)

static void check_shape(const struct usb_shape *shape, uint32_t frame, uint64_t room)
{
    uint64_t sum = 0;
    uint32_t piece;
    uint32_t rounds = 0;

    while (rounds++ < 64 && (piece = usb_frame_piece(shape, (uint32_t)sum)) != 0)
        sum += piece;
    REQUIRE(sum <= shape->last_offset && usb_frame_waste(shape) <= room);
    REQUIRE((uint64_t)shape->last_offset + (shape->beside ? 0u : shape->last_bytes) <= room);
    REQUIRE((uint64_t)shape->last_offset + shape->last_bytes >=
            (uint64_t)frame + USB_TRAILER_BYTES);
    REQUIRE(!shape->beside || shape->last_bytes <= 2u * USB_PAD_BYTES);
    REQUIRE(shape->beside || shape->last_bytes <= shape->transfer_bytes + USB_PAD_BYTES);
    REQUIRE(shape->tail_bytes < USB_PAD_BYTES && (shape->beside || !shape->tail_bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t last[(TRANSFER_MOST + 1u) * USB_PAD_BYTES];
    struct vdh_completion record;
    struct usb_shape shape;
    uint32_t frame;
    uint32_t got;
    uint32_t next;
    uint32_t begin;
    uint64_t room;

    if (size < 16)
        return 0;
    frame = vdh_get_u32(data);
    next = vdh_get_u32(data + 4);
    room = (uint64_t)frame + data[12] % 3u * USB_PAD_BYTES;
    if (usb_frame_shape(&shape, frame, room, (data[13] + 1u) * USB_PAD_BYTES))
        return 0;
    check_shape(&shape, frame, room);
    got = vdh_get_u32(data + 8) % (shape.last_bytes + 1u);
    begin = shape.last_bytes - USB_PAD_BYTES;
    memset(last + begin, 0, USB_PAD_BYTES);
    if (data[14] & 1u)
        got = begin + USB_TRAILER_BYTES;
    memcpy(last + begin, data + 16, size - 16 < USB_PAD_BYTES ? size - 16 : USB_PAD_BYTES);
    /* Most random records fail at VALID; half of them get it right here, and the length, too. */
    if (data[14] & 2u)
        vdh_put_u32(last + begin + VDH_O_COMPLETION_VALID,
                    (vdh_get_u32(last + begin + VDH_O_COMPLETION_SEQUENCE) ^ 0x2bd1c0deu) << 1);
    if (data[14] & 4u)
        vdh_put_u32(last + begin + VDH_O_COMPLETION_BYTES, frame);
    if (usb_frame_last(&record, &shape, last, got, next) == USB_WHOLE) {
        uint64_t lost = (uint64_t)record.dropped_fifo + record.dropped_no_buffer +
                        record.dropped_no_signal + record.dropped_dma;

        REQUIRE(got == begin + USB_TRAILER_BYTES && record.bytes == frame);
        REQUIRE(record.sequence - next >= lost && record.tag == 0);
    }
    REQUIRE(usb_frame_direct(got, got) == USB_WHOLE);
    REQUIRE(got == 0 || usb_frame_direct(got, got - 1u) == USB_SHORT);
    return 0;
}
