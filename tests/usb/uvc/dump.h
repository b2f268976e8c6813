/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of cameras as text: a descriptor a line, without its length, which is counted. A field is a number, in decimal
 * or, with 0x, in hex: 7 is a byte, x2e is a byte in hex, w640 has 16 bits, d333333 has 32, and g and 32 hex digits are a
 * GUID as it lies in memory. =9 sets the length against the count. What follows # is a remark.
 */
#ifndef UVC_DUMP_H
#define UVC_DUMP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a text; -1, and the number of the wrong line in *line, if it is none or does not fit. */
long uvc_dump_parse(uint8_t *out, size_t max, const char *text, unsigned *line);
/* The same of a file. */
long uvc_dump_read(uint8_t *out, size_t max, const char *path, unsigned *line);

#ifdef __cplusplus
}
#endif

#endif
