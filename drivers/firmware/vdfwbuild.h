/* SPDX-License-Identifier: MIT */
/*
 * What the files of vdfwbuild share: tables as records of bytes, and what is wrong with them.
 * It reads the data sheet on its own and links nothing of the drivers' core, on purpose: the
 * builder, the card and the driver check each other.
 */
#ifndef VDFWBUILD_H
#define VDFWBUILD_H

#include "vdh_layouts.h"

#include <stdio.h>

enum fw_record { FW_INPUT, FW_TIMING, FW_MODE, FW_INTERVAL, FW_CONTROL, FW_MENU, FW_RECORDS };

#define FW_TABLES_MAX_BYTES 16384u
#define FW_RECORD_MAX_BYTES 64u
#define FW_RECORD_MAX_COUNT 256u

/* How many records of a kind there may be, and how long each is. */
struct fw_limit {
    const char *list;     /* the key of the list in a description */
    const char *singular; /* for messages */
    uint32_t minimum;
    uint32_t maximum;
    uint32_t bytes;        /* of a record */
    uint32_t count_offset; /* of the count in the head of the tables */
};
extern const struct fw_limit fw_limits[FW_RECORDS];

/* The first thing that is wrong with an image or its tables. */
struct fw_problem {
    const char *check; /* name of the refusal in the data sheet, such as LENGTH; never NULL */
    int record;        /* enum fw_record, or -1: no record in particular */
    uint32_t index;    /* of the record */
    const char *key;   /* the record's member, named as in a description; or NULL */
    char text[240];    /* what is wrong and what to do about it */
};

/* ---- Description (vdfwbuild_read.c) --------------------------------------------------------- */

struct fw_tables {
    uint32_t count[FW_RECORDS];
    uint8_t records[FW_RECORDS][FW_RECORD_MAX_COUNT * FW_RECORD_MAX_BYTES];
};

struct fw_description {
    uint32_t target;
    uint32_t version;
    char name[32];
    struct fw_tables tables;
    uint8_t *code; /* owned; fw_description_free */
    uint32_t code_bytes;
    const char *path; /* the caller's */
    void *source;     /* where each record stands in the file, for fw_description_locate */
};

/* Reads a description, to be freed in any case. -1: a message "file:line: ..." went to `errors`. */
int fw_description_read(struct fw_description *out, const char *path, FILE *errors);
void fw_description_free(struct fw_description *description);

/* Prints "file:line: " of the key that the problem is about, or of what comes closest to it. */
void fw_description_locate(const struct fw_description *description,
                           const struct fw_problem *problem, FILE *errors);

/* A version such as 1.20.300, but not 0.0.0: 0, or -1 if it is none. */
int fw_version_parse(uint32_t *out, const char *text);

/* Replaces the code by `bytes` filler bytes: always the same ones. -1: out of memory. */
int fw_code_fill(struct fw_description *description, uint32_t bytes);

/* ---- Names of the layout table (vdfwbuild_names.c) ------------------------------------------- */

/* The value, or the number of the bit, of that name: 0, or -1 and all names in `known`. */
int fw_name_value(uint32_t *out, const char *layout, const char *member, const char *name,
                  char *known, size_t known_size);
int fw_name_bit(uint32_t *out, const char *layout, const char *member, const char *name,
                char *known, size_t known_size);
/* The name of a value or bit, or NULL. */
const char *fw_value_name(const char *layout, const char *member, uint32_t value);
const char *fw_bit_name(const char *layout, const char *member, uint32_t bit);

/* ---- Images (vdfwbuild_image.c) --------------------------------------------------------------- */

/* Largest image that a card takes: the reset value of register FW_CAPACITY. */
uint32_t fw_capacity_bytes(void);

/* Makes an image, to be freed by free(). NULL: out of memory or, see *problem, too large. */
uint8_t *fw_image_make(const struct fw_description *description, uint32_t *bytes,
                       struct fw_problem *problem);

struct fw_hashes {
    uint32_t header_crc32;
    uint32_t body_crc32;
    uint8_t body_sha256[32];
};
/* The hashes of an image of at least VDH_S_IMAGE bytes as they ought to be. -1: out of memory. */
int fw_image_hash(struct fw_hashes *out, const uint8_t *image, uint32_t bytes);

/* Every check of section 2 of the data sheet that does not depend on the card: 0, or -1 and
 * *problem names the first that fails. */
int fw_image_check(const uint8_t *image, uint32_t bytes, struct fw_problem *problem);

/* ---- Tables (vdfwbuild_check.c) ---------------------------------------------------------------- */

/* Every rule of section 5 of the data sheet. `count` is TABLES_BYTES. */
int fw_tables_check(const uint8_t *tables, uint32_t count, struct fw_problem *problem);

/* Where the records of a kind begin, in tables that passed the check. */
uint32_t fw_tables_offset(const uint8_t *tables, enum fw_record record);

/* ---- Print (vdfwbuild_print.c) ------------------------------------------------------------------ */

/* Prints header, hashes and, where they are sound, tables. Returns fw_image_check's result. */
int fw_image_print(FILE *out, const char *path, const uint8_t *image, uint32_t bytes);

#endif
