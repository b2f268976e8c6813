/* SPDX-License-Identifier: MIT */
/* A host for the camera without a bus: its descriptors through the backend's parser, its packets through the assembler, in
 * a time of its own. */
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "camera.h"

extern "C" {
#include "uvc_clock.h"
#include "uvc_control.h"
#include "uvc_desc.h"
#include "uvc_payload.h"
#include "uvc_probe.h"
#include "vidicon/vidicon.h"
}

struct Frame {
    uvc_result result;
    std::vector<uint8_t> bytes;
    int64_t host_ns, bound_ns;
};

class Host {
  public:
    Host(camera_speed speed, bool bulk)
    {
        camera_config config = {
            static_cast<uint32_t>(speed), bulk ? 1u : 0u, 0, 0x6666, 0x0003, "CAM1", 0};
        uint8_t bytes[4096];

        camera.reset(camera_create(&config));
        size_t count = camera_descriptor(camera.get(), 2, 0, bytes, sizeof(bytes));
        // Memory of its very length.
        std::vector<uint8_t> exact(bytes, bytes + count);
        parsed.reset(new uvc_camera);
        EXPECT_EQ(count, size_t{exact[2]} + exact[3] * 256u);
        EXPECT_EQ(1, uvc_parse(parsed.get(), exact.data(), count, 0,
                               speed == CAMERA_SUPER ? UVC_SPEED_SUPER : UVC_SPEED_HIGH));
        EXPECT_EQ(0u, parsed->note_count) << note();
        uvc_chain_walk(&chain, parsed.get(), &parsed->streams[0]);
        speed_ = speed == CAMERA_SUPER ? UVC_SPEED_SUPER : UVC_SPEED_HIGH;
        bulk_ = bulk;
    }
    std::string note() const
    {
        char text[200] = "";

        if (parsed->note_count != 0) {
            uvc_note_text(text, sizeof(text), &parsed->notes[0]);
        }
        return text;
    }

    int request(uvc_request_code code, uint32_t selector, uint32_t unit, uint32_t interface_id,
                std::vector<uint8_t> &data)
    {
        uvc_request ask = uvc_request_make(code, selector, unit, interface_id,
                                           static_cast<uint32_t>(data.size()));
        const uint8_t setup[8] = {ask.type,
                                  ask.request,
                                  static_cast<uint8_t>(ask.value),
                                  static_cast<uint8_t>(ask.value >> 8),
                                  static_cast<uint8_t>(ask.index),
                                  static_cast<uint8_t>(ask.index >> 8),
                                  static_cast<uint8_t>(ask.bytes),
                                  static_cast<uint8_t>(ask.bytes >> 8)};

        return camera_control(camera.get(), setup, data.data());
    }

    // Agrees on a format; the error text, or "".
    std::string negotiate(const char *code, uint32_t width, uint32_t height)
    {
        vdc_format wish = VDC_FORMAT_INIT;
        std::vector<uint8_t> bytes(34);
        uvc_probe probe;
        char why[256] = "";

        wish.fourcc = VDC_FOURCC(code[0], code[1], code[2], code[3]);
        wish.width_px = width;
        wish.height_px = height;
        wish.interval_s = {1, 30};
        if (!uvc_choose(&choice, parsed.get(), &parsed->streams[0], &wish)) {
            return "no such format";
        }
        uvc_probe_wish(&probe, &choice);
        uint8_t encoded[UVC_PROBE_BYTES_MAX];
        bytes.assign(encoded, encoded + uvc_probe_encode(encoded, &probe, parsed->version));
        if (request(UVC_SET_CUR, UVC_VS_PROBE, 0, 1, bytes) < 0) {
            return "the probe is refused";
        }
        int got = request(UVC_GET_CUR, UVC_VS_PROBE, 0, 1, bytes);
        if (got < 0 || !uvc_probe_decode(&answer, bytes.data(), static_cast<size_t>(got))) {
            return "no answer to the probe";
        }
        if (!uvc_probe_check(&answer, &mended, &choice, parsed.get(), &parsed->streams[0], why,
                             sizeof(why))) {
            return why;
        }
        alternate =
            uvc_choose_alternate(parsed.get(), &parsed->streams[0], &answer, why, sizeof(why));
        if (!alternate || !uvc_rate_check(&choice, &answer, alternate, speed_, why, sizeof(why))) {
            return why;
        }
        bytes.assign(encoded, encoded + uvc_probe_encode(encoded, &answer, parsed->version));
        return request(UVC_SET_CUR, UVC_VS_COMMIT, 0, 1, bytes) < 0 ? "the commit is refused" : "";
    }

