/* SPDX-License-Identifier: MIT */
/*
 * Pictures: each frame differs from every other one everywhere, so that a mixture of two is seen. The JPEG is a real one, grey and of
 * flat 8 x 8 blocks: only their DC values are coded.
 */
#include <string.h>

#include "inside.h"

/* ---- Uncompressed ---- */

static uint8_t sample(uint32_t x, uint32_t y, uint32_t number, int brightness)
{
    return (uint8_t)(x * 3 + y * 5 + number * 17 + (uint32_t)brightness + (x * y >> 7));
}

static void write_yuyv(uint8_t *out, uint32_t width, uint32_t height, uint32_t number,
                       int brightness)
{
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            *out++ = sample(x, y, number, brightness);
            *out++ = (uint8_t)(number * 29 + x + y);
        }
    }
}

static void write_nv12(uint8_t *out, uint32_t width, uint32_t height, uint32_t number,
                       int brightness)
{
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            *out++ = sample(x, y, number, brightness);
        }
    }
    for (uint32_t at = 0; at < width * height / 2; at++) {
        *out++ = (uint8_t)(number * 29 + at);
    }
}

/* ---- JPEG ---- */

struct writer {
    uint8_t *out;
    size_t max, count;
    uint32_t bits, held;
};

static void put(struct writer *writer, uint8_t byte)
{
    if (writer->count < writer->max) {
        writer->out[writer->count] = byte;
    }
    writer->count++;
}

static void put_all(struct writer *writer, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(writer, bytes[i]);
    }
}

static void put_bits(struct writer *writer, uint32_t value, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        writer->held = writer->held << 1 | (value >> i & 1);
        if (++writer->bits == 8) {
            put(writer, (uint8_t)writer->held);
            if ((writer->held & 0xff) == 0xff) {
                put(writer, 0);
            }
            writer->bits = 0;
            writer->held = 0;
        }
    }
}

/* Twelve codes of four bits: categories 0 to 11. The one AC code, of one bit, ends the block. */
static void put_block(struct writer *writer, int difference)
{
    uint32_t size = 0;
    uint32_t magnitude = (uint32_t)(difference < 0 ? -difference : difference);

    while (magnitude >> size != 0) {
        size++;
    }
    put_bits(writer, size, 4);
    put_bits(writer, difference < 0 ? ~magnitude : magnitude, size);
    put_bits(writer, 0, 1);
}

static void put_head(struct writer *writer, uint32_t width, uint32_t height)
{
    static const uint8_t before[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F',  'I',  'F', 0,  1, 1,
                                     0,    0,    1,    0,    1, 0,  0,   0xff, 0xdb, 0,   67, 0};
    /* Huffman tables: 12 codes of 4 bits, and one of 1 bit. */
    static const uint8_t dc[] = {0xff, 0xc4, 0, 31, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0,  0, 0,
                                 0,    0,    0, 0,  0, 1, 2, 3, 4,  5, 6, 7, 8, 9, 10, 11};
    static const uint8_t ac[] = {0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0,
                                 0,    0,    0, 0,  0,    0, 0, 0, 0, 0, 0};
    static const uint8_t scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
    const uint8_t frame[] = {0xff,
                             0xc0,
                             0,
                             11,
                             8,
                             (uint8_t)(height >> 8),
                             (uint8_t)height,
                             (uint8_t)(width >> 8),
                             (uint8_t)width,
                             1,
                             1,
                             0x11,
                             0};

    put_all(writer, before, sizeof(before));
    for (int i = 0; i < 64; i++) {
        put(writer, 8); /* a DC of 1 is a step of 1 in each pixel */
    }
    put_all(writer, frame, sizeof(frame));
    put_all(writer, dc, sizeof(dc));
    put_all(writer, ac, sizeof(ac));
    put_all(writer, scan, sizeof(scan));
}

static size_t write_jpeg(uint8_t *out, size_t max, uint32_t width, uint32_t height, uint32_t number,
                         int brightness)
{
    struct writer writer = {out, max, 0, 0, 0};
    int last = 0;

    put_head(&writer, width, height);
    for (uint32_t y = 0; y < height; y += 8) {
        for (uint32_t x = 0; x < width; x += 8) {
            int level = sample(x, y, number, brightness) - 128;

            put_block(&writer, level - last);
            last = level;
        }
    }
    while (writer.bits != 0) {
        put_bits(&writer, 1, 1);
    }
    put(&writer, 0xff);
    put(&writer, 0xd9);
    return writer.count;
}

/* ---- H.264: start codes and bytes that nobody decodes; they only pass through. ---- */

static size_t write_h264(uint8_t *out, size_t max, uint32_t number)
{
    struct writer writer = {out, max, 0, 0, 0};
    const uint8_t start[] = {0, 0, 0, 1, (uint8_t)(number % 30 == 0 ? 0x65 : 0x41)};
    uint32_t length = number % 30 == 0 ? 9000 : 1500 + number % 7 * 100;

    put_all(&writer, start, sizeof(start));
    for (uint32_t at = 0; at < length; at++) {
        put(&writer, (uint8_t)((at * 7 + number * 13) % 250 + 4));
    }
    return writer.count;
}

size_t camera_picture(uint8_t *out, size_t max, enum camera_format format, uint32_t width,
                      uint32_t height, uint32_t number, int brightness)
{
    size_t pixels = (size_t)width * height;

    if (format == CAMERA_MJPEG) {
        return write_jpeg(out, max, width, height, number, brightness);
    }
    if (format == CAMERA_H264) {
        return write_h264(out, max, number);
    }
    if (format == CAMERA_YUYV && max >= pixels * 2) {
        write_yuyv(out, width, height, number, brightness);
    } else if (format == CAMERA_NV12 && max >= pixels * 3 / 2) {
        write_nv12(out, width, height, number, brightness);
    }
    return format == CAMERA_YUYV ? pixels * 2 : pixels * 3 / 2;
}
