/* SPDX-License-Identifier: MIT */
/*
 * The registers that a program may use: the driver's list against a reading of the data sheet's table
 * made here; each word of the register space against that list; sizes and numbers that lie.
 */
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "nt.h"
#include "report.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

#define SPACE    0x1000u
#define SELECTED (uint32_t)sizeof(struct vdw_selector)

enum { NONE, READ, WRITE };
enum { BOTH, PCIE, USB };

static const struct {
    const char *name;
    const char *help;
    uint32_t offset;
    uint32_t count;
    int user;
    int body;
} table[] = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    {#reg, help, offset, count, user, body},
#include "vdh_regs.def"
};

static const struct nt_guid own_set = VDW_SET_GUID_INIT;
static uint32_t used;

static nt_status call(uint32_t id, int set, uint32_t index, uint32_t more, void *value,
                      uint32_t bytes)
{
    struct vdw_selector selector[2] = {
        {index, 0xffffffffu}
    }; /* the item means nothing */

    return scene_property_call(NULL, &own_set, id, set, selector, more, value, bytes, &used);
}

static uint64_t accesses(void)
{
    return vdm_get_ledger(bus.card)->register_reads + vdm_get_ledger(bus.card)->register_writes;
}

/* The list, entry by entry, without one access to the card. What each word allows: in `may`. Their
 * number. */
static uint32_t compare(uint8_t may[SPACE / 4])
{
    struct vdw_identity identity;
    struct vdw_register_info info;
    uint64_t before = accesses();
    uint32_t listed = 0;
    char text[sizeof(info.help)];

    scene_expect(call(VDW_PROPERTY_IDENTITY, 0, 0, 0, &identity, sizeof(identity)), STATUS_SUCCESS,
                 "IDENTITY");
    memset(may, 0, SPACE / 4);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint32_t access = table[i].user == WRITE ? VDW_REGISTER_READ | VDW_REGISTER_WRITE
                                                 : (uint32_t)VDW_REGISTER_READ;

        if (table[i].user == NONE || table[i].body == USB)
            continue;
        memset(&info, 0xee, sizeof(info));
        scene_expect(call(VDW_PROPERTY_REGISTER_INFO, 0, listed, SELECTED, &info, sizeof(info)),
                     STATUS_SUCCESS, table[i].name);
        memset(text, 0, sizeof(text));
        snprintf(text, sizeof(text), "%s", table[i].help);
        if (used != sizeof(info) || info.offset != table[i].offset ||
            info.count != table[i].count || info.access != access || info.reserved != 0 ||
            strncmp(info.name, table[i].name, sizeof(info.name)) != 0 ||
            memcmp(info.help, text, sizeof(text)) != 0)
            report_fail(CHECK_STATUS, "register %u: %.32s at 0x%x, %u of them, access %u", listed,
                        info.name, info.offset, info.count, info.access);
        for (uint32_t k = 0; k < info.count; k++)
            may[info.offset / 4 + k] = (uint8_t)access;
        listed++;
    }
    if (identity.register_count != listed)
        report_fail(CHECK_STATUS, "%u registers are told, %u shown", identity.register_count,
                    listed);
    if (accesses() != before)
        report_fail(CHECK_ACCESS_BUDGET, "the list asks the card");
    return listed;
}

/* What the list says of each word, and what the driver does. Writing goes back what was read. */
static void each_word(const uint8_t may[SPACE / 4])
{
    for (uint32_t offset = 0; offset < SPACE; offset += 4) {
        uint32_t value = 0;
        nt_status status = call(VDW_PROPERTY_REGISTER, 0, offset, SELECTED, &value, 4);
        char what[40];

        snprintf(what, sizeof(what), "reading 0x%03x", offset);
        scene_expect(status,
                     may[offset / 4] & VDW_REGISTER_READ ? STATUS_SUCCESS : STATUS_ACCESS_DENIED,
                     what);
        snprintf(what, sizeof(what), "writing 0x%03x", offset);
        status = call(VDW_PROPERTY_REGISTER, 1, offset, SELECTED, &value, 4);
        scene_expect(status,
                     may[offset / 4] & VDW_REGISTER_WRITE ? STATUS_SUCCESS : STATUS_ACCESS_DENIED,
                     what);
    }
}

