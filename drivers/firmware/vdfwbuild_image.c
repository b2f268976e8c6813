/* SPDX-License-Identifier: MIT */
/*
 * From a description to the bytes of an image, and the checks of section 2 of docs/hardware.md.
 * Nothing but the description goes in: the same text makes the same bytes, on any machine.
 */
#include "vdfwbuild.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The reset values of the register table, to take the one from it that matters here. */
struct resets {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) uint32_t reg;
#include "vdh_regs.def"
};
static const struct resets resets = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) .reg = (reset),
#include "vdh_regs.def"
};

static uint32_t crc32_of(const uint8_t *bytes, uint32_t count)
{
    return (uint32_t)crc32(0, bytes, count);
}

uint32_t fw_capacity_bytes(void)
{
    return resets.FW_CAPACITY;
}

int fw_image_hash(struct fw_hashes *out, const uint8_t *image, uint32_t bytes)
{
    const uint8_t *body = image + VDH_S_IMAGE;
    uint32_t body_bytes = bytes - VDH_S_IMAGE;

    out->header_crc32 = crc32_of(image, VDH_O_IMAGE_HEADER_CRC32);
    out->body_crc32 = crc32_of(body, body_bytes);
    return EVP_Digest(body, body_bytes, out->body_sha256, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

static uint32_t tables_bytes(const struct fw_tables *tables)
{
    uint32_t bytes = VDH_S_TABLES;

    for (int i = 0; i < FW_RECORDS; i++) {
        bytes += tables->count[i] * fw_limits[i].bytes;
    }
    return bytes;
}

static void put_tables(uint8_t *out, const struct fw_tables *tables)
{
    vdh_put_u32(out + VDH_O_TABLES_MAGIC, VDH_L_TABLES_MAGIC_TABLES);
    vdh_put_u16(out + VDH_O_TABLES_FORMAT, VDH_L_TABLES_FORMAT_V1);
    vdh_put_u16(out + VDH_O_TABLES_HEADER_BYTES, VDH_S_TABLES);
    vdh_put_u32(out + VDH_O_TABLES_TOTAL_BYTES, tables_bytes(tables));
    for (int i = 0; i < FW_RECORDS; i++) {
        vdh_put_u16(out + fw_limits[i].count_offset, (uint16_t)tables->count[i]);
    }
    out += VDH_S_TABLES;
    for (int i = 0; i < FW_RECORDS; i++) {
        uint32_t bytes = tables->count[i] * fw_limits[i].bytes;

        memcpy(out, tables->records[i], bytes);
        out += bytes;
    }
}

static void put_header(uint8_t *image, const struct fw_description *description, uint32_t total)
{
    uint32_t bytes = tables_bytes(&description->tables);

    vdh_put_u32(image + VDH_O_IMAGE_MAGIC, VDH_L_IMAGE_MAGIC_IMAGE);
    vdh_put_u16(image + VDH_O_IMAGE_FORMAT, VDH_L_IMAGE_FORMAT_V1);
    vdh_put_u16(image + VDH_O_IMAGE_HEADER_BYTES, VDH_S_IMAGE);
    vdh_put_u32(image + VDH_O_IMAGE_TARGET, description->target);
    vdh_put_u32(image + VDH_O_IMAGE_VERSION, description->version);
    vdh_put_u32(image + VDH_O_IMAGE_TOTAL_BYTES, total);
    vdh_put_u32(image + VDH_O_IMAGE_TABLES_OFFSET, VDH_S_IMAGE);
    vdh_put_u32(image + VDH_O_IMAGE_TABLES_BYTES, bytes);
    /* All records are multiples of 4 bytes, so the code needs no padding before it. */
    vdh_put_u32(image + VDH_O_IMAGE_CODE_OFFSET, VDH_S_IMAGE + bytes);
    vdh_put_u32(image + VDH_O_IMAGE_CODE_BYTES, description->code_bytes);
    memcpy(image + VDH_O_IMAGE_NAME, description->name, sizeof description->name);
}

uint8_t *fw_image_make(const struct fw_description *description, uint32_t *bytes,
                       struct fw_problem *problem)
{
    uint32_t table_bytes = tables_bytes(&description->tables);
    uint64_t total = (uint64_t)VDH_S_IMAGE + table_bytes + description->code_bytes;
    struct fw_hashes hashes;
    uint8_t *image;

    *problem = (struct fw_problem){.check = "LENGTH", .record = -1, .key = "code"};
    if (total > fw_capacity_bytes()) {
        snprintf(problem->text, sizeof problem->text,
                 "the image has %" PRIu64 " bytes, a card takes %" PRIu32 ": make the code smaller",
                 total, fw_capacity_bytes());
        return NULL;
    }
    image = calloc(1, (size_t)total);
    if (!image) {
        snprintf(problem->text, sizeof problem->text, "out of memory");
        return NULL;
    }
    *bytes = (uint32_t)total;
    put_header(image, description, *bytes);
    put_tables(image + VDH_S_IMAGE, &description->tables);
    if (description->code_bytes != 0) {
        memcpy(image + VDH_S_IMAGE + table_bytes, description->code, description->code_bytes);
    }
    if (fw_image_hash(&hashes, image, *bytes) != 0) {
        snprintf(problem->text, sizeof problem->text, "SHA-256 failed in libcrypto");
        free(image);
        return NULL;
    }
    vdh_put_u32(image + VDH_O_IMAGE_BODY_CRC32, hashes.body_crc32);
    memcpy(image + VDH_O_IMAGE_BODY_SHA256, hashes.body_sha256, sizeof hashes.body_sha256);
    vdh_put_u32(image + VDH_O_IMAGE_HEADER_CRC32, crc32_of(image, VDH_O_IMAGE_HEADER_CRC32));
    return image;
}

static int refuse(struct fw_problem *problem, const char *check, const char *text)
{
    *problem = (struct fw_problem){.check = check, .record = -1};
    snprintf(problem->text, sizeof problem->text, "%s", text);
    return -1;
}

static int check_header(const uint8_t *image, struct fw_problem *problem)
{
    if (vdh_get_u32(image + VDH_O_IMAGE_MAGIC) != VDH_L_IMAGE_MAGIC_IMAGE) {
        return refuse(problem, "MAGIC", "does not begin with the letters VDFW: no firmware image");
    }
    if (crc32_of(image, VDH_O_IMAGE_HEADER_CRC32) !=
        vdh_get_u32(image + VDH_O_IMAGE_HEADER_CRC32)) {
        return refuse(problem, "HEADER_CRC", "the header is damaged: build or fetch it again");
    }
    if (vdh_get_u16(image + VDH_O_IMAGE_FORMAT) != VDH_L_IMAGE_FORMAT_V1 ||
        vdh_get_u16(image + VDH_O_IMAGE_HEADER_BYTES) != VDH_S_IMAGE) {
        return refuse(problem, "HEADER_FORMAT", "unknown format or size of header");
    }
    if (vdh_get_u32(image + VDH_O_IMAGE_VERSION) == 0) {
        return refuse(problem, "HEADER_FORMAT", "version 0.0.0 means no firmware");
    }
    if (image[VDH_O_IMAGE_NAME + 31] != 0) {
        return refuse(problem, "HEADER_FORMAT", "the name does not end in 0");
    }
    for (uint32_t i = VDH_O_IMAGE_RESERVED; i < VDH_O_IMAGE_HEADER_CRC32; i++) {
        if (image[i] != 0) {
            return refuse(problem, "HEADER_FORMAT", "reserved bytes of the header are not 0");
        }
    }
    return 0;
}

/* 64 bits wide, so that no sum of header words can overflow. */
static int check_lengths(const uint8_t *image, uint32_t bytes, struct fw_problem *problem)
{
    uint64_t tables = vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET);
    uint64_t tables_end = tables + vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES);
    uint64_t code = vdh_get_u32(image + VDH_O_IMAGE_CODE_OFFSET);
    uint64_t code_end = code + vdh_get_u32(image + VDH_O_IMAGE_CODE_BYTES);

    if (vdh_get_u32(image + VDH_O_IMAGE_TOTAL_BYTES) != bytes) {
        return refuse(problem, "LENGTH", "the header tells another length than the file has");
    }
    if (tables % 4 != 0 || tables < VDH_S_IMAGE || code % 4 != 0 || code < VDH_S_IMAGE) {
        return refuse(problem, "LENGTH", "tables or code begin at a place that is not allowed");
    }
    if (tables_end == tables || tables_end - tables > FW_TABLES_MAX_BYTES) {
        return refuse(problem, "LENGTH", "no tables, or tables of more than 16384 bytes");
    }
    if (tables_end > code || code_end != bytes) {
        return refuse(problem, "LENGTH", "the code must follow the tables and end the file");
    }
    return 0;
}

int fw_image_check(const uint8_t *image, uint32_t bytes, struct fw_problem *problem)
{
    struct fw_hashes hashes;

    /* Such lengths a card refuses before it takes a byte. */
    if (bytes == 0 || bytes > fw_capacity_bytes()) {
        return refuse(problem, "LENGTH", "empty, or larger than the card's memory for images");
    }
    if (bytes < VDH_S_IMAGE) {
        return refuse(problem, "INCOMPLETE", "shorter than the header of an image");
    }
    if (check_header(image, problem) != 0 || check_lengths(image, bytes, problem) != 0) {
        return -1;
    }
    if (fw_image_hash(&hashes, image, bytes) != 0) {
        return refuse(problem, "SHA256", "SHA-256 failed in libcrypto");
    }
    if (hashes.body_crc32 != vdh_get_u32(image + VDH_O_IMAGE_BODY_CRC32)) {
        return refuse(problem, "BODY_CRC", "the body is damaged: build or fetch it again");
    }
    if (memcmp(hashes.body_sha256, image + VDH_O_IMAGE_BODY_SHA256, 32) != 0) {
        return refuse(problem, "SHA256", "the body is not the one that the header was made for");
    }
    return fw_tables_check(image + vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET),
                           vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES), problem);
}
