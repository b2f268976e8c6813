/* SPDX-License-Identifier: MIT */
/* The layout table: members lie inside, touch each other and never overlap; bits and values fit. */
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fake.h"

namespace {

struct Layout {
    std::string name;
    unsigned bytes;
};

struct Member {
    std::string layout, name;
    unsigned offset;
    std::string type, help;
};

struct Mark {
    std::string layout, member, name;
    uint64_t value;
    bool bit;
};

struct Table {
    std::vector<Layout> layouts;
    std::vector<Member> members;
    std::vector<Mark> marks;
};

Table real()
{
    Table table;
#define VDH_LAYOUT(layout, bytes, help) table.layouts.push_back({#layout, bytes});
#define VDH_MEMBER(layout, member, offset, type, help) \
    table.members.push_back({#layout, #member, offset, #type, help});
#define VDH_MEMBER_BIT(layout, member, name, bit, help) \
    table.marks.push_back({#layout, #member, #name, bit, true});
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    table.marks.push_back({#layout, #member, #name, value, false});
#include "vdh_layouts.def"
    return table;
}

unsigned size_of(const std::string &type)
{
    if (type == "U8") {
        return 1;
    }
    if (type == "U16") {
        return 2;
    }
    if (type == "U32" || type == "S32") {
        return 4;
    }
    if (type == "U64") {
        return 8;
    }
    return type.rfind("BYTES_", 0) == 0 ? unsigned(std::stoul(type.substr(6))) : 0;
}

/* PORTS are addresses, not a structure: holes are allowed there. */
std::string check(const Table &table)
{
    for (const Layout &layout : table.layouts) {
        std::vector<Member> members;
        std::set<std::string> names;
        unsigned end = 0;
        for (const Member &member : table.members) {
            if (member.layout == layout.name) {
                members.push_back(member);
            }
        }
        std::sort(members.begin(), members.end(),
                  [](const Member &a, const Member &b) { return a.offset < b.offset; });
        for (const Member &member : members) {
            std::string name = layout.name + "." + member.name;
            unsigned size = size_of(member.type);
            if (!names.insert(member.name).second) {
                return name + " twice";
            }
            if (size == 0) {
                return name + " of unknown type";
            }
            if (member.offset < end) {
                return name + " overlaps";
            }
            if (member.offset > end && layout.name != "PORTS") {
                return name + " leaves a hole";
            }
            if (member.type[0] != 'B' && member.offset % size) {
                return name + " unaligned";
            }
            if (member.help.empty()) {
                return name + " is not explained";
            }
            end = member.offset + size;
        }
        if (end > layout.bytes || (end != layout.bytes && layout.name != "PORTS")) {
            return layout.name + " does not end with its members";
        }
    }
    std::set<std::string> seen;
    for (const Mark &mark : table.marks) {
        std::string name = mark.layout + "." + mark.member + "." + mark.name;
        unsigned size = 0;
        for (const Member &member : table.members) {
            if (member.layout == mark.layout && member.name == mark.member) {
                size = size_of(member.type);
            }
        }
        if (size == 0) {
            return name + " of no member";
        }
        if (mark.bit ? mark.value >= size * 8 : size < 8 && mark.value >> (size * 8)) {
            return name + " does not fit";
        }
        if (!seen.insert(mark.layout + "." + mark.member + (mark.bit ? "#" : "=") +
                         std::to_string(mark.value))
                 .second) {
            return name + " twice";
        }
    }
    for (const Member &member : table.members) {
        if (std::none_of(table.layouts.begin(), table.layouts.end(),
                         [&](const Layout &layout) { return layout.name == member.layout; })) {
            return member.name + " of no layout";
        }
    }
    return "";
}

TEST(Layouts, TableIsConsistent)
{
    EXPECT_EQ(check(real()), "");
    EXPECT_GE(real().layouts.size(), 14u);
}

TEST(Layouts, PlantedFaultsAreReported)
{
    Table table = real();
    table.members.push_back({"SEGMENT", "X", 12, "U16", "overlaps FLAGS"});
    EXPECT_NE(check(table), "");
    table = real();
    table.members.push_back({"SEGMENT", "X", 16, "U32", "past the end"});
    EXPECT_NE(check(table), "");
    table = real();
    table.members.erase(table.members.begin() + 1);
    EXPECT_NE(check(table), "");
    table = real();
    table.layouts[0].bytes += 4;
    EXPECT_NE(check(table), "");
    table = real();
    table.marks.push_back({"MODE", "FORMATS", "X", 16, true});
    EXPECT_NE(check(table), "");
    table = real();
    table.marks.push_back({"CONTROL", "ID", "X", 3, false});
    EXPECT_NE(check(table), "");
    table = real();
    table.marks.push_back({"CONTROL", "ID", "X", 65536, false});
    EXPECT_NE(check(table), "");
}

TEST(Layouts, SizesThatCodeReliesOn)
{
    /* Ring entries divide a page and the alignment of their ring. */
    EXPECT_EQ(4096 % VDH_S_DESCRIPTOR, 0);
    EXPECT_EQ(4096 % VDH_S_COMPLETION, 0);
    EXPECT_EQ(VDH_S_SEGMENT, 16);
    EXPECT_EQ(VDH_O_COMPLETION_VALID, VDH_S_COMPLETION - 4);
    EXPECT_EQ(VDH_O_IMAGE_HEADER_CRC32, VDH_S_IMAGE - 4);
    /* The largest tables fit their window and the host's buffer. */
    unsigned most = VDH_S_TABLES + 8 * VDH_S_INPUT + 64 * VDH_S_TIMING + 64 * VDH_S_MODE +
                    256 * VDH_S_INTERVAL + 32 * VDH_S_CONTROL + 128 * VDH_S_MENU;
    EXPECT_LE(most, VDH_TABLES_MAX_BYTES);
    EXPECT_EQ(unsigned(VDH_R_TABLES) + 1024, unsigned(VDH_R_SPACE));
    EXPECT_EQ(vdh_reg_find(VDH_R_CONTROL)->count, VDH_CONTROLS_MAX);
}

TEST(Layouts, FormatsHaveTheirBits)
{
    const char *const names[] = {"YUYV", "UYVY", "NV12", "RGB24", "GREY"};
    unsigned found = 0;
    for (const Mark &mark : real().marks) {
        if (mark.layout == "MODE" && mark.member == "FORMATS") {
            ASSERT_LT(mark.value, 5u);
            EXPECT_EQ(mark.name, names[mark.value]);
            uint32_t fourcc = vdh_format_fourcc(uint32_t(mark.value));
            EXPECT_EQ(vdh_format_index(fourcc), int(mark.value));
            char text[5] = {char(fourcc), char(fourcc >> 8), char(fourcc >> 16),
                            char(fourcc >> 24)};
            EXPECT_EQ(std::string(text), mark.name == "RGB24" ? "RGB3" : mark.name);
            found++;
        }
    }
    EXPECT_EQ(found, 5u);
    EXPECT_EQ(vdh_format_fourcc(5), 0u);
    EXPECT_EQ(vdh_format_index(0), -1);
}

TEST(Layouts, BytesGoBothWays)
{
    uint8_t bytes[8];
    vdh_put_u64(bytes, 0x0123456789abcdefull);
    EXPECT_EQ(bytes[0], 0xef);
    EXPECT_EQ(bytes[7], 0x01);
    EXPECT_EQ(vdh_get_u64(bytes), 0x0123456789abcdefull);
    EXPECT_EQ(vdh_get_u32(bytes), 0x89abcdefu);
    EXPECT_EQ(vdh_get_u16(bytes + 6), 0x0123u);
    vdh_put_u16(bytes, 0xffff);
    EXPECT_EQ(vdh_get_u32(bytes), 0x89abffffu);
}

} // namespace
