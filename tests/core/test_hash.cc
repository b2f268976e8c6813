/* SPDX-License-Identifier: MIT */
/* CRC-32 and SHA-256: answers that others published, and any division of the bytes gives the same. */
#include <gtest/gtest.h>

#include "fake.h"

namespace {

uint32_t crc(const std::string &text)
{
    return vdh_crc32(0, reinterpret_cast<const uint8_t *>(text.data()), uint32_t(text.size()));
}

std::string sha(const std::string &text, size_t piece = SIZE_MAX)
{
    vdh_sha256 state;
    uint8_t digest[32];
    std::string out;

    vdh_sha256_start(&state);
    for (size_t at = 0; at < text.size();) {
        size_t count = std::min(piece, text.size() - at);
        vdh_sha256_add(&state, reinterpret_cast<const uint8_t *>(text.data()) + at,
                       uint32_t(count));
        at += count;
    }
    vdh_sha256_end(&state, digest);
    for (uint8_t byte : digest) {
        char hex[3];
        snprintf(hex, sizeof(hex), "%02x", byte);
        out += hex;
    }
    return out;
}

TEST(Hash, CrcKnownAnswers)
{
    EXPECT_EQ(crc(""), 0u);
    EXPECT_EQ(crc("123456789"), 0xcbf43926u); /* the check value of CRC-32/ISO-HDLC */
    EXPECT_EQ(crc("a"), 0xe8b7be43u);
    EXPECT_EQ(crc(std::string(32, '\0')), 0x190a55adu);
    EXPECT_EQ(crc(std::string(32, '\xff')), 0xff6cab0bu);
}

/* FIPS 180-4 examples and the byte-oriented test vectors published with it. */
TEST(Hash, ShaKnownAnswers)
{
    EXPECT_EQ(sha(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
              "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    EXPECT_EQ(sha(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, PiecesGiveTheWhole)
{
    std::string text;
    for (int i = 0; i < 300; i++) {
        text += char(i * 7 + i / 3);
    }
    std::string whole_sha = sha(text);
    uint32_t whole_crc = crc(text);
    for (size_t piece = 1; piece <= text.size(); piece++) {
        EXPECT_EQ(sha(text, piece), whole_sha) << piece;
        uint32_t part = 0;
        for (size_t at = 0; at < text.size(); at += piece) {
            part = vdh_crc32(part, reinterpret_cast<const uint8_t *>(text.data()) + at,
                             uint32_t(std::min(piece, text.size() - at)));
        }
        EXPECT_EQ(part, whole_crc) << piece;
    }
}

/* Every length around the padding's edges differs from its neighbours, and from a byte changed. */
TEST(Hash, EveryByteMatters)
{
    for (size_t length = 1; length < 150; length++) {
        std::string text(length, 'x');
        std::string other = text;
        other[length - 1] = 'y';
        EXPECT_NE(sha(text), sha(other));
        EXPECT_NE(crc(text), crc(other));
        EXPECT_NE(sha(text), sha(text + "x"));
    }
}

} // namespace
