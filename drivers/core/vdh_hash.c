/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CRC-32 (IEEE 802.3, reflected) and SHA-256 (FIPS 180-4). Small rather than fast: a nibble table
 * of 64 bytes, a rolling schedule of 16 words, since kernel stacks are short.
 */
#include "vdh_image.h"

uint32_t vdh_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count)
{
    static const uint32_t nibble[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
        0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
        0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
    };

    crc = ~crc;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ nibble[crc & 15u];
        crc = crc >> 4 ^ nibble[crc & 15u];
    }
    return ~crc;
}

static const uint32_t sha_k[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u,
};

static uint32_t rotate(uint32_t x, uint32_t by)
{
    return x >> by | x << (32u - by);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* One round after another by moves between locals: a call of memmove for each would cost more than
 * the round, and where this runs an entry counts its instructions. */
static void sha_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];
    uint32_t e = state[4];
    uint32_t f = state[5];
    uint32_t g = state[6];
    uint32_t h = state[7];
    uint32_t w[16];

    for (uint32_t i = 0; i < 64u; i++) {
        uint32_t t1;
        uint32_t t2;

        if (i < 16u) {
            w[i] = big_endian(block + (size_t)i * 4u);
        } else {
            uint32_t x = w[(i + 1u) & 15u];
            uint32_t y = w[(i + 14u) & 15u];

            w[i & 15u] += (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[(i + 9u) & 15u] +
                          (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
        }
        t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + sha_k[i] +
             w[i & 15u];
        t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void vdh_sha256_start(struct vdh_sha256 *sha)
{
    static const uint32_t initial[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                        0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};

    memset(sha, 0, sizeof(*sha));
    memcpy(sha->state, initial, sizeof(initial));
}

void vdh_sha256_add(struct vdh_sha256 *sha, const uint8_t *bytes, uint32_t count)
{
    while (count > 0) {
        uint32_t used = (uint32_t)sha->bytes & 63u;
        uint32_t piece = count < 64u - used ? count : 64u - used;

        memcpy(sha->block + used, bytes, piece);
        sha->bytes += piece;
        bytes += piece;
        count -= piece;
        if (used + piece == 64u)
            sha_block(sha->state, sha->block);
    }
}

void vdh_sha256_end(struct vdh_sha256 *sha, uint8_t digest[32])
{
    uint64_t bits = sha->bytes << 3;
    uint32_t used = (uint32_t)sha->bytes & 63u;

    sha->block[used++] = 0x80;
    if (used > 56u) {
        memset(sha->block + used, 0, 64u - used);
        sha_block(sha->state, sha->block);
        used = 0;
    }
    memset(sha->block + used, 0, 56u - used);
    for (uint32_t i = 0; i < 8u; i++)
        sha->block[63u - i] = (uint8_t)(bits >> (i * 8u));
    sha_block(sha->state, sha->block);
    for (uint32_t i = 0; i < 32u; i++)
        digest[i] = (uint8_t)(sha->state[i / 4u] >> (24u - i % 4u * 8u));
}
