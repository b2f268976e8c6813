// SPDX-License-Identifier: MIT
//
// Composes a firmware image out of given tables, apart from the builder that ships: what the two
// agree on is the layout table. Every field can be spoilt before seal() makes the checksums good.
#ifndef VIDICON_TESTS_MODEL_IMAGE_MAKER_H
#define VIDICON_TESTS_MODEL_IMAGE_MAKER_H

#include <algorithm>
#include <array>
#include <string>

#include "card_map.h"

namespace maker {

using Bytes = std::vector<uint8_t>;

inline uint32_t crc32(const uint8_t *bytes, size_t count)
{
    uint32_t crc = 0xffffffff;
    for (size_t n = 0; n < count; n++) {
        crc ^= bytes[n];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

__extension__ typedef unsigned __int128 wide;

// FIPS 180-4, with its constants computed as it defines them: from roots of the first primes.
inline std::array<uint8_t, 32> sha256(const uint8_t *bytes, size_t count)
{
    static const auto constants = [] {
        std::array<uint32_t, 72> out{}; // 64 from cube roots, 8 from square roots
        auto fraction = [](uint32_t prime, int power) {
            // The largest r with r^power <= prime * 2^(32 power), by bits; its low half.
            wide root = 0;
            for (int bit = 35; bit >= 0; bit--) {
                wide next = root | static_cast<wide>(1) << bit;
                wide value = next * next;
                wide limit = static_cast<wide>(prime) << 64;
                if (power == 3) { // next^3 <= prime << 96, divided by next
                    limit = (static_cast<wide>(prime) << 96) / next;
                }
                if (value <= limit) {
                    root = next;
                }
            }
            return static_cast<uint32_t>(root);
        };
        uint32_t found = 0;
        for (uint32_t prime = 2; found < 64; prime++) {
            bool is = true;
            for (uint32_t d = 2; d * d <= prime; d++) {
                is = is && prime % d != 0;
            }
            if (is) {
                if (found < 8) {
                    out[64 + found] = fraction(prime, 2);
                }
                out[found++] = fraction(prime, 3);
            }
        }
        return out;
    }();
    auto turn = [](uint32_t x, int n) { return x >> n | x << (32 - n); };
    std::array<uint32_t, 8> h{};
    for (size_t n = 0; n < 8; n++) {
        h[n] = constants[64 + n];
    }
    Bytes text(bytes, bytes + count);
    text.push_back(0x80);
    while (text.size() % 64 != 56) {
        text.push_back(0);
    }
    for (int n = 7; n >= 0; n--) {
        text.push_back(static_cast<uint8_t>(static_cast<uint64_t>(count) * 8 >> (8 * n)));
    }
    for (size_t at = 0; at < text.size(); at += 64) {
        uint32_t w[64];
        for (size_t n = 0; n < 64; n++) {
            const uint8_t *p = &text[at + 4 * (n % 16)];
            w[n] = n < 16 ? static_cast<uint32_t>(p[0]) << 24 | p[1] << 16 | p[2] << 8 | p[3]
                          : w[n - 16] + w[n - 7] +
                                (turn(w[n - 15], 7) ^ turn(w[n - 15], 18) ^ w[n - 15] >> 3) +
                                (turn(w[n - 2], 17) ^ turn(w[n - 2], 19) ^ w[n - 2] >> 10);
        }
        auto [a, b, c, d, e, f, g, i] = h;
        for (size_t n = 0; n < 64; n++) {
            uint32_t one = i + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) +
                           constants[n] + w[n];
            uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            i = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
        }
        const uint32_t add[8] = {a, b, c, d, e, f, g, i};
        for (size_t n = 0; n < 8; n++) {
            h[n] += add[n];
        }
    }
    std::array<uint8_t, 32> out{};
    for (size_t n = 0; n < 32; n++) {
        out[n] = static_cast<uint8_t>(h[n / 4] >> (24 - 8 * (n % 4)));
    }
    return out;
}

struct Input {
    std::string name;
    uint32_t kind, timing_first, timing_count, timing_default;
};
struct Timing {
    std::string name;
    uint32_t kind, flags, width, height, num, den, khz;
};
struct Mode {
    uint32_t inputs, formats, width, height, width_min, height_min, width_step, height_step,
        interval_first, interval_count;
};
struct Interval {
    uint32_t num, den;
};
struct Control {
    uint32_t id, type, flags, menu_first, menu_count;
    int32_t minimum, maximum, step, standard;
    std::string name;
};

struct Tables {
    std::vector<Input> inputs;
    std::vector<Timing> timings;
    std::vector<Mode> modes;
    std::vector<Interval> intervals;
    std::vector<Control> controls;
    std::vector<std::string> menus;

    Bytes bytes() const
    {
        using namespace map;
        Bytes out(L_TABLES);
        auto record = [&out](uint32_t size) {
            out.resize(out.size() + size);
            return out.data() + out.size() - size;
        };
        auto text = [](uint8_t *at, const std::string &name) {
            std::memcpy(at, name.data(), name.size());
        };
        for (const Input &input : inputs) {
            uint8_t *at = record(L_INPUT);
            text(at + M_INPUT_NAME, input.name);
            put16(at + M_INPUT_KIND, input.kind);
            put16(at + M_INPUT_TIMING_FIRST, input.timing_first);
            put16(at + M_INPUT_TIMING_COUNT, input.timing_count);
            put16(at + M_INPUT_TIMING_DEFAULT, input.timing_default);
        }
        for (const Timing &timing : timings) {
            uint8_t *at = record(L_TIMING);
            text(at + M_TIMING_NAME, timing.name);
            put16(at + M_TIMING_KIND, timing.kind);
            put16(at + M_TIMING_FLAGS, timing.flags);
            put16(at + M_TIMING_WIDTH, timing.width);
            put16(at + M_TIMING_HEIGHT, timing.height);
            put32(at + M_TIMING_INTERVAL_NUM, timing.num);
            put32(at + M_TIMING_INTERVAL_DEN, timing.den);
            put32(at + M_TIMING_PIXEL_CLOCK_KHZ, timing.khz);
        }
        for (const Mode &mode : modes) {
            uint8_t *at = record(L_MODE);
            put16(at + M_MODE_INPUTS, mode.inputs);
            put16(at + M_MODE_FORMATS, mode.formats);
            put16(at + M_MODE_WIDTH, mode.width);
            put16(at + M_MODE_HEIGHT, mode.height);
            put16(at + M_MODE_WIDTH_MIN, mode.width_min);
            put16(at + M_MODE_HEIGHT_MIN, mode.height_min);
            put16(at + M_MODE_WIDTH_STEP, mode.width_step);
            put16(at + M_MODE_HEIGHT_STEP, mode.height_step);
            put16(at + M_MODE_INTERVAL_FIRST, mode.interval_first);
            put16(at + M_MODE_INTERVAL_COUNT, mode.interval_count);
        }
        for (const Interval &interval : intervals) {
            uint8_t *at = record(L_INTERVAL);
            put32(at + M_INTERVAL_NUM, interval.num);
            put32(at + M_INTERVAL_DEN, interval.den);
        }
        for (const Control &control : controls) {
            uint8_t *at = record(L_CONTROL);
            put16(at + M_CONTROL_ID, control.id);
            put16(at + M_CONTROL_TYPE, control.type);
            put16(at + M_CONTROL_FLAGS, control.flags);
            put16(at + M_CONTROL_MENU_FIRST, control.menu_first);
            put16(at + M_CONTROL_MENU_COUNT, control.menu_count);
            put32(at + M_CONTROL_MINIMUM, static_cast<uint32_t>(control.minimum));
            put32(at + M_CONTROL_MAXIMUM, static_cast<uint32_t>(control.maximum));
            put32(at + M_CONTROL_STEP, static_cast<uint32_t>(control.step));
            put32(at + M_CONTROL_DEFAULT, static_cast<uint32_t>(control.standard));
            text(at + M_CONTROL_NAME, control.name);
        }
        for (const std::string &menu : menus) {
            text(record(L_MENU) + M_MENU_NAME, menu);
        }
        put32(&out[M_TABLES_MAGIC], X_TABLES_MAGIC_TABLES);
        put16(&out[M_TABLES_FORMAT], X_TABLES_FORMAT_V1);
        put16(&out[M_TABLES_HEADER_BYTES], L_TABLES);
        put16(&out[M_TABLES_INPUT_COUNT], static_cast<uint32_t>(inputs.size()));
        put16(&out[M_TABLES_TIMING_COUNT], static_cast<uint32_t>(timings.size()));
        put16(&out[M_TABLES_MODE_COUNT], static_cast<uint32_t>(modes.size()));
        put16(&out[M_TABLES_INTERVAL_COUNT], static_cast<uint32_t>(intervals.size()));
        put16(&out[M_TABLES_CONTROL_COUNT], static_cast<uint32_t>(controls.size()));
        put16(&out[M_TABLES_MENU_COUNT], static_cast<uint32_t>(menus.size()));
        put32(&out[M_TABLES_TOTAL_BYTES], static_cast<uint32_t>(out.size()));
        return out;
    }
};

// Makes the checksums of an image good for what it holds now, its length too.
inline void seal(Bytes &image)
{
    using namespace map;
    const uint8_t *body = image.data() + L_IMAGE;
    size_t count = image.size() - L_IMAGE;
    auto digest = sha256(body, count);
    put32(&image[M_IMAGE_BODY_CRC32], crc32(body, count));
    std::memcpy(&image[M_IMAGE_BODY_SHA256], digest.data(), digest.size());
    put32(&image[M_IMAGE_HEADER_CRC32], crc32(image.data(), M_IMAGE_HEADER_CRC32));
}

inline void seal_header(Bytes &image)
{
    map::put32(&image[map::M_IMAGE_HEADER_CRC32], crc32(image.data(), map::M_IMAGE_HEADER_CRC32));
}

inline Bytes image(const Bytes &tables, uint32_t version = 0x01020003, uint32_t target = 1,
                   uint32_t code_bytes = 8)
{
    using namespace map;
    uint32_t code_offset = (L_IMAGE + static_cast<uint32_t>(tables.size()) + 3) / 4 * 4;
    Bytes out(code_offset + code_bytes);
    put32(&out[M_IMAGE_MAGIC], X_IMAGE_MAGIC_IMAGE);
    put16(&out[M_IMAGE_FORMAT], X_IMAGE_FORMAT_V1);
    put16(&out[M_IMAGE_HEADER_BYTES], L_IMAGE);
    put32(&out[M_IMAGE_TARGET], target);
    put32(&out[M_IMAGE_VERSION], version);
    put32(&out[M_IMAGE_TABLES_OFFSET], L_IMAGE);
    put32(&out[M_IMAGE_TABLES_BYTES], static_cast<uint32_t>(tables.size()));
    std::memcpy(&out[M_IMAGE_NAME], "test image", 10);
    std::copy(tables.begin(), tables.end(), out.begin() + L_IMAGE);
    put32(&out[M_IMAGE_CODE_OFFSET], code_offset);
    put32(&out[M_IMAGE_CODE_BYTES], code_bytes);
    for (uint32_t n = 0; n < code_bytes; n++) {
        out[code_offset + n] = static_cast<uint8_t>(0xc0 + n);
    }
    put32(&out[M_IMAGE_TOTAL_BYTES], static_cast<uint32_t>(out.size()));
    seal(out);
    return out;
}

constexpr uint32_t ALL_FORMATS = 0x1f;

// Places of the controls in full(): CONTROL[BRIGHTNESS] and so on.
enum Place : uint32_t {
    BRIGHTNESS,
    CONTRAST,
    SATURATION,
    HUE,
    GAIN,
    EXPOSURE,
    EXPOSURE_AUTO,
    POWER_LINE,
    WHITE_BALANCE
};
// Places of the modes in full().
enum ModePlace : uint32_t { SMALL, VGA, HD, UHD, ODD_BARS, LEAST };

// Two inputs, five timings, six modes, every control.
inline Tables full()
{
    Tables t;
    t.inputs = {
        {"HDMI",      0, 0, 3, 1},
        {"Composite", 1, 3, 2, 3}
    };
    t.timings = {
        {"720p60",  0, 0, 1280, 720,  1,    60,    74250 },
        {"1080p60", 0, 0, 1920, 1080, 1,    60,    148500},
        {"2160p60", 0, 0, 3840, 2160, 1,    60,    594000},
        {"PAL",     1, 1, 720,  576,  1,    25,    0     },
        {"NTSC",    1, 1, 720,  480,  1001, 30000, 0     }
    };
    t.modes = {
        {1, ALL_FORMATS, 64,   64,   16, 16, 2, 2, 0, 3},
        {3, ALL_FORMATS, 640,  480,  32, 32, 8, 4, 0, 3},
        {1, ALL_FORMATS, 1920, 1080, 16, 16, 2, 2, 1, 2},
        {1, ALL_FORMATS, 3840, 2160, 16, 16, 2, 2, 1, 2},
        {1, ALL_FORMATS, 74,   34,   16, 16, 2, 2, 0, 1},
        {1, ALL_FORMATS, 16,   16,   16, 16, 2, 2, 0, 1}
    };
    t.intervals = {
        {1,    100  },
        {1,    60   },
        {1001, 30000}
    };
    t.controls = {
        {1, 1, 0, 0, 0, 0,    255,   1, 128, "Brightness"   },
        {2, 1, 0, 0, 0, 0,    128,   2, 64,  "Contrast"     },
        {3, 1, 0, 0, 0, 0,    128,   1, 64,  "Saturation"   },
        {4, 1, 0, 0, 0, -180, 180,   1, 0,   "Hue"          },
        {5, 1, 0, 0, 0, 0,    1023,  1, 256, "Gain"         },
        {6, 1, 1, 0, 0, 1,    10000, 1, 100, "Exposure"     },
        {7, 2, 0, 0, 0, 0,    1,     1, 0,   "Auto exposure"},
        {8, 3, 0, 0, 3, 0,    2,     1, 1,   "Power line"   },
        {9, 4, 0, 0, 0, 0,    0,     1, 0,   "White balance"}
    };
    t.menus = {"Off", "50 Hz", "60 Hz"};
    return t;
}

// The least there can be.
inline Tables tiny()
{
    Tables t;
    t.inputs = {
        {"In", 0, 0, 1, 0}
    };
    t.timings = {
        {"64", 0, 0, 64, 64, 1, 60, 1000}
    };
    t.modes = {
        {1, 1, 64, 64, 64, 64, 2, 2, 0, 1}
    };
    t.intervals = {
        {1, 60}
    };
    return t;
}

} // namespace maker

#endif
