// SPDX-License-Identifier: MIT
//
// The boot ROM: ways to upload, every refusal by its name and in its order, and that a refusal
// costs nothing.
#include "test_card.h"

namespace {

class Boot : public TestCard {
  protected:
    // Uploads and returns BOOT_STATUS.ERROR; the state must fit it.
    uint32_t refusal(const Bytes &image, uint32_t length = UINT32_MAX)
    {
        stage(image, length);
        boot_staged();
        settle_boot();
        EXPECT_EQ(state(),
                  boot_error() == 0 ? V_BOOT_STATUS_STATE_RUNNING : V_BOOT_STATUS_STATE_REFUSED);
        return boot_error();
    }
    Bytes good = maker::image(maker::full().bytes());
};

TEST_F(Boot, ByWindow)
{
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_IDLE);
    stage(good);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_RECEIVING);
    EXPECT_EQ(read(R_FW_RECEIVED), good.size());
    boot_staged();
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_CHECKING);
    pass(1 * MS);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_BOOTING);
    EXPECT_FALSE(runs());
    pass(30 * MS);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_TRUE(runs());
    EXPECT_EQ(read(R_FW_VERSION), 0x01020003u);
    EXPECT_EQ(field(R_BOOT_STATUS, F_BOOT_STATUS_SOURCE), V_BOOT_STATUS_SOURCE_RAM);
    EXPECT_EQ(field(R_BOOT_STATUS, F_BOOT_STATUS_TRIAL), 0u);
    // Staged once, booted again.
    boot_staged();
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
}

TEST_F(Boot, ByPort)
{
    write(R_FW_LENGTH, static_cast<uint32_t>(good.size()));
    write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    for (size_t at = 0; at < good.size(); at += 2) {
        vdm_port_write(card, M_PORTS_FW_DATA, 2, get16(&good[at]));
    }
    vdm_port_write(card, M_PORTS_FW_DATA, 2, 0xffff); // past the end
    EXPECT_EQ(read(R_FW_RECEIVED), good.size());
    boot_staged();
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
}

TEST_F(Boot, EachChangeOfStateInterrupts)
{
    write(R_INT_MASK, F_INT_STATUS_BOOT.mask());
    auto expect_event = [&](uint32_t wanted) {
        EXPECT_EQ(state(), wanted);
        EXPECT_EQ(read(R_INT_STATUS), F_INT_STATUS_BOOT.mask());
        write(R_INT_STATUS, F_INT_STATUS_BOOT.mask());
    };
    stage(good);
    expect_event(V_BOOT_STATUS_STATE_RECEIVING);
    boot_staged();
    expect_event(V_BOOT_STATUS_STATE_CHECKING);
    pass(MS);
    expect_event(V_BOOT_STATUS_STATE_BOOTING);
    pass(30 * MS);
    expect_event(V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(interrupts, 4u);
}

TEST_F(Boot, LengthOfStageIsChecked)
{
    for (uint32_t length : {0u, 0x40001u, 0xffffffffu}) {
        write(R_FW_LENGTH, length);
        write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
        EXPECT_EQ(state(), V_BOOT_STATUS_STATE_REFUSED);
        EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_LENGTH);
        write(R_FW_WINDOW, 1);
        EXPECT_EQ(read(R_FW_RECEIVED), 0u);
    }
    EXPECT_EQ(refusal(good), 0u);
}

