/* SPDX-License-Identifier: MIT */
/*
 * The image checker: every length, every header byte, every contradiction is refused by its name,
 * and nothing outside the image is ever read (each image has a heap block of exactly its size).
 */
#include <gtest/gtest.h>

#include <memory>

#include "fake.h"

namespace {

const vdh_image_rules rules = {7, 0x01000000, 0x01ffffff, 0x40000};

struct Verdict {
    int result;
    vdh_image_error error;
    unsigned steps;
    vdh_image_info info;
};

Verdict judge(const std::vector<uint8_t> &image, uint32_t budget = 1u << 20,
              const vdh_image_rules &accepted = rules)
{
    /* Exactly as long as the image, so that the sanitizer sees one byte too many. */
    std::unique_ptr<uint8_t[]> bytes(new uint8_t[image.size() + !image.size()]);
    std::copy(image.begin(), image.end(), bytes.get());
    vdh_image_check check;
    Verdict verdict = {VDH_AGAIN, VDH_IMAGE_OK, 0, {}};
    vdh_image_check_start(&check, bytes.get(), uint32_t(image.size()), &accepted);
    while (verdict.result == VDH_AGAIN && verdict.steps < 1000000) {
        uint32_t before = check.position;
        verdict.result = vdh_image_check_step(&check, budget);
        verdict.steps++;
        EXPECT_LE(check.position, before + budget + 4); /* the step over HEADER_CRC32 hashes none */
    }
    verdict.error = check.error;
    verdict.info = check.info;
    /* A verdict stands. */
    EXPECT_EQ(vdh_image_check_step(&check, budget), verdict.result);
    return verdict;
}

void expect_refused(const std::vector<uint8_t> &image, vdh_image_error error, const char *what)
{
    Verdict verdict = judge(image);
    EXPECT_EQ(verdict.result, VDH_E_FIRMWARE) << what;
    EXPECT_STREQ(vdh_image_error_name(verdict.error), vdh_image_error_name(error)) << what;
}

void put32(std::vector<uint8_t> &image, uint32_t offset, uint32_t value)
{
    vdh_put_u32(&image[offset], value);
}

TEST(Image, GoodOnesPass)
{
    std::vector<uint8_t> tables = small_tables();
    for (uint32_t code : {0u, 1u, 40u, 1000u}) {
        for (uint32_t budget : {64u, 65u, 1000u, 1u << 20}) {
            Verdict verdict = judge(make_image(tables, 0x01000203, code), budget);
            EXPECT_EQ(verdict.result, VDH_OK) << code;
            EXPECT_EQ(verdict.error, VDH_IMAGE_OK);
            EXPECT_EQ(verdict.info.version, 0x01000203u);
            EXPECT_EQ(verdict.info.tables_offset, 128u);
            EXPECT_EQ(verdict.info.tables_bytes, tables.size());
            EXPECT_STREQ(verdict.info.name, "Test");
        }
    }
}

TEST(Image, EveryTruncation)
{
    std::vector<uint8_t> image = make_image(small_tables());
    for (size_t length = 0; length < image.size(); length++) {
        std::vector<uint8_t> cut(image.begin(), image.begin() + long(length));
        /* Nothing at all is what the card refuses to be told of; below a header it is incomplete;
         * from there on the header names another length. */
        expect_refused(cut,
                       length == 0    ? VDH_IMAGE_LENGTH
                       : length < 128 ? VDH_IMAGE_INCOMPLETE
                                      : VDH_IMAGE_LENGTH,
                       std::to_string(length).c_str());
    }
    image.push_back(0);
    expect_refused(image, VDH_IMAGE_LENGTH, "one byte more");
    expect_refused(std::vector<uint8_t>(0x40001), VDH_IMAGE_LENGTH, "above the capacity");
}

TEST(Image, EveryOtherValueOfEveryHeaderByte)
{
    std::vector<uint8_t> good = make_image(small_tables());
    for (size_t at = 0; at < 128; at++) {
        for (int by = 1; by < 256; by++) {
            std::vector<uint8_t> image = good;
            image[at] = uint8_t(image[at] ^ by);
            Verdict verdict = judge(image);
            EXPECT_EQ(verdict.result, VDH_E_FIRMWARE) << at;
            EXPECT_EQ(verdict.error, at < 4 ? VDH_IMAGE_MAGIC : VDH_IMAGE_HEADER_CRC) << at;
        }
    }
}

/* The same, but with a header CRC that fits: now each member speaks for itself. */
TEST(Image, EveryHeaderByteSealed)
{
    std::vector<uint8_t> good = make_image(small_tables());
    for (size_t at = 4; at < 124; at++) {
        for (int by = 1; by < 256; by++) {
            std::vector<uint8_t> image = good;
            image[at] = uint8_t(image[at] ^ by);
            seal_header(image);
            Verdict verdict = judge(image);
            vdh_image_error error = VDH_IMAGE_OK;
            if (at < 8 || at == 103 || at >= 104) {
                error = VDH_IMAGE_HEADER_FORMAT;
            } else if (at < 12) {
                error = VDH_IMAGE_TARGET;
            } else if (at <
                       16) { /* 1.0.0 changed in one byte: its major number, or within the range */
                uint32_t version = vdh_get_u32(&image[12]);
                error = version == 0            ? VDH_IMAGE_HEADER_FORMAT
                        : version < 0x01000000u ? VDH_IMAGE_TOO_OLD
                        : version > 0x01ffffffu ? VDH_IMAGE_TOO_NEW
                                                : VDH_IMAGE_OK;
            } else if (at < 36) {
                /* A shorter table section that still lies inside is for the tables to refuse. */
                uint32_t tables_bytes = vdh_get_u32(&image[24]);
                uint32_t offset = vdh_get_u32(&image[20]);
                error = at >= 24 && at < 28 && tables_bytes > 0 &&
                                tables_bytes <= vdh_get_u32(&good[24])
                            ? VDH_IMAGE_TABLES
                        : at >= 20 && at < 24 && offset % 4 == 0 && offset >= 128 &&
                                offset <= vdh_get_u32(&image[28]) &&
                                tables_bytes <= vdh_get_u32(&image[28]) - offset
                            ? VDH_IMAGE_TABLES
                            : VDH_IMAGE_LENGTH;
            } else if (at < 40) {
                error = VDH_IMAGE_BODY_CRC;
            } else if (at < 72) {
                error = VDH_IMAGE_SHA256;
            }
            EXPECT_EQ(verdict.result, error == VDH_IMAGE_OK ? VDH_OK : VDH_E_FIRMWARE) << at;
            EXPECT_STREQ(vdh_image_error_name(verdict.error), vdh_image_error_name(error)) << at;
        }
    }
}

TEST(Image, EveryBodyByte)
{
    std::vector<uint8_t> good = make_image(small_tables());
    for (size_t at = 128; at < good.size(); at++) {
        std::vector<uint8_t> image = good;
        image[at] = uint8_t(image[at] ^ 1 << at % 8);
        expect_refused(image, VDH_IMAGE_BODY_CRC, std::to_string(at).c_str());
        vdh_put_u32(&image[VDH_O_IMAGE_BODY_CRC32],
                    vdh_crc32(0, &image[128], uint32_t(image.size()) - 128));
        seal_header(image);
        expect_refused(image, VDH_IMAGE_SHA256, std::to_string(at).c_str());
    }
}

/* Every combination of lengths that are small, just inside, just outside, and near 2^32. */
TEST(Image, LengthsThatContradictOrOverflow)
{
    std::vector<uint8_t> good = make_image(small_tables());
    uint32_t size = uint32_t(good.size());
    uint32_t code = vdh_get_u32(&good[28]);
    const std::vector<uint32_t> interesting = {
        0,     1,        4,           124,         127,         128,         132,
        code,  code - 4, size - 4,    size,        size + 4,    16384,       16385,
        16388, 0x40000,  0x7ffffffcu, 0x80000000u, 0xffffff80u, 0xfffffffcu, 0xffffffffu};
    unsigned passed = 0;
    for (uint32_t tables_offset : interesting) {
        for (uint32_t tables_bytes : interesting) {
            for (uint32_t code_offset : interesting) {
                for (uint32_t code_bytes : interesting) {
                    std::vector<uint8_t> image(good.begin(), good.begin() + 128);
                    put32(image, 20, tables_offset);
                    put32(image, 24, tables_bytes);
                    put32(image, 28, code_offset);
                    put32(image, 32, code_bytes);
                    seal_header(image);
                    image.resize(size);
                    Verdict verdict = judge(image);
                    /* By 64-bit sums, where the checker uses differences. */
                    bool fits = tables_offset % 4 == 0 && tables_offset >= 128 &&
                                code_offset % 4 == 0 && code_offset >= 128 && tables_bytes != 0 &&
                                tables_bytes <= 16384 &&
                                uint64_t(tables_offset) + tables_bytes <= code_offset &&
                                uint64_t(code_offset) + code_bytes == size;
                    ASSERT_EQ(verdict.error, fits ? VDH_IMAGE_BODY_CRC : VDH_IMAGE_LENGTH)
                        << tables_offset << " " << tables_bytes << " " << code_offset << " "
                        << code_bytes;
                    passed += fits;
                }
            }
        }
    }
    EXPECT_GT(passed, 3u);
    for (uint32_t total : interesting) {
        std::vector<uint8_t> image = good;
        put32(image, 16, total);
        seal_header(image);
        if (total != size) {
            expect_refused(image, VDH_IMAGE_LENGTH, "total");
        }
    }
}

TEST(Image, FirstFailureNamesTheRefusal)
{
    std::vector<uint8_t> image = make_image(small_tables());
    const vdh_image_error order[] = {
        VDH_IMAGE_TABLES,        VDH_IMAGE_SHA256,     VDH_IMAGE_BODY_CRC,
        VDH_IMAGE_LENGTH,        VDH_IMAGE_TOO_NEW,    VDH_IMAGE_TARGET,
        VDH_IMAGE_HEADER_FORMAT, VDH_IMAGE_HEADER_CRC, VDH_IMAGE_MAGIC};
    for (vdh_image_error error : order) {
        if (error == VDH_IMAGE_TABLES) {
            image[128] ^= 1;
            seal_body(image);
        } else if (error == VDH_IMAGE_SHA256) {
            image[40] ^= 1;
        } else if (error == VDH_IMAGE_BODY_CRC) {
            image[36] ^= 1;
        } else if (error == VDH_IMAGE_LENGTH) {
            image[24] = image[25] = 0;
        } else if (error == VDH_IMAGE_TOO_NEW) {
            image[15] = 2;
        } else if (error == VDH_IMAGE_TARGET) {
            image[8] ^= 1;
        } else if (error == VDH_IMAGE_HEADER_FORMAT) {
            image[4] = 2;
        } else if (error == VDH_IMAGE_HEADER_CRC) {
            image[100] ^= 1;
        } else {
            image[0] ^= 1;
        }
        if (error != VDH_IMAGE_HEADER_CRC && error != VDH_IMAGE_MAGIC) {
            seal_header(image);
        }
        expect_refused(image, error, vdh_image_error_name(error));
    }
}

TEST(Image, RulesOfTheCard)
{
    std::vector<uint8_t> image = make_image(small_tables(), 0x01020003);
    EXPECT_EQ(judge(image, 64, {7, 0x01020003, 0x01020003, uint32_t(image.size())}).result, VDH_OK);
    EXPECT_EQ(judge(image, 64, {7, 0x01020004, 0x01ffffff, 0x40000}).error, VDH_IMAGE_TOO_OLD);
    EXPECT_EQ(judge(image, 64, {7, 0, 0x01020002, 0x40000}).error, VDH_IMAGE_TOO_NEW);
    EXPECT_EQ(judge(image, 64, {8, 0, 0xffffffff, 0x40000}).error, VDH_IMAGE_TARGET);
    EXPECT_EQ(judge(image, 64, {7, 0, 0xffffffff, uint32_t(image.size()) - 1}).error,
              VDH_IMAGE_LENGTH);
    EXPECT_EQ(judge(image, 64, {7, 0, 0xffffffff, 0}).error, VDH_IMAGE_LENGTH);
    EXPECT_EQ(judge(make_image(small_tables(), 0), 64).error, VDH_IMAGE_HEADER_FORMAT);
    vdh_image_check check;
    vdh_image_check_start(&check, nullptr, 1000, &rules);
    EXPECT_EQ(vdh_image_check_step(&check, 64), VDH_E_FIRMWARE);
}

} // namespace
