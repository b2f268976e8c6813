/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The check of a firmware image, in the boot ROM's order. It can stop after any 64 bytes. Offsets
 * are compared by subtraction from known-good lengths, so that no sum can overflow.
 */
#include "vdh_image.h"

enum phase { BEGIN, HEADER_CRC, HEADER, BODY, TABLES, GOOD, REFUSED };

#define TABLES_MAX       VDH_TABLES_MAX_BYTES
#define HEADER_CRC_BYTES ((uint32_t)VDH_O_IMAGE_HEADER_CRC32)

void vdh_image_check_start(struct vdh_image_check *check, const uint8_t *image, uint32_t bytes,
                           const struct vdh_image_rules *rules)
{
    memset(check, 0, sizeof(*check));
    check->image = image;
    check->bytes = image ? bytes : 0;
    check->rules = *rules;
}

static enum vdh_image_error check_begin(const struct vdh_image_check *check)
{
    /* These lengths the card refuses before it takes a byte. */
    if (check->bytes == 0 || check->bytes > check->rules.capacity_bytes)
        return VDH_IMAGE_LENGTH;
    if (check->bytes < VDH_S_IMAGE)
        return VDH_IMAGE_INCOMPLETE;
    if (vdh_get_u32(check->image + VDH_O_IMAGE_MAGIC) != (uint32_t)VDH_L_IMAGE_MAGIC_IMAGE)
        return VDH_IMAGE_MAGIC;
    return VDH_IMAGE_OK;
}

static int lengths_are_good(const struct vdh_image_check *check)
{
    const uint8_t *image = check->image;
    uint32_t total = check->bytes;
    uint32_t tables = vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET);
    uint32_t tables_bytes = vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES);
    uint32_t code = vdh_get_u32(image + VDH_O_IMAGE_CODE_OFFSET);
    uint32_t code_bytes = vdh_get_u32(image + VDH_O_IMAGE_CODE_BYTES);

    return vdh_get_u32(image + VDH_O_IMAGE_TOTAL_BYTES) == total && tables % 4u == 0 &&
           tables >= VDH_S_IMAGE && code % 4u == 0 && code >= VDH_S_IMAGE && code <= total &&
           code_bytes == total - code && tables_bytes != 0 && tables_bytes <= TABLES_MAX &&
           tables <= code && tables_bytes <= code - tables;
}

static enum vdh_image_error check_header(struct vdh_image_check *check)
{
    const uint8_t *image = check->image;
    struct vdh_image_info *info = &check->info;
    uint32_t version = vdh_get_u32(image + VDH_O_IMAGE_VERSION);
    uint32_t target = vdh_get_u32(image + VDH_O_IMAGE_TARGET);
    uint8_t reserved = image[VDH_O_IMAGE_NAME + 31];

    if (check->crc != vdh_get_u32(image + VDH_O_IMAGE_HEADER_CRC32))
        return VDH_IMAGE_HEADER_CRC;
    for (uint32_t i = 0; i < 20u; i++)
        reserved |= image[VDH_O_IMAGE_RESERVED + i];
    if (vdh_get_u16(image + VDH_O_IMAGE_FORMAT) != VDH_L_IMAGE_FORMAT_V1 ||
        vdh_get_u16(image + VDH_O_IMAGE_HEADER_BYTES) != VDH_S_IMAGE || version == 0 || reserved)
        return VDH_IMAGE_HEADER_FORMAT;
    if (target != check->rules.target)
        return VDH_IMAGE_TARGET;
    if (version < check->rules.version_min)
        return VDH_IMAGE_TOO_OLD;
    if (version > check->rules.version_max)
        return VDH_IMAGE_TOO_NEW;
    if (!lengths_are_good(check))
        return VDH_IMAGE_LENGTH;
    info->target = target;
    info->version = version;
    info->total_bytes = check->bytes;
    info->tables_offset = vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET);
    info->tables_bytes = vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES);
    memcpy(info->name, image + VDH_O_IMAGE_NAME, sizeof(info->name));
    return VDH_IMAGE_OK;
}

static enum vdh_image_error check_body_end(struct vdh_image_check *check)
{
    uint8_t digest[32];