TEST_F(Boot, EveryRefusalHasItsName)
{
    EXPECT_EQ(refusal(Bytes(good.begin(), good.end() - 4), static_cast<uint32_t>(good.size())),
              V_BOOT_STATUS_ERROR_INCOMPLETE);
    EXPECT_EQ(refusal(Bytes(good.begin(), good.begin() + 127)), V_BOOT_STATUS_ERROR_INCOMPLETE);

    auto header = [&](Member at, uint32_t value, int bits = 32) {
        Bytes image = good;
        bits == 32 ? put32(&image[at], value) : put16(&image[at], value);
        maker::seal_header(image);
        return refusal(image);
    };
    EXPECT_EQ(header(M_IMAGE_MAGIC, 0x12345678), V_BOOT_STATUS_ERROR_MAGIC);
    EXPECT_EQ(header(M_IMAGE_FORMAT, 2, 16), V_BOOT_STATUS_ERROR_HEADER_FORMAT);
    EXPECT_EQ(header(M_IMAGE_HEADER_BYTES, 124, 16), V_BOOT_STATUS_ERROR_HEADER_FORMAT);
    EXPECT_EQ(header(M_IMAGE_VERSION, 0), V_BOOT_STATUS_ERROR_HEADER_FORMAT);
    EXPECT_EQ(header(M_IMAGE_RESERVED, 1), V_BOOT_STATUS_ERROR_HEADER_FORMAT);
    EXPECT_EQ(header(static_cast<Member>(M_IMAGE_NAME + 28), 0x41000000),
              V_BOOT_STATUS_ERROR_HEADER_FORMAT);
    EXPECT_EQ(header(M_IMAGE_TARGET, 2), V_BOOT_STATUS_ERROR_TARGET);
    EXPECT_EQ(header(M_IMAGE_VERSION, 0x00ffffff), V_BOOT_STATUS_ERROR_TOO_OLD);
    EXPECT_EQ(header(M_IMAGE_TOTAL_BYTES, 400), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_TABLES_OFFSET, 124), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_TABLES_OFFSET, 130), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_TABLES_BYTES, 0), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_TABLES_BYTES, 16385), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_TABLES_BYTES, 0xffffffff), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_CODE_OFFSET, 128), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_CODE_BYTES, 7), V_BOOT_STATUS_ERROR_LENGTH);
    EXPECT_EQ(header(M_IMAGE_CODE_BYTES, 0xfffffff0), V_BOOT_STATUS_ERROR_LENGTH);
    {
        Bytes image = good; // code that begins in the tables, and still ends the file
        put32(&image[M_IMAGE_CODE_OFFSET], get32(&image[M_IMAGE_CODE_OFFSET]) - 4);
        put32(&image[M_IMAGE_CODE_BYTES], get32(&image[M_IMAGE_CODE_BYTES]) + 4);
        maker::seal_header(image);
        EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_LENGTH);
    }
    EXPECT_EQ(header(M_IMAGE_BODY_CRC32, 0), V_BOOT_STATUS_ERROR_BODY_CRC);
    EXPECT_EQ(header(static_cast<Member>(M_IMAGE_BODY_SHA256 + 28), 0), V_BOOT_STATUS_ERROR_SHA256);

    Bytes image = good;
    image[M_IMAGE_HEADER_CRC32] ^= 1;
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_HEADER_CRC);
    image = good;
    image.back() ^= 0x80;
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_BODY_CRC);

    config.version_max = 0x01ffffff;
    create();
    EXPECT_EQ(refusal(maker::image(maker::full().bytes(), 0x02000000)),
              V_BOOT_STATUS_ERROR_TOO_NEW);
    boot_slot(0);
    settle_boot();
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_NO_IMAGE);
}

TEST_F(Boot, TheFirstFailureNames)
{
    Bytes image = good;
    put32(&image[M_IMAGE_TARGET], 9);
    put32(&image[M_IMAGE_VERSION], 1);
    put32(&image[M_IMAGE_TOTAL_BYTES], 1);
    image.back() ^= 1;
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_HEADER_CRC);
    maker::seal_header(image);
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_TARGET);
    put32(&image[M_IMAGE_TARGET], 1);
    maker::seal_header(image);
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_TOO_OLD);
    put32(&image[M_IMAGE_VERSION], 0x01000000);
    maker::seal_header(image);
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_LENGTH);
    put32(&image[M_IMAGE_TOTAL_BYTES], static_cast<uint32_t>(image.size()));
    maker::seal_header(image);
    EXPECT_EQ(refusal(image), V_BOOT_STATUS_ERROR_BODY_CRC);
}

TEST_F(Boot, ARefusalKeepsWhatRan)
{
    boot(good);
    select(maker::VGA, fourcc("GREY"));
    Bytes bad = good;
    bad.back() ^= 1;
    EXPECT_EQ(refusal(bad), V_BOOT_STATUS_ERROR_BODY_CRC);
    EXPECT_TRUE(runs());
    EXPECT_EQ(read(R_WIDTH), 640u);
    EXPECT_EQ(read(R_FW_VERSION), 0x01020003u);
    boot(maker::image(maker::tiny().bytes(), 0x03000000, 1, 0)); // without code
    EXPECT_EQ(read(R_WIDTH), 64u);
    EXPECT_EQ(read(R_FW_VERSION), 0x03000000u);
    EXPECT_EQ(boot_error(), 0u);
}

