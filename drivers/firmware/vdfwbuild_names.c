/* SPDX-License-Identifier: MIT */
/*
 * The names of values and bits in vdh_layouts.def as data, so that a description can use them.
 * A value added to the table is understood by the builder without another word.
 */
#include "vdfwbuild.h"

#include <string.h>

struct name {
    const char *layout;
    const char *member;
    const char *name;
    uint32_t number;
};

static const struct name values[] = {
#define VDH_MEMBER_VALUE(layout, member, name, value, help) {#layout, #member, #name, (value)},
#include "vdh_layouts.def"
};

static const struct name bits[] = {
#define VDH_MEMBER_BIT(layout, member, name, bit, help) {#layout, #member, #name, (bit)},
#include "vdh_layouts.def"
};

const struct fw_limit fw_limits[FW_RECORDS] = {
    {"inputs",       "input",      1, 8,   VDH_S_INPUT,    VDH_O_TABLES_INPUT_COUNT   },
    {"timings",      "timing",     1, 64,  VDH_S_TIMING,   VDH_O_TABLES_TIMING_COUNT  },
    {"modes",        "mode",       1, 64,  VDH_S_MODE,     VDH_O_TABLES_MODE_COUNT    },
    {"intervals",    "interval",   1, 256, VDH_S_INTERVAL, VDH_O_TABLES_INTERVAL_COUNT},
    {"controls",     "control",    0, 32,  VDH_S_CONTROL,  VDH_O_TABLES_CONTROL_COUNT },
    {"menu entries", "menu entry", 0, 128, VDH_S_MENU,     VDH_O_TABLES_MENU_COUNT    },
};

static int is_of(const struct name *entry, const char *layout, const char *member)
{
    return strcmp(entry->layout, layout) == 0 && strcmp(entry->member, member) == 0;
}

static int find(uint32_t *out, const struct name *table, size_t count, const char *layout,
                const char *member, const char *name, char *known, size_t known_size)
{
    size_t used = 0;

    known[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!is_of(&table[i], layout, member)) {
            continue;
        }
        if (strcmp(table[i].name, name) == 0) {
            *out = table[i].number;
            return 0;
        }
        if (used < known_size) {
            used += (size_t)snprintf(known + used, known_size - used, "%s%s", used ? ", " : "",
                                     table[i].name);
        }
    }
    return -1;
}

static const char *find_name(const struct name *table, size_t count, const char *layout,
                             const char *member, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (is_of(&table[i], layout, member) && table[i].number == number) {
            return table[i].name;
        }
    }
    return NULL;
}

int fw_name_value(uint32_t *out, const char *layout, const char *member, const char *name,
                  char *known, size_t known_size)
{
    return find(out, values, sizeof values / sizeof values[0], layout, member, name, known,
                known_size);
}

int fw_name_bit(uint32_t *out, const char *layout, const char *member, const char *name,
                char *known, size_t known_size)
{
    return find(out, bits, sizeof bits / sizeof bits[0], layout, member, name, known, known_size);
}

const char *fw_value_name(const char *layout, const char *member, uint32_t value)
{
    return find_name(values, sizeof values / sizeof values[0], layout, member, value);
}

const char *fw_bit_name(const char *layout, const char *member, uint32_t bit)
{
    return find_name(bits, sizeof bits / sizeof bits[0], layout, member, bit);
}
