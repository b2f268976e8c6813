/* SPDX-License-Identifier: MIT */
/* Little-endian numbers at any address. The caller has checked that the bytes are there. */
#ifndef UVC_BYTES_H
#define UVC_BYTES_H

#include <stdint.h>

static inline uint16_t uvc_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t uvc_get32(const uint8_t *at)
{
    return (uint32_t)uvc_get16(at) | (uint32_t)uvc_get16(at + 2) << 16;
}

static inline void uvc_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void uvc_put32(uint8_t *at, uint32_t value)
{
    uvc_put16(at, (uint16_t)value);
    uvc_put16(at + 2, (uint16_t)(value >> 16));
}

#endif