TEST_F(Boot, CommandsWaitForTheirTurn)
{
    stage(good);
    boot_staged();
    write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_CHECKING);
    pass(2 * MS);
    write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_BOOTING);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    write(R_BOOT_COMMAND, 99);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_RUNNING);
}

// Each way to spoil tables, on otherwise good images.
TEST_F(Boot, MalformedTables)
{
    struct Case {
        const char *what;
        std::function<void(maker::Tables &)> spoil;
    };
    const Case cases[] = {
        {"no input", [](auto &t) { t.inputs.clear(); }},
        {"no timing", [](auto &t) { t.timings.clear(); }},
        {"no mode", [](auto &t) { t.modes.clear(); }},
        {"no interval", [](auto &t) { t.intervals.clear(); }},
        {"nine inputs", [](auto &t) { t.inputs.resize(9, t.inputs[0]); }},
        {"input name", [](auto &t) { t.inputs[0].name = std::string(32, 'x'); }},
        {"input kind", [](auto &t) { t.inputs[0].kind = 2; }},
        {"input without timings", [](auto &t) { t.inputs[0].timing_count = 0; }},
        {"timings outside", [](auto &t) { t.inputs[0].timing_count = 9; }},
        {"timings far outside", [](auto &t) { t.inputs[0].timing_first = 65535; }},
        {"default not its own", [](auto &t) { t.inputs[0].timing_default = 3; }},
        {"timing of another kind", [](auto &t) { t.inputs[0].timing_count = 4; }},
        {"timing name", [](auto &t) { t.timings[0].name = std::string(24, 'x'); }},
        {"timing kind", [](auto &t) { t.timings[0].kind = 7; }},
        {"timing width odd", [](auto &t) { t.timings[0].width = 1281; }},
        {"timing height small", [](auto &t) { t.timings[0].height = 14; }},
        {"timing width large", [](auto &t) { t.timings[0].width = 8194; }},
        {"timing interval 0", [](auto &t) { t.timings[0].num = 0; }},
        {"timing interval short", [](auto &t) { t.timings[0].den = 65536; }},
        {"timing interval long", [](auto &t) { t.timings[0].num = 65536; }},
        {"mode without input", [](auto &t) { t.modes[0].inputs = 0; }},
        {"mode of no such input", [](auto &t) { t.modes[0].inputs = 4; }},
        {"mode without format", [](auto &t) { t.modes[0].formats = 0; }},
        {"mode of no such format", [](auto &t) { t.modes[0].formats = 0x8000; }},
        {"mode width odd", [](auto &t) { t.modes[0].width = 65; }},
        {"mode width large", [](auto &t) { t.modes[0].width = 8194; }},
        {"mode least above most", [](auto &t) { t.modes[0].width_min = 66; }},
        {"mode height small", [](auto &t) { t.modes[0].height_min = 14; }},
        {"mode step 0", [](auto &t) { t.modes[0].width_step = 0; }},
        {"mode step odd", [](auto &t) { t.modes[0].height_step = 3; }},
        {"mode without interval", [](auto &t) { t.modes[0].interval_count = 0; }},
        {"intervals outside", [](auto &t) { t.modes[0].interval_first = 3; }},
        {"interval 0", [](auto &t) { t.intervals[0].num = 0; }},
        {"interval large", [](auto &t) { t.intervals[2].den = 65536; }},
        {"control without id", [](auto &t) { t.controls[0].id = 0; }},
        {"two of an id", [](auto &t) { t.controls[1].id = 1; }},
        {"control type", [](auto &t) { t.controls[0].type = 5; }},
        {"least above default", [](auto &t) { t.controls[0].minimum = 129; }},
        {"default above most", [](auto &t) { t.controls[0].maximum = 127; }},
        {"step 0", [](auto &t) { t.controls[0].step = 0; }},
        {"default off step", [](auto &t) { t.controls[1].standard = 65; }},
        {"boolean to 2", [](auto &t) { t.controls[6].maximum = 2; }},
        {"menu too short", [](auto &t) { t.controls[7].maximum = 3; }},
        {"menu outside", [](auto &t) { t.controls[7].menu_first = 1; }},
        {"menu of an integer", [](auto &t) { t.controls[0].menu_count = 1; }},
        {"button with values", [](auto &t) { t.controls[8].maximum = 1; }},
        {"control name", [](auto &t) { t.controls[0].name = std::string(32, 'x'); }},
        {"menu name", [](auto &t) { t.menus[0] = std::string(32, 'x'); }},
        {"33 controls",
         [](auto &t) {
             for (uint32_t id = 100; t.controls.size() < 33; id++) {
                 t.controls.push_back(t.controls[0]);
                 t.controls.back().id = id;
             }
         }},
    };
    for (const Case &c : cases) {
        maker::Tables tables = maker::full();
        c.spoil(tables);
        EXPECT_EQ(refusal(maker::image(tables.bytes())), V_BOOT_STATUS_ERROR_TABLES) << c.what;
    }
    // What bytes alone can say.
    Bytes tables = maker::full().bytes();
    auto byte = [&](size_t at) {
        Bytes spoilt = tables;
        spoilt[at] ^= 1;
        return refusal(maker::image(spoilt));
    };
    size_t timing = L_TABLES + 2 * L_INPUT;
    size_t mode = timing + 5 * L_TIMING;
    size_t control = mode + 6 * L_MODE + 3 * L_INTERVAL;
    for (size_t at : {size_t{M_TABLES_MAGIC}, size_t{M_TABLES_FORMAT},
                      size_t{M_TABLES_HEADER_BYTES}, size_t{M_TABLES_TOTAL_BYTES},
                      size_t{M_TABLES_RESERVED + 7}, size_t{L_TABLES + M_INPUT_RESERVED + 7},
                      timing + M_TIMING_RESERVED, mode + M_MODE_RESERVED + 11,
                      control + M_CONTROL_RESERVED + 1, control + M_CONTROL_RESERVED2 + 3}) {
        EXPECT_EQ(byte(at), V_BOOT_STATUS_ERROR_TABLES) << at;
    }
    Bytes longer = tables;
    longer.resize(longer.size() + 32);
    EXPECT_EQ(refusal(maker::image(longer)), 0u); // TABLES_BYTES may be more than they need
    EXPECT_EQ(refusal(maker::image(Bytes(tables.begin(), tables.end() - 32))),
              V_BOOT_STATUS_ERROR_TABLES);
    EXPECT_EQ(refusal(maker::image(Bytes(20))), V_BOOT_STATUS_ERROR_TABLES);
}