    if (check->crc != vdh_get_u32(check->image + VDH_O_IMAGE_BODY_CRC32))
        return VDH_IMAGE_BODY_CRC;
    vdh_sha256_end(&check->sha, digest);
    if (memcmp(digest, check->image + VDH_O_IMAGE_BODY_SHA256, sizeof(digest)) != 0)
        return VDH_IMAGE_SHA256;
    vdh_tables_check_start(&check->tables, check->image + check->info.tables_offset,
                           check->info.tables_bytes);
    return VDH_IMAGE_OK;
}

/* CRC of the next bytes up to `end`; the bytes that were taken. */
static uint32_t add_crc(struct vdh_image_check *check, uint32_t end, uint32_t budget)
{
    uint32_t piece = end - check->position;

    if (piece > budget)
        piece = budget;
    check->crc = vdh_crc32(check->crc, check->image + check->position, piece);
    check->position += piece;
    return piece;
}

int vdh_image_check_step(struct vdh_image_check *check, uint32_t budget_bytes)
{
    uint32_t from = check->position;
    uint32_t piece;
    int result = VDH_AGAIN;

    if (budget_bytes < 64u)
        budget_bytes = 64u;
    switch (check->phase) {
    case BEGIN:
        check->error = check_begin(check);
        check->phase = HEADER_CRC;
        break;
    case HEADER_CRC:
        (void)add_crc(check, HEADER_CRC_BYTES, budget_bytes);
        if (check->position == HEADER_CRC_BYTES)
            check->phase = HEADER;
        break;
    case HEADER:
        check->error = check_header(check);
        check->position = VDH_S_IMAGE;
        check->crc = 0;
        vdh_sha256_start(&check->sha);
        check->phase = BODY;
        break;
    case BODY:
        piece = add_crc(check, check->bytes, budget_bytes);
        vdh_sha256_add(&check->sha, check->image + from, piece);
        if (check->position == check->bytes) {
            check->error = check_body_end(check);
            check->phase = TABLES;
        }
        break;
    case TABLES:
        result = vdh_tables_check_step(&check->tables, budget_bytes);
        if (result == VDH_E_TABLES)
            check->error = VDH_IMAGE_TABLES;
        if (result == VDH_OK)
            check->phase = GOOD;
        break;
    case GOOD:
        return VDH_OK;
    default:
        return VDH_E_FIRMWARE;
    }
    if (check->error != VDH_IMAGE_OK) {
        check->phase = REFUSED;
        result = VDH_E_FIRMWARE;
    }
    return result;
}

struct error_text {
    const char *name;
    const char *text;
};

static const struct error_text errors[] = {
    {"NONE",          "Nothing was refused."                                                       },
    {"INCOMPLETE",    "Fewer bytes arrived than the image should have, or than a header has."      },
    {"MAGIC",         "This is no firmware image for this kind of card."                           },
    {"HEADER_CRC",    "The header of the image is damaged."                                        },
    {"HEADER_FORMAT", "The image is of a format that this card does not know."                     },
    {"TARGET",        "The image is for another board."                                            },
    {"TOO_OLD",       "The image is older than the oldest version this card runs."                 },
    {"TOO_NEW",       "The image is newer than the newest version this card runs."                 },
    {"LENGTH",        "The lengths in the image contradict each other or exceed the card's memory."},
    {"BODY_CRC",      "The image is damaged."                                                      },
    {"SHA256",        "The image is not what its maker wrote: its SHA-256 does not match."         },
    {"TABLES",        "The mode or control tables of the image are malformed."                     },
    {"NO_IMAGE",      "The flash slot is empty."                                                   },
    {"WATCHDOG",      "The firmware did not come up in time and was stopped."                      },
};

const char *vdh_image_error_name(enum vdh_image_error error)
{
    uint32_t index = (uint32_t)error;

    return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].name : "UNKNOWN";
}

const char *vdh_image_error_text(enum vdh_image_error error)
{
    uint32_t index = (uint32_t)error;

    return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].text
                                                      : "Refused for a reason this driver does not "
                                                        "know.";
}
