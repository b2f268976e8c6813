/* SPDX-License-Identifier: MIT */
/*
 * An image for people. A bad image is printed as far as it can be trusted: the header always, the
 * tables only if they passed every check.
 */
#include "vdfwbuild.h"

#include <inttypes.h>
#include <string.h>

static const uint8_t *record_at(const uint8_t *tables, enum fw_record record, uint32_t index)
{
    return tables + fw_tables_offset(tables, record) + (size_t)index * fw_limits[record].bytes;
}

static uint32_t record_count(const uint8_t *tables, enum fw_record record)
{
    return vdh_get_u16(tables + fw_limits[record].count_offset);
}

/* Names of the bits that are set, separated by spaces. */
static void print_bits(FILE *out, const char *layout, const char *member, uint32_t bits)
{
    for (uint32_t bit = 0; bit < 16; bit++) {
        if ((bits >> bit & 1) != 0) {
            const char *name = fw_bit_name(layout, member, bit);

            fprintf(out, " %s", name ? name : "?");
        }
    }
}

static void print_rate(FILE *out, uint32_t num, uint32_t den)
{
    /* In thousandths, rounded: no need for floating point. */
    uint32_t millihertz = (uint32_t)(((uint64_t)den * 1000 + num / 2) / num);

    fprintf(out, "%" PRIu32 "/%" PRIu32 " s (%" PRIu32 ".%03" PRIu32 " Hz)", num, den,
            millihertz / 1000, millihertz % 1000);
}

static void print_inputs(FILE *out, const uint8_t *tables)
{
    fprintf(out, "\ninputs\n");
    for (uint32_t i = 0; i < record_count(tables, FW_INPUT); i++) {
        const uint8_t *input = record_at(tables, FW_INPUT, i);
        uint32_t first = vdh_get_u16(input + VDH_O_INPUT_TIMING_FIRST);

        fprintf(out, "  %" PRIu32 " \"%s\" %s, timings %" PRIu32 " to %" PRIu32 ", default %u\n", i,
                (const char *)input + VDH_O_INPUT_NAME,
                fw_value_name("INPUT", "KIND", vdh_get_u16(input + VDH_O_INPUT_KIND)), first,
                first + vdh_get_u16(input + VDH_O_INPUT_TIMING_COUNT) - 1,
                vdh_get_u16(input + VDH_O_INPUT_TIMING_DEFAULT));
    }
}

static void print_timings(FILE *out, const uint8_t *tables)
{
    fprintf(out, "\ntimings\n");
    for (uint32_t i = 0; i < record_count(tables, FW_TIMING); i++) {
        const uint8_t *timing = record_at(tables, FW_TIMING, i);

        fprintf(out, "  %" PRIu32 " \"%s\" %s %ux%u ", i, (const char *)timing + VDH_O_TIMING_NAME,
                fw_value_name("INPUT", "KIND", vdh_get_u16(timing + VDH_O_TIMING_KIND)),
                vdh_get_u16(timing + VDH_O_TIMING_WIDTH),
                vdh_get_u16(timing + VDH_O_TIMING_HEIGHT));
        print_rate(out, vdh_get_u32(timing + VDH_O_TIMING_INTERVAL_NUM),
                   vdh_get_u32(timing + VDH_O_TIMING_INTERVAL_DEN));
        print_bits(out, "TIMING", "FLAGS", vdh_get_u16(timing + VDH_O_TIMING_FLAGS));
        fprintf(out, " %" PRIu32 " kHz\n", vdh_get_u32(timing + VDH_O_TIMING_PIXEL_CLOCK_KHZ));
    }
}

static void print_modes(FILE *out, const uint8_t *tables)
{
    fprintf(out, "\nmodes\n");
    for (uint32_t i = 0; i < record_count(tables, FW_MODE); i++) {
        const uint8_t *mode = record_at(tables, FW_MODE, i);
        uint32_t inputs = vdh_get_u16(mode + VDH_O_MODE_INPUTS);
        uint32_t first = vdh_get_u16(mode + VDH_O_MODE_INTERVAL_FIRST);
        uint32_t count = vdh_get_u16(mode + VDH_O_MODE_INTERVAL_COUNT);

        fprintf(out, "  %" PRIu32 " %ux%u from %ux%u in steps of %ux%u, inputs", i,
                vdh_get_u16(mode + VDH_O_MODE_WIDTH), vdh_get_u16(mode + VDH_O_MODE_HEIGHT),
                vdh_get_u16(mode + VDH_O_MODE_WIDTH_MIN), vdh_get_u16(mode + VDH_O_MODE_HEIGHT_MIN),
                vdh_get_u16(mode + VDH_O_MODE_WIDTH_STEP),
                vdh_get_u16(mode + VDH_O_MODE_HEIGHT_STEP));
        for (uint32_t bit = 0; bit < 16; bit++) {
            if ((inputs >> bit & 1) != 0) {
                fprintf(out, " %" PRIu32, bit);
            }
        }
        fprintf(out, ", formats");
        print_bits(out, "MODE", "FORMATS", vdh_get_u16(mode + VDH_O_MODE_FORMATS));
        fprintf(out, ", intervals");
        for (uint32_t j = first; j < first + count; j++) {
            const uint8_t *interval = record_at(tables, FW_INTERVAL, j);

            fprintf(out, " %" PRIu32 "/%" PRIu32, vdh_get_u32(interval + VDH_O_INTERVAL_NUM),
                    vdh_get_u32(interval + VDH_O_INTERVAL_DEN));
        }
        fprintf(out, "\n");
    }
}

