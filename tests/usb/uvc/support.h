/* SPDX-License-Identifier: MIT */
/* The dumps, in memory of their very length, so that a sanitizer sees any byte read beyond. */
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "dump.h"
#include "uvc_desc.h"

extern const char UVC_CAMERAS[];
}

using Bytes = std::vector<uint8_t>;

struct Dump {
    const char *name;
    uvc_speed speed;
};
static const Dump dumps[] = {
    {"apple-isight",           UVC_SPEED_HIGH },
    {"logitech-c920",          UVC_SPEED_HIGH },
    {"logitech-pro-9000",      UVC_SPEED_HIGH },
    {"microsoft-lifecam-show", UVC_SPEED_HIGH },
    {"made-superspeed",        UVC_SPEED_SUPER},
    {"made-bulk",              UVC_SPEED_HIGH },
};

inline Bytes load(const std::string &name)
{
    Bytes bytes(65536);
    unsigned line = 0;
    const std::string path = std::string(UVC_CAMERAS) + "/" + name + ".txt";
    long count = uvc_dump_read(bytes.data(), bytes.size(), path.c_str(), &line);

    EXPECT_GT(count, 0) << name << ", line " << line;
    bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    bytes.shrink_to_fit();
    return bytes;
}

inline Bytes text(const std::string &lines)
{
    Bytes bytes(4096);
    unsigned line = 0;
    long count = uvc_dump_parse(bytes.data(), bytes.size(), lines.c_str(), &line);

    EXPECT_GE(count, 0) << "line " << line;
    bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    bytes.shrink_to_fit();
    return bytes;
}

/* Parses a copy that ends where its memory ends. */
class Camera {
  public:
    Camera(const uint8_t *bytes, size_t count, uvc_speed speed, uint8_t control = 0)
        : camera_(new uvc_camera)
    {
        std::unique_ptr<uint8_t[]> copy(new uint8_t[count ? count : 1]);

        std::copy(bytes, bytes + count, copy.get());
        usable = uvc_parse(camera_.get(), copy.get(), count, control, speed) != 0;
    }
    Camera(const Bytes &bytes, uvc_speed speed) : Camera(bytes.data(), bytes.size(), speed) {}
    const uvc_camera *operator->() const { return camera_.get(); }
    const uvc_camera &operator*() const { return *camera_; }
    uvc_camera &change() { return *camera_; }
    std::string notes() const
    {
        std::string all;
        char line[256];

        for (uint32_t i = 0; i < camera_->note_count && i < UVC_NOTES_MAX; i++) {
            uvc_note_text(line, sizeof(line), &camera_->notes[i]);
            all += std::string(line) + "\n";
        }
        return all;
    }
    bool usable;

  private:
    std::unique_ptr<uvc_camera> camera_;
};

inline std::string fourcc(uint32_t code)
{
    return {static_cast<char>(code), static_cast<char>(code >> 8), static_cast<char>(code >> 16),
            static_cast<char>(code >> 24)};
}
