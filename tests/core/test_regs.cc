/* SPDX-License-Identifier: MIT */
/*
 * The register table contradicts neither itself nor the constants beside it. Every check is a
 * function of a table, so that a planted table can show that it would have been reported.
 */
#include <gtest/gtest.h>

#include <set>

#include "fake.h"

namespace {

struct Reg {
    std::string name;
    uint32_t offset, count;
    int access, when, body, user;
    uint32_t reset;
    std::string help;
};

struct Field {
    std::string reg, name;
    int msb, lsb;
    std::string help;
};

struct Value {
    std::string reg, field, name;
    uint32_t value;
};

struct Table {
    std::vector<Reg> regs;
    std::vector<Field> fields;
    std::vector<Value> values;
};

Table real()
{
    Table table;
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help)           \
    table.regs.push_back({#reg, offset, count, VDH_ACCESS_##access, VDH_WHEN_##when, \
                          VDH_BODY_##body, VDH_USER_##user, reset, help});
#define VDH_FIELD(reg, field, msb, lsb, help) \
    table.fields.push_back({#reg, #field, msb, lsb, help});
#define VDH_VALUE(reg, field, name, value, help) \
    table.values.push_back({#reg, #field, #name, value});
#include "vdh_regs.def"
    return table;
}

std::string check(const Table &table)
{
    std::map<std::string, Reg> by_name;
    std::map<uint32_t, std::string> covered;
    for (const Reg &reg : table.regs) {
        if (!by_name.emplace(reg.name, reg).second) {
            return reg.name + " twice";
        }
        if (reg.offset % 4 || reg.count == 0 || reg.offset + reg.count * 4 > VDH_R_SPACE) {
            return reg.name + " outside or unaligned";
        }
        if (reg.help.size() < 8) {
            return reg.name + " is not explained";
        }
        for (uint32_t i = 0; i < reg.count; i++) {
            auto put = covered.emplace(reg.offset + 4 * i, reg.name);
            if (!put.second) {
                return reg.name + " overlaps " + put.first->second;
            }
        }
        if (reg.access == VDH_ACCESS_WO && (reg.reset != 0 || reg.user != VDH_USER_NONE)) {
            return reg.name + " is write only and readable";
        }
        if (reg.access == VDH_ACCESS_RO && reg.user == VDH_USER_WRITE) {
            return reg.name + " is read only and writable";
        }
        if (reg.access == VDH_ACCESS_W1C && reg.user == VDH_USER_WRITE) {
            return reg.name + " lets a program take the driver's events";
        }
    }
    std::map<std::string, uint32_t> used;
    std::map<std::string, Field> field_by_name;
    for (const Field &field : table.fields) {
        std::string name = field.reg + "." + field.name;
        if (!by_name.count(field.reg)) {
            return name + " of no register";
        }
        if (!field_by_name.emplace(name, field).second) {
            return name + " twice";
        }
        if (field.lsb < 0 || field.msb > 31 || field.msb < field.lsb) {
            return name + " outside";
        }
        uint32_t mask = (0xffffffffu >> (31 - (field.msb - field.lsb))) << field.lsb;
        if (used[field.reg] & mask) {
            return name + " overlaps";
        }
        used[field.reg] |= mask;
        if (field.help.empty()) {
            return name + " is not explained";
        }
    }
    for (const Reg &reg : table.regs) {
        if (used.count(reg.name) && (reg.reset & ~used[reg.name])) {
            return reg.name + " resets to bits that are no field";
        }
    }
    std::set<std::pair<std::string, uint32_t>> values;
    for (const Value &value : table.values) {
        std::string name = value.reg + "." + value.field;
        if (!field_by_name.count(name)) {
            return name + "=" + value.name + " of no field";
        }
        const Field &field = field_by_name[name];
        if (uint64_t(value.value) >> (field.msb - field.lsb + 1)) {
            return name + "=" + value.name + " does not fit";
        }
        if (!values.emplace(name, value.value).second) {
            return name + "=" + value.name + " twice";
        }
    }
    return "";
}

TEST(Regs, TableIsConsistent)
{
    EXPECT_EQ(check(real()), "");
    EXPECT_GT(real().regs.size(), 60u);
}

TEST(Regs, PlantedFaultsAreReported)
{
    Table table = real();
    table.regs.push_back({"X", 0x044, 1, VDH_ACCESS_RW, 0, 0, 0, 0, "overlapping"});
    EXPECT_NE(check(table), "");
    table = real();
    table.regs.push_back({"X", 0x174, 8, VDH_ACCESS_RW, 0, 0, 0, 0, "runs into CONTROL"});
    EXPECT_NE(check(table), "");
    table = real();
    table.regs.push_back({"X", 0xff0, 5, VDH_ACCESS_RW, 0, 0, 0, 0, "past the end"});
    EXPECT_NE(check(table), "");
    table = real();
    table.fields.push_back({"BOOT_STATUS", "X", 16, 12, "overlapping ERROR"});
    EXPECT_NE(check(table), "");
    table = real();
    table.values.push_back({"BOOT_STATUS", "STATE", "X", 16});
    EXPECT_NE(check(table), "");
    table = real();
    table.values.push_back({"BOOT_STATUS", "STATE", "X", 3});
    EXPECT_NE(check(table), "");
    table = real();
    table.regs[0].user = VDH_USER_WRITE;
    EXPECT_NE(check(table), "");
    table = real();
    table.fields.push_back({"ARCH_ID", "X", 0, 0, "only one bit of the reset value"});
    EXPECT_NE(check(table), "");
}

/* What steers DMA or interrupts, by name and on purpose not from the table. */
const char *const steering[] = {"RESET",
                                "BOOT_COMMAND",
                                "FLASH_COMMAND",
                                "INT_STATUS",
                                "INT_MASK",
                                "INT_TEST",
                                "CAPTURE_CONTROL",
                                "DESC_BASE_LO",
                                "DESC_BASE_HI",
                                "DESC_COUNT",
                                "DOORBELL",
                                "COMPLETION_BASE_LO",
                                "COMPLETION_BASE_HI",
                                "COMPLETION_COUNT",
                                "COMPLETION_TAKEN",
                                "STRIDE",
                                "WIDTH",
                                "HEIGHT",
                                "PIXEL_FORMAT",
                                "MODE_SELECT",
                                "WATERMARK",
                                "TABLES_PAGE",
                                "FW_LENGTH",
                                "FW_WINDOW",
                                "TIME_LATCH",
                                "ERROR_STATUS",
                                "CONTROL_CHANGED"};

TEST(Regs, UserSpaceSteersNothing)
{
    for (const char *name : steering) {
        const vdh_reg_info *info = vdh_reg_find_name(name);
        ASSERT_NE(info, nullptr) << name;
        EXPECT_NE(info->user, VDH_USER_WRITE) << name;
    }
}

TEST(Regs, DataAgreesWithTable)
{
    Table table = real();
    for (uint32_t i = 0; i < table.regs.size(); i++) {
        const vdh_reg_info *info = vdh_reg_at(i);
        ASSERT_NE(info, nullptr);
        EXPECT_EQ(table.regs[i].name, info->name);
        EXPECT_EQ(table.regs[i].reset, info->reset);
        EXPECT_EQ(vdh_reg_find_name(info->name), info);
        for (uint32_t offset = 0; offset < info->count * 4u; offset++) {
            EXPECT_EQ(vdh_reg_find(info->offset + offset), info);
        }
    }
    EXPECT_EQ(vdh_reg_at(uint32_t(table.regs.size())), nullptr);
    for (uint32_t offset : {0x028u, 0x03cu, 0x178u, 0x400u, 0x1000u, 0xfffffffcu}) {
        EXPECT_EQ(vdh_reg_find(offset), nullptr) << offset;
    }
    EXPECT_EQ(vdh_reg_find_name("ARCH_I"), nullptr);
    EXPECT_EQ(vdh_reg_find_name("ARCH_IDS"), nullptr);
    EXPECT_EQ(vdh_reg_find_name(""), nullptr);
}

TEST(Regs, FieldsGetAndSet)
{
    uint32_t value = vdh_field_set(0xffffffffu, VDH_F_BOOT_STATUS_ERROR, 0);
    EXPECT_EQ(value, 0xff00ffffu);
    EXPECT_EQ(vdh_field_get(0x00050000u, VDH_F_BOOT_STATUS_ERROR), 5u);
    EXPECT_EQ(vdh_field_set(0, VDH_F_RESET_KEY, 0x1b007), 0xb0070000u);
    EXPECT_EQ(uint32_t(VDH_F_PROGRESS_TAG) >> 16, uint32_t(VDH_R_PROGRESS));
}

/* Constants that other headers repeat. */
TEST(Regs, EventsAreTheBitsOfIntStatus)
{
    std::map<std::string, int> bits;
    for (const Field &field : real().fields) {
        if (field.reg == "INT_STATUS") {
            EXPECT_EQ(field.lsb, field.msb);
            bits[field.name] = field.lsb;
        }
    }
    std::map<std::string, int> events = {
        {"FRAME",     VDH_EVENT_FRAME    },
        {"WATERMARK", VDH_EVENT_WATERMARK},
        {"SOURCE",    VDH_EVENT_SOURCE   },
        {"CONTROL",   VDH_EVENT_CONTROL  },
        {"BOOT",      VDH_EVENT_BOOT     },
        {"FLASH",     VDH_EVENT_FLASH    },
        {"ERROR",     VDH_EVENT_ERROR    },
        {"STOPPED",   VDH_EVENT_STOPPED  },
        {"TEST",      VDH_EVENT_TEST     }
    };
    int all = 0;
    EXPECT_EQ(bits.size(), events.size());
    for (const auto &event : events) {
        ASSERT_TRUE(bits.count(event.first)) << event.first;
        EXPECT_EQ(1 << bits[event.first], event.second) << event.first;
        all |= event.second;
    }
    EXPECT_EQ(all, VDH_EVENT_ALL);
    EXPECT_EQ(all & VDH_EVENT_GONE, 0);
}

TEST(Regs, ImageErrorsAreTheValuesOfBootStatus)
{
    unsigned count = 0;
    for (const Value &value : real().values) {
        if (value.reg == "BOOT_STATUS" && value.field == "ERROR") {
            EXPECT_EQ(value.name, vdh_image_error_name(vdh_image_error(value.value)));
            EXPECT_GT(strlen(vdh_image_error_text(vdh_image_error(value.value))), 10u);
            count++;
        }
    }
    EXPECT_EQ(count, unsigned(VDH_IMAGE_WATCHDOG) + 1);
    EXPECT_STREQ(vdh_image_error_name(vdh_image_error(count)), "UNKNOWN");
    EXPECT_STREQ(vdh_image_error_name(VDH_IMAGE_UNKNOWN), "UNKNOWN");
}

TEST(Regs, ResultsHaveNames)
{
    std::set<std::string> names;
    for (int result = VDH_E_DENIED; result <= VDH_AGAIN; result++) {
        names.insert(vdh_result_name(result));
    }
    EXPECT_EQ(names.size(), size_t(VDH_AGAIN - VDH_E_DENIED + 1));
    EXPECT_EQ(names.count("not a result"), 0u);
    EXPECT_STREQ(vdh_result_name(77), "not a result");
}

} // namespace