TEST_F(Boot, Sha256OfTheStandard)
{
    const char *abc = "abc";
    const uint8_t start[4] = {0xba, 0x78, 0x16, 0xbf};
    auto digest = maker::sha256(reinterpret_cast<const uint8_t *>(abc), 3);
    EXPECT_EQ(std::memcmp(digest.data(), start, 4), 0);
    EXPECT_EQ(maker::crc32(reinterpret_cast<const uint8_t *>("123456789"), 9), 0xcbf43926u);
    for (uint32_t code = 0; code < 140; code++) { // every length of the last block
        EXPECT_EQ(refusal(maker::image(maker::tiny().bytes(), 0x01000000, 1, code)), 0u) << code;
    }
}

TEST_F(Boot, FirmwareStopsCaptureAndResetsRunRegisters)
{
    boot(good);
    start(maker::SMALL, fourcc("YUYV"));
    write(R_WATERMARK, 9);
    pass(25 * MS);
    boot_staged();
    pass(MS);
    EXPECT_EQ(read(R_CAPTURE_STATUS), 0u);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    EXPECT_EQ(read(R_CAPTURE_CONTROL), 0u);
    EXPECT_EQ(read(R_DESC_COUNT), 0u);
    EXPECT_EQ(read(R_FRAMES_PRODUCED), 0u);
}

TEST_F(Boot, SlowFirmwareMeetsTheWatchdog)
{
    config.boot_ns = 2999 * MS;
    create();
    EXPECT_EQ(refusal(good), 0u);
    config.boot_ns = 3001 * MS;
    create();
    EXPECT_EQ(refusal(good), V_BOOT_STATUS_ERROR_WATCHDOG);
    EXPECT_FALSE(runs());
}

} // namespace
