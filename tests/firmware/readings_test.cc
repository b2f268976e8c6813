/* SPDX-License-Identifier: MIT */
/*
 * Two readings of one specification: the builder's checks and the core's must give every image the
 * same verdict. Each byte of header and tables is changed, with all hashes made right again.
 */
#include "builder.h"
#include "small_description.h"

extern "C" {
#include "vdfwbuild.h"
#include "vdh_image.h"
#include "vdh_tables.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <map>

/* Every target and version: those rules are the card's, which the builder does not know. */
static std::string core_verdict(const std::vector<uint8_t> &image)
{
    vdh_image_rules rules = {0, 1, UINT32_MAX, fw_capacity_bytes()};
    vdh_image_check check;
    int result = VDH_AGAIN;

    if (image.size() >= VDH_S_IMAGE) {
        rules.target = vdh_get_u32(image.data() + VDH_O_IMAGE_TARGET);
    }
    vdh_image_check_start(&check, image.data(), static_cast<uint32_t>(image.size()), &rules);
    for (unsigned i = 0; i < 1000000 && result == VDH_AGAIN; i++) {
        result = vdh_image_check_step(&check, 4096);
    }
    return result == VDH_OK ? "OK" : vdh_image_error_name(check.error);
}

static std::string builder_verdict(const std::vector<uint8_t> &image)
{
    fw_problem problem = {};

    if (fw_image_check(image.data(), static_cast<uint32_t>(image.size()), &problem) == 0) {
        return "OK";
    }
    EXPECT_NE(problem.text[0], '\0');
    return problem.check;
}

static void repair(std::vector<uint8_t> &image)
{
    uint8_t *bytes = image.data();
    uint32_t count = static_cast<uint32_t>(image.size());
    fw_hashes hashes;

    ASSERT_EQ(fw_image_hash(&hashes, bytes, count), 0);
    vdh_put_u32(bytes + VDH_O_IMAGE_BODY_CRC32, hashes.body_crc32);
    std::memcpy(bytes + VDH_O_IMAGE_BODY_SHA256, hashes.body_sha256, 32);
    ASSERT_EQ(fw_image_hash(&hashes, bytes, count), 0);
    vdh_put_u32(bytes + VDH_O_IMAGE_HEADER_CRC32, hashes.header_crc32);
}

static std::vector<uint8_t> small_image()
{
    Builder builder;
    std::string path = builder.path("small.fw");

    write_bytes(path, small_description, sizeof small_description - 1);
    return builder.build(path);
}

TEST(Readings, AgreeOnEveryChangedByte)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x80, 0xff};
    const std::vector<uint8_t> good = small_image();
    std::map<std::string, unsigned> verdicts;

    ASSERT_EQ(core_verdict(good), "OK");
    ASSERT_EQ(builder_verdict(good), "OK");
    for (size_t at = 0; at < good.size() - 256; at++) {
        for (uint8_t change : changes) {
            for (int repaired = 0; repaired < 2; repaired++) {
                std::vector<uint8_t> image = good;
                std::string verdict;

                image[at] ^= change;
                if (repaired) {
                    repair(image);
                }
                verdict = core_verdict(image);
                ASSERT_EQ(verdict, builder_verdict(image))
                    << "byte " << at << " changed by " << int(change) << " repaired " << repaired;
                verdicts[verdict]++;
            }
        }
    }
    /* The test is worth something only if it came by every check. */
    for (const char *name :
         {"OK", "MAGIC", "HEADER_CRC", "HEADER_FORMAT", "LENGTH", "BODY_CRC", "TABLES"}) {
        EXPECT_GT(verdicts[name], 0u) << name;
    }
}

/* A SHA-256 that is wrong although the CRC-32 is right: the one that no single byte brings about. */
TEST(Readings, AgreeOnSha256)
{
    std::vector<uint8_t> image = small_image();
    fw_hashes hashes;

    image[VDH_O_IMAGE_BODY_SHA256 + 7] ^= 4;
    ASSERT_EQ(fw_image_hash(&hashes, image.data(), static_cast<uint32_t>(image.size())), 0);
    vdh_put_u32(image.data() + VDH_O_IMAGE_HEADER_CRC32, hashes.header_crc32);
    EXPECT_EQ(core_verdict(image), "SHA256");
    EXPECT_EQ(builder_verdict(image), "SHA256");
}

TEST(Readings, AgreeOnEveryLength)
{
    const std::vector<uint8_t> good = small_image();
    std::map<std::string, unsigned> verdicts;

    for (size_t count = 0; count < good.size(); count++) {
        for (int repaired = 0; repaired < 2; repaired++) {
            std::vector<uint8_t> image(good.begin(), good.begin() + count);
            std::string verdict;

            if (repaired && count >= VDH_S_IMAGE) {
                /* Cut, but with a header that knows. */
                vdh_put_u32(image.data() + VDH_O_IMAGE_TOTAL_BYTES, static_cast<uint32_t>(count));
                repair(image);
            }
            verdict = core_verdict(image);
            ASSERT_EQ(verdict, builder_verdict(image)) << count << " bytes";
            ASSERT_NE(verdict, "OK") << count << " bytes";
            verdicts[verdict]++;
        }
    }
    EXPECT_EQ(verdicts["INCOMPLETE"], 2 * (VDH_S_IMAGE - 1u));
    EXPECT_GT(verdicts["LENGTH"], 0u);
}

/* Words at the edges of what fits, in every place of header, head and records. */
TEST(Readings, AgreeOnExtremeWords)
{
    static const uint32_t words[] = {0,       1,          2,          16,         0x7f,
                                     0x80,    0xff,       0x100,      0x2000,     0x2002,
                                     0x7fff,  0x8000,     0xffff,     0x10000,    0x3ffff,
                                     0x40000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
    const std::vector<uint8_t> good = small_image();

    for (size_t at = 0; at + 4 <= good.size() - 256; at += 2) {
        for (uint32_t word : words) {
            std::vector<uint8_t> image = good;

            vdh_put_u32(image.data() + at, word);
            repair(image);
            ASSERT_EQ(core_verdict(image), builder_verdict(image))
                << "offset " << at << " word " << word;
            image = good;
            vdh_put_u16(image.data() + at, static_cast<uint16_t>(word));
            repair(image);
            ASSERT_EQ(core_verdict(image), builder_verdict(image))
                << "offset " << at << " half word " << word;
        }
    }
}