    void start()
    {
        uvc_assembler_config config = {choice.format->kind, choice.exact_bytes,
                                       answer.max_payload_bytes, 0, 0};

        uvc_assembler_init(&assembler, &config);
        uvc_clock_init(&clock, answer.clock_hz, 1);
        renew();
        ASSERT_EQ(1, camera_set_alternate(camera.get(), 1, alternate->number));
    }
    void run(int64_t milliseconds)
    {
        int64_t end = now + milliseconds * 1000000;

        while (now < end) {
            now += 125000;
            bulk_ ? take_bulk() : take_iso();
        }
    }

    struct Destroy {
        void operator()(::camera *one) const { camera_destroy(one); }
    };
    std::unique_ptr<::camera, Destroy> camera;
    std::unique_ptr<uvc_camera> parsed;
    uvc_chain chain;
    uvc_choice choice = {};
    uvc_probe answer = {};
    uint32_t mended = 0;
    const uvc_alternate *alternate = nullptr;
    uvc_assembler assembler;
    uvc_clock clock;
    std::vector<Frame> frames;
    int64_t now = 1000000000;
    int stalls = 0;

  private:
    void renew()
    {
        buffer_.reset(new uint8_t[answer.max_frame_bytes]); // exactly
        uvc_assembler_set_buffer(&assembler, buffer_.get(), answer.max_frame_bytes);
    }
    void finish(const uvc_result &result)
    {
        Frame frame = {
            result, {buffer_.get(), buffer_.get() + result.used_bytes},
             0, 0
        };

        uvc_clock_map(&clock, result.pts, static_cast<int>(result.has_pts), result.first_ns,
                      &frame.host_ns, &frame.bound_ns);
        frames.push_back(frame);
        renew();
    }
    void give(const uint8_t *bytes, size_t count, bool ends)
    {
        uvc_step step;

        do {
            uvc_result result;

            step = bulk_ ? uvc_assembler_transfer(&assembler, &result, bytes, count, ends, 0, now)
                         : uvc_assembler_packet(&assembler, &result, bytes, count, 0, now);
            if (assembler.last.has_scr) {
                uvc_clock_sample(&clock, assembler.last.stc, assembler.last.sof, now - 2000000,
                                 now + 500000);
                assembler.last.has_scr = 0;
            }
            if (step != UVC_GOES_ON) {
                finish(result);
            }
        } while (step == UVC_ENDED_BEFORE);
    }
    void take_iso()
    {
        std::vector<uint8_t> packet(alternate->interval_bytes);
        size_t count = camera_iso_packet(camera.get(), now, packet.data(), packet.size());

        packet.resize(count);
        packet.shrink_to_fit();
        give(packet.data(), count, true);
    }
    // As much as the bus carries in a microframe: 13 packets of 512 bytes at high speed.
    void take_bulk()
    {
        int64_t most = speed_ == UVC_SPEED_SUPER ? 49152 : 13 * 512;

        for (credit_ = std::min(credit_ + most, most); credit_ > 0;) {
            std::vector<uint8_t> part(4096);
            int count = camera_bulk(camera.get(), now, part.data(), part.size());

            if (count == CAMERA_STALLS) {
                stalls++;
                uvc_result result;
                uvc_assembler_transfer(&assembler, &result, part.data(), 0, 1, UVC_FAULT_STALL,
                                       now);
                camera_clear_halt(camera.get());
                return;
            }
            if (count == CAMERA_SILENT) {
                return;
            }
            give(part.data(), static_cast<size_t>(count), static_cast<size_t>(count) < part.size());
            credit_ -= std::max(count, 1);
        }
    }

    uvc_speed speed_;
    int64_t credit_ = 0;
    bool bulk_;
    std::unique_ptr<uint8_t[]> buffer_;
};
