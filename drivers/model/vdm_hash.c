/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 (IEEE 802.3) and SHA-256 (FIPS 180-4), the card's own. Whole buffers only: the boot ROM
 * has the image in one piece.
 */
#include "vdm_private.h"

uint32_t vdm_crc32(const uint8_t *bytes, uint32_t length)
{
    uint32_t table[16];
    uint32_t crc = 0xffffffffu;

    for (uint32_t n = 0; n < 16; n++) {
        uint32_t value = n;

        for (uint32_t bit = 0; bit < 4; bit++) {
            value = (value & 1u) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
        }
        table[n] = value;
    }
    for (uint32_t n = 0; n < length; n++) {
        crc ^= bytes[n];
        crc = crc >> 4 ^ table[crc & 15u];
        crc = crc >> 4 ^ table[crc & 15u];
    }
    return ~crc;
}

static const uint32_t round_constant[64] = {
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

static uint32_t rotate(uint32_t value, uint32_t bits)
{
    return value >> bits | value << (32u - bits);
}

static uint32_t big32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void block(uint32_t state[8], const uint8_t *bytes)
{
    uint32_t w[64];
    uint32_t s[8];

    for (uint32_t n = 0; n < 16; n++) {
        w[n] = big32(bytes + (size_t)4u * n);
    }
    for (uint32_t n = 16; n < 64; n++) {
        uint32_t low = rotate(w[n - 15], 7) ^ rotate(w[n - 15], 18) ^ w[n - 15] >> 3;
        uint32_t high = rotate(w[n - 2], 17) ^ rotate(w[n - 2], 19) ^ w[n - 2] >> 10;

        w[n] = w[n - 16] + low + w[n - 7] + high;
    }
    memcpy(s, state, sizeof s);
    for (uint32_t n = 0; n < 64; n++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice +
                       round_constant[n] + w[n];
        uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;

        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (uint32_t n = 0; n < 8; n++) {
        state[n] += s[n];
    }
}

void vdm_sha256(uint8_t digest[32], const uint8_t *bytes, uint32_t length)
{
    uint32_t state[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                         0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    uint8_t tail[128] = {0};
    uint32_t whole = length / 64u * 64u;
    uint32_t rest = length - whole;
    uint32_t tail_bytes = rest < 56 ? 64u : 128u;
    uint64_t bits = (uint64_t)length * 8u;

    for (uint32_t at = 0; at < whole; at += 64) {
        block(state, bytes + at);
    }
    memcpy(tail, bytes + whole, rest);
    tail[rest] = 0x80;
    for (uint32_t n = 0; n < 8; n++) {
        tail[tail_bytes - 1u - n] = (uint8_t)(bits >> (8u * n));
    }
    for (uint32_t at = 0; at < tail_bytes; at += 64) {
        block(state, tail + at);
    }
    for (uint32_t n = 0; n < 32; n++) {
        digest[n] = (uint8_t)(state[n / 4u] >> (24u - 8u * (n % 4u)));
    }
}
