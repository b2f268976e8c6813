// SPDX-License-Identifier: MIT
//
// Every row of the register table: what it shows after power-on, who may write it, and that it is
// dead where it should be.
#include "test_card.h"

namespace {

// Rows whose value is the builder's.
bool built(const std::string &name)
{
    return name == "REVISION" || name == "CAPS" || name == "SERIAL" || name == "TARGET" ||
           name == "FW_VERSION_MIN" || name == "FW_VERSION_MAX";
}

class Registers : public TestCard {
  protected:
    uint32_t usb_read(uint32_t offset)
    {
        uint8_t setup[8] = {0xc0, 1, 0, 0, 0, 0, 4, 0};
        uint8_t data[4] = {};
        put16(setup + 4, offset);
        EXPECT_EQ(vdm_usb_control(card, setup, data), 4);
        return get32(data);
    }
};

TEST_F(Registers, PowerOnValuesAreTheResetColumn)
{
    for (const Row &row : rows()) {
        for (uint32_t n = 0; n < row.count; n++) {
            if (!built(row.name)) {
                EXPECT_EQ(read(row.offset + 4 * n), row.reset) << row.name;
            }
        }
    }
}

TEST_F(Registers, ResetColumnOnUsb)
{
    config.body = VDM_BODY_USB;
    create();
    for (const Row &row : rows()) {
        if (!built(row.name)) {
            EXPECT_EQ(usb_read(row.offset), row.reset) << row.name;
        }
    }
    EXPECT_EQ(F_REVISION_BODY.get(usb_read(R_REVISION)), V_REVISION_BODY_USB);
    EXPECT_NE(F_CAPS_SUPERSPEED.get(usb_read(R_CAPS)), 0u);
    EXPECT_EQ(F_CAPS_WATERMARK.get(usb_read(R_CAPS)), 0u);
    EXPECT_EQ(F_CAPS_PORTS.get(usb_read(R_CAPS)), 0u);
}

TEST_F(Registers, BuildersValues)
{
    std::memcpy(config.serial, "VDC-0042", 9);
    std::memset(config.serial + 9, 0, 8);
    config.target = 77;
    config.version_min = 0x01000000;
    config.version_max = 0x02ffffff;
    create();
    EXPECT_EQ(read(R_REVISION), 0x100u);
    EXPECT_EQ(read(R_CAPS), F_CAPS_FLASH.put(1) | F_CAPS_WATERMARK.put(1) | F_CAPS_CROP.put(1) |
                                F_CAPS_PATTERN.put(1) | F_CAPS_PORTS.put(1));
    EXPECT_EQ(read(R_SERIAL), get32(reinterpret_cast<const uint8_t *>("VDC-")));
    EXPECT_EQ(read(R_SERIAL + 4), get32(reinterpret_cast<const uint8_t *>("0042")));
    EXPECT_EQ(read(R_SERIAL + 8), 0u);
    EXPECT_EQ(read(R_TARGET), 77u);
    EXPECT_EQ(read(R_FW_VERSION_MIN), 0x01000000u);
    EXPECT_EQ(read(R_FW_VERSION_MAX), 0x02ffffffu);
    config.flash = nullptr;
    create();
    EXPECT_EQ(read(R_CAPS) & F_CAPS_FLASH.mask(), 0u);
}

TEST_F(Registers, ReadOnlyIgnoresWritesAndWriteOnlyReadsZero)
{
    boot();
    for (const Row &row : rows()) {
        for (uint32_t n = 0; n < row.count; n += 7) {
            uint32_t offset = row.offset + 4 * n;
            uint32_t before = read(offset);
            if (row.access == Access::RO) {
                write(offset, ~before);
                EXPECT_EQ(read(offset), before) << row.name;
            } else if (row.access == Access::WO) {
                EXPECT_EQ(before, 0u) << row.name;
            }
        }
    }
}

TEST_F(Registers, ReadWriteHoldsWhatWasWritten)
{
    boot();
    for (const Row &row : rows()) {
        std::string name = row.name;
        if (row.access == Access::RW && name != "CAPTURE_CONTROL" && name != "CONTROL" &&
            name != "INPUT_SELECT" && name != "TIMING_SELECT" && name != "PATTERN") {
            write(row.offset, 0x89abcdef);
            EXPECT_EQ(read(row.offset), 0x89abcdefu) << name;
        }
    }
    write(R_PATTERN, 0xffffffff);
    EXPECT_EQ(read(R_PATTERN), 1u);
}

TEST_F(Registers, RunRegistersAreDeadBeforeBoot)
{
    for (const Row &row : rows()) {
        if (row.when == When::RUN) {
            write(row.offset, 1);
            EXPECT_EQ(read(row.offset), 0u) << row.name;
        }
    }
    boot();
    // None of those writes was kept.
    EXPECT_EQ(read(R_MODE_SELECT), 0u);
    EXPECT_EQ(read(R_WATERMARK), 0u);
    EXPECT_EQ(read(R_DESC_COUNT), 0u);
    EXPECT_EQ(read(R_PATTERN), 0u);
}

TEST_F(Registers, OtherBodysRegistersAreDead)
{
    config.body = VDM_BODY_USB;
    create();
    Bytes image = maker::image(maker::full().bytes());
    uint8_t data[4096];
    uint8_t write_setup[8] = {0x40, 2, 0, 0, 0, 0, 4, 0};
    auto write_register = [&](uint32_t offset, uint32_t value) {
        put16(write_setup + 4, offset);
        put32(data, value);
        EXPECT_EQ(vdm_usb_control(card, write_setup, data), 4);
    };
    write_register(R_FW_LENGTH, static_cast<uint32_t>(image.size()));
    write_register(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    uint8_t upload[8] = {0x40, 3, 0, 0, 0, 0, 0, 0};
    put16(upload + 6, static_cast<uint32_t>(image.size()));
    EXPECT_EQ(vdm_usb_control(card, upload, image.data()), static_cast<int>(image.size()));
    write_register(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_BOOT_STAGED);
    pass(100 * MS);
    EXPECT_EQ(F_BOOT_STATUS_STATE.get(usb_read(R_BOOT_STATUS)), V_BOOT_STATUS_STATE_RUNNING);
    for (const Row &row : rows()) {
        if (row.body == Body::PCIE) {
            write_register(row.offset, 4);
            EXPECT_EQ(usb_read(row.offset), 0u) << row.name;
        }
    }
    EXPECT_EQ(vdm_read(card, R_ARCH_ID), 0xffffffffu); // there is no BAR
}

TEST_F(Registers, UnknownOffsetsReadZero)
{
    boot();
    std::vector<bool> known(1024, false);
    for (const Row &row : rows()) {
        for (uint32_t n = 0; n < row.count; n++) {
            known[row.offset / 4 + n] = true;
        }
    }
    for (uint32_t offset = 0; offset < 8192; offset++) {
        if (offset % 4 != 0 || offset >= 4096 || !known[offset / 4]) {
            write(offset, 0xffffffff);
            ASSERT_EQ(read(offset), 0u) << offset;
        }
    }
}

TEST_F(Registers, TablesWindowShowsTheTablesByPages)
{
    Bytes tables = maker::full().bytes();
    boot(maker::image(tables));
    ASSERT_GT(tables.size(), 1024u);
    EXPECT_EQ(read(R_TABLES_LENGTH), tables.size());
    for (uint32_t page = 0; page < 4; page++) {
        write(R_TABLES_PAGE, page);
        for (uint32_t at = 0; at < 1024; at += 4) {
            size_t place = page * 1024 + at;
            uint32_t wanted = place + 4 <= tables.size() ? get32(&tables[place]) : 0;
            ASSERT_EQ(read(R_TABLES + at), wanted) << place;
        }
    }
    write(R_TABLES_PAGE, 0xffffffff);
    EXPECT_EQ(read(R_TABLES + 1020), 0u);
}

TEST_F(Registers, Ports)
{
    boot();
    write(R_INT_MASK, 0x123);
    EXPECT_EQ(vdm_port_read(card, M_PORTS_INT_MASK, 4), 0x123u);
    vdm_port_write(card, M_PORTS_INT_MASK, 4, 0x42);
    EXPECT_EQ(read(R_INT_MASK), 0x42u);
    write(R_INT_TEST, 0);
    EXPECT_EQ(vdm_port_read(card, M_PORTS_INT_STATUS, 4), read(R_INT_STATUS));
    vdm_port_write(card, M_PORTS_INT_STATUS, 4, 0xffffffff);
    EXPECT_EQ(read(R_INT_STATUS), 0u);
    vdm_port_write(card, M_PORTS_INDEX, 4, R_SCRATCH);
    vdm_port_write(card, M_PORTS_DATA, 4, 0xcafe);
    EXPECT_EQ(read(R_SCRATCH), 0xcafeu);
    EXPECT_EQ(vdm_port_read(card, M_PORTS_INDEX, 4), static_cast<uint32_t>(R_SCRATCH));
    vdm_port_write(card, M_PORTS_INDEX, 4, R_TABLES);
    for (uint32_t n = 0; n < 256; n++) {
        ASSERT_EQ(vdm_port_read(card, M_PORTS_DATA, 4), read(R_TABLES + 4 * n));
    }
    EXPECT_EQ(vdm_port_read(card, M_PORTS_INDEX, 4), R_TABLES + 1024u);
    for (uint32_t port = 28; port < 256; port += 4) {
        EXPECT_EQ(vdm_port_read(card, port, 4), 0xffffffffu);
    }
    EXPECT_EQ(vdm_port_read(card, M_PORTS_INT_MASK, 2), 0xffffu);
    vdm_port_write(card, M_PORTS_INT_MASK, 2, 0);
    EXPECT_EQ(read(R_INT_MASK), 0x42u);
}

TEST_F(Registers, ACardThatIsGoneReadsAllOnes)
{
    boot();
    vdm_unplug(card);
    EXPECT_EQ(attachments, std::vector<int>({0}));
    for (const Row &row : rows()) {
        write(row.offset, 0);
        EXPECT_EQ(read(row.offset), 0xffffffffu);
    }
    EXPECT_EQ(vdm_port_read(card, 0, 4), 0xffffffffu);
    EXPECT_EQ(vdm_next_event_ns(card), UINT64_MAX);
    EXPECT_EQ(vdm_interrupt_line(card), 0);
    pass(SECOND);
    vdm_power_cycle(card);
    EXPECT_EQ(read(R_ARCH_ID), 0x31434456u);
    EXPECT_EQ(attachments, std::vector<int>({0, 1}));
}

TEST_F(Registers, ControlsTakeOnlyWhatFits)
{
    boot();
    auto control = [](uint32_t n) { return R_CONTROL + 4 * n; };
    EXPECT_EQ(read(control(maker::BRIGHTNESS)), 128u);
    write(control(maker::BRIGHTNESS), 200);
    EXPECT_EQ(read(control(maker::BRIGHTNESS)), 200u);
    write(control(maker::BRIGHTNESS), 256);
    EXPECT_EQ(read(control(maker::BRIGHTNESS)), 200u);
    write(control(maker::CONTRAST), 65); // off its step
    EXPECT_EQ(read(control(maker::CONTRAST)), 64u);
    write(control(maker::HUE), static_cast<uint32_t>(-180));
    EXPECT_EQ(read(control(maker::HUE)), static_cast<uint32_t>(-180));
    write(control(maker::WHITE_BALANCE), 1);
    EXPECT_EQ(read(control(maker::WHITE_BALANCE)), 0u);
    EXPECT_EQ(ledger().button_presses, 1u);
    write(control(20), 5); // there is none
    EXPECT_EQ(read(control(20)), 0u);
    EXPECT_EQ(read(R_CONTROL_CHANGED), 0u);
    boot();
    EXPECT_EQ(read(control(maker::BRIGHTNESS)), 128u);
}

TEST_F(Registers, ReadOnlyControlIgnoresWrites)
{
    maker::Tables tables = maker::full();
    tables.controls[maker::GAIN].flags = X_CONTROL_FLAGS_READ_ONLY;
    boot(maker::image(tables.bytes()));
    write(R_CONTROL + 4 * maker::GAIN, 300);
    EXPECT_EQ(read(R_CONTROL + 4 * maker::GAIN), 256u);
}

TEST_F(Registers, ConfigurationIsJudgedAtEachWrite)
{
    boot();
    EXPECT_EQ(read(R_PIXEL_FORMAT), fourcc("YUYV"));
    EXPECT_EQ(read(R_WIDTH), 64u);
    EXPECT_EQ(read(R_STRIDE), 128u);
    EXPECT_EQ(read(R_INTERVAL_DEN), 100u);
    EXPECT_EQ(read(R_CONFIG_STATUS), 0u);
    EXPECT_EQ(read(R_FRAME_BYTES), 128u * 64u);
    struct {
        Register reg;
        uint32_t value, good;
        Field wrong;
    } cases[] = {
        {R_MODE_SELECT,  99,             0,              F_CONFIG_STATUS_MODE    },
        {R_PIXEL_FORMAT, fourcc("H264"), fourcc("YUYV"), F_CONFIG_STATUS_FORMAT  },
        {R_WIDTH,        14,             64,             F_CONFIG_STATUS_SIZE    },
        {R_WIDTH,        33,             64,             F_CONFIG_STATUS_SIZE    },
        {R_HEIGHT,       66,             64,             F_CONFIG_STATUS_SIZE    },
        {R_CROP_LEFT,    2,              0,              F_CONFIG_STATUS_CROP    },
        {R_CROP_TOP,     0xfffffffe,     0,              F_CONFIG_STATUS_CROP    },
        {R_STRIDE,       127,            128,            F_CONFIG_STATUS_STRIDE  },
        {R_STRIDE,       65536,          128,            F_CONFIG_STATUS_STRIDE  },
        {R_INTERVAL_DEN, 50,             100,            F_CONFIG_STATUS_INTERVAL},
    };
    for (const auto &c : cases) {
        write(c.reg, c.value);
        EXPECT_NE(read(R_CONFIG_STATUS) & c.wrong.mask(), 0u) << c.reg << " " << c.value;
        EXPECT_EQ(read(R_FRAME_BYTES), 0u);
        write(c.reg, c.good);
        EXPECT_EQ(read(R_CONFIG_STATUS), 0u);
    }
    write(R_PIXEL_FORMAT, fourcc("NV12"));
    write(R_STRIDE, 100);
    EXPECT_EQ(read(R_FRAME_BYTES), 100u * 96u);
    write(R_INPUT_SELECT, 1); // mode 0 is of input 0 alone
    EXPECT_EQ(read(R_CONFIG_STATUS), F_CONFIG_STATUS_MODE.mask());
}

TEST_F(Registers, SoftResets)
{
    boot();
    write(R_WATERMARK, 5);
    write(R_CONTROL, 200);
    write(R_RESET, V_RESET_KIND_CARD); // without the key
    write(R_RESET, V_RESET_KIND_ENGINE | F_RESET_KEY.put(0xb008));
    EXPECT_EQ(read(R_WATERMARK), 5u);
    write(R_RESET, V_RESET_KIND_ENGINE | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(read(R_WATERMARK), 0u);
    EXPECT_EQ(read(R_CONTROL), 200u);
    EXPECT_TRUE(runs());
    write(R_SCRATCH, 1);
    write(R_INT_MASK, 1);
    write(R_RESET, V_RESET_KIND_CARD | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_FALSE(runs());
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_IDLE);
    EXPECT_EQ(read(R_SCRATCH), 0u);
    EXPECT_EQ(read(R_INT_MASK), 0u);
    EXPECT_EQ(read(R_FW_RECEIVED), 0u);
    boot_staged();
    settle_boot();
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_INCOMPLETE);
}

} // namespace