static void print_controls(FILE *out, const uint8_t *tables)
{
    fprintf(out, "\ncontrols\n");
    for (uint32_t i = 0; i < record_count(tables, FW_CONTROL); i++) {
        const uint8_t *control = record_at(tables, FW_CONTROL, i);
        uint32_t id = vdh_get_u16(control + VDH_O_CONTROL_ID);
        const char *id_name = fw_value_name("CONTROL", "ID", id);
        uint32_t first = vdh_get_u16(control + VDH_O_CONTROL_MENU_FIRST);
        uint32_t count = vdh_get_u16(control + VDH_O_CONTROL_MENU_COUNT);

        fprintf(out,
                "  %" PRIu32 " \"%s\" %s %s from %" PRId32 " to %" PRId32 " in steps of %" PRId32
                ", default %" PRId32,
                i, (const char *)control + VDH_O_CONTROL_NAME, id_name ? id_name : "?",
                fw_value_name("CONTROL", "TYPE", vdh_get_u16(control + VDH_O_CONTROL_TYPE)),
                (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MINIMUM),
                (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MAXIMUM),
                (int32_t)vdh_get_u32(control + VDH_O_CONTROL_STEP),
                (int32_t)vdh_get_u32(control + VDH_O_CONTROL_DEFAULT));
        print_bits(out, "CONTROL", "FLAGS", vdh_get_u16(control + VDH_O_CONTROL_FLAGS));
        for (uint32_t j = 0; j < count; j++) {
            fprintf(out, "%s \"%s\"", j ? "," : ", menu",
                    (const char *)record_at(tables, FW_MENU, first + j));
        }
        fprintf(out, "\n");
    }
}

static void print_hash(FILE *out, const uint8_t *digest)
{
    for (int i = 0; i < 32; i++) {
        fprintf(out, "%02x", digest[i]);
    }
}

static const char *verdict(int good)
{
    return good ? "good" : "BAD";
}

static void print_header(FILE *out, const char *path, const uint8_t *image, uint32_t bytes)
{
    uint32_t version = vdh_get_u32(image + VDH_O_IMAGE_VERSION);
    const uint8_t *sha = image + VDH_O_IMAGE_BODY_SHA256;
    uint32_t body_crc = vdh_get_u32(image + VDH_O_IMAGE_BODY_CRC32);
    uint32_t header_crc = vdh_get_u32(image + VDH_O_IMAGE_HEADER_CRC32);
    struct fw_hashes hashes;

    fprintf(out, "image      %s, %" PRIu32 " bytes (header says %" PRIu32 ")\n", path, bytes,
            vdh_get_u32(image + VDH_O_IMAGE_TOTAL_BYTES));
    fprintf(out, "name       %.31s\n", (const char *)image + VDH_O_IMAGE_NAME);
    fprintf(out, "target     0x%08" PRIX32 "\n", vdh_get_u32(image + VDH_O_IMAGE_TARGET));
    fprintf(out, "version    %" PRIu32 ".%" PRIu32 ".%" PRIu32 " (0x%08" PRIX32 ")\n",
            version >> 24, version >> 16 & 0xff, version & 0xffff, version);
    fprintf(out, "tables     %" PRIu32 " bytes at %" PRIu32 "\n",
            vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES),
            vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET));
    fprintf(out, "code       %" PRIu32 " bytes at %" PRIu32 "\n",
            vdh_get_u32(image + VDH_O_IMAGE_CODE_BYTES),
            vdh_get_u32(image + VDH_O_IMAGE_CODE_OFFSET));
    if (fw_image_hash(&hashes, image, bytes) != 0) {
        fprintf(out, "hashes     not known: SHA-256 failed in libcrypto\n");
        return;
    }
    fprintf(out, "header     CRC-32 0x%08" PRIX32 " %s\n", header_crc,
            verdict(header_crc == hashes.header_crc32));
    fprintf(out, "body       CRC-32 0x%08" PRIX32 " %s\n", body_crc,
            verdict(body_crc == hashes.body_crc32));
    fprintf(out, "body       SHA-256 ");
    print_hash(out, sha);
    fprintf(out, " %s\n", verdict(memcmp(sha, hashes.body_sha256, sizeof hashes.body_sha256) == 0));
}

int fw_image_print(FILE *out, const char *path, const uint8_t *image, uint32_t bytes)
{
    struct fw_problem problem;
    int result = fw_image_check(image, bytes, &problem);

    if (bytes >= VDH_S_IMAGE) {
        print_header(out, path, image, bytes);
    }
    if (result != 0) {
        fprintf(out, "refused    %s: ", problem.check);
        if (problem.record >= 0) {
            fprintf(out, "%s %" PRIu32 ": ", fw_limits[problem.record].singular, problem.index);
        }
        fprintf(out, "%s\n", problem.text);
        return result;
    }
    image += vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET);
    print_inputs(out, image);
    print_timings(out, image);
    print_modes(out, image);
    print_controls(out, image);
    return 0;
}