static void hostile(uint32_t count)
{
    static const uint32_t past[] = {0, 1, 255, 0x7fffffff, 0x80000000u, 0xffffffffu};
    static const uint32_t odd[] = {1, 2, 3, 5, SPACE, 0xfffffffcu, 0x80000000u, 0xffffffffu};
    uint8_t value[1024] = {0};

    for (uint32_t bytes = 0; bytes < sizeof(value); bytes += bytes < 200 ? 1 : 157) {
        nt_status wanted = bytes == 0    ? STATUS_BUFFER_OVERFLOW
                           : bytes < 176 ? STATUS_BUFFER_TOO_SMALL
                                         : STATUS_SUCCESS;

        scene_expect(call(VDW_PROPERTY_REGISTER_INFO, 0, 0, SELECTED, value, bytes), wanted,
                     "a list entry's room");
        if (used != (wanted == STATUS_BUFFER_TOO_SMALL ? 0u : 176u))
            report_fail(CHECK_STATUS, "%u bytes in a room of %u", used, bytes);
    }
    for (uint32_t more = 0; more < SELECTED; more++)
        scene_expect(call(VDW_PROPERTY_REGISTER_INFO, 0, 0, more, value, 176),
                     STATUS_INVALID_PARAMETER, "a selector cut short");
    for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
        uint32_t index = past[i] < 256 ? count + past[i] : past[i];

        scene_expect(call(VDW_PROPERTY_REGISTER_INFO, 0, index, SELECTED, value, 176),
                     STATUS_INVALID_PARAMETER, "a register past the last");
        if (used != 0)
            report_fail(CHECK_STATUS, "%u bytes of a register past the last", used);
    }
    scene_expect(call(VDW_PROPERTY_REGISTER_INFO, 1, 0, SELECTED, value, 176),
                 STATUS_INVALID_DEVICE_REQUEST, "setting the list");
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        scene_expect(call(VDW_PROPERTY_REGISTER, 0, odd[i], SELECTED, value, 4),
                     STATUS_ACCESS_DENIED, "reading beside a register");
        scene_expect(call(VDW_PROPERTY_REGISTER, 1, odd[i], SELECTED, value, 4),
                     STATUS_ACCESS_DENIED, "writing beside a register");
    }
}

static void list(void)
{
    static uint8_t may[SPACE / 4];
    uint32_t count;

    scene_begin();
    class_run_for(2000000000);
    count = compare(may);
    each_word(may);
    hostile(count);
    printf("%u registers are a program's\n", count);
    scene_end();
}

/* A card that takes no firmware still says which registers it has. */
static void limited(void)
{
    static uint8_t may[SPACE / 4];
    struct vdw_identity identity;

    bus_power_on();
    scene_fault_script("boot-never-ready@boot=1,count=0");
    scene_begin();
    class_run_for(30000000000ull);
    scene_expect(call(VDW_PROPERTY_IDENTITY, 0, 0, 0, &identity, sizeof(identity)), STATUS_SUCCESS,
                 "IDENTITY");
    if (!identity.limited)
        report_fail(CHECK_STATUS, "the device is not limited");
    (void)compare(may);
    each_word(may);
    scene_end();
}

/* The test pattern switched on by its register comes back with the card's power, as if it had been
 * the property. */
static void pattern_kept(void)
{
    uint32_t offset = 0;
    uint32_t value;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, "PATTERN") == 0)
            offset = table[i].offset;
    }
    scene_begin();
    class_run_for(2000000000);
    for (uint32_t on = 2; on-- > 0;) {
        value = on;
        scene_expect(call(VDW_PROPERTY_REGISTER, 1, offset, SELECTED, &value, 4), STATUS_SUCCESS,
                     "PATTERN");
        scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
        class_run_for(1000000000);
        scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
        class_run_for(3000000000);
        if ((vdm_read(bus.card, offset) & 1u) != on)
            report_fail(CHECK_STATUS, "PATTERN, %u before sleep, reads 0x%x", on,
                        vdm_read(bus.card, offset));
    }
    scene_end();
}

const struct scene scene_register[] = {
    {"property.registers",         list        },
    {"property.registers-limited", limited     },
    {"property.pattern-kept",      pattern_kept},
    {NULL,                         NULL        }
};
