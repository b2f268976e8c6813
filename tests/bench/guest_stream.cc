// SPDX-License-Identifier: MIT
// Captures YUYV through the library in real time, compares every byte of every picture with the data sheet's pattern,
// and prints the stream's account: guest_stream ID WxH FRAMES BUFFERS. A late picture is a lost one; nothing is left out.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../conformance/pattern.h"
#include "vidicon/vidicon.h"

namespace {

// The bars move by two pixels a picture, so all pictures' lines are parts of one that is twice as long; only the first
// 64 pixels of the first 16 lines are the number.
class Judge {
  public:
    Judge(uint32_t width, uint32_t height, uint32_t stride_bytes)
        : width_(width), height_(height), stride_(stride_bytes)
    {
        bars_ = PatternLine(Whole(width), 0, 0, 16);
        bars_.insert(bars_.end(), bars_.begin(), bars_.end());
    }

    bool IsRight(const vdc_frame &frame, uint32_t number) const
    {
        const size_t bytes = size_t{width_} * 2;
        const uint8_t *bars = &bars_[size_t{2} * (number % (width_ / 2)) * 2];
        const uint8_t *at = frame.planes[0];
        const size_t stride = stride_;

        for (uint32_t y = 0; y < 16; y += 8) {
            std::vector<uint8_t> cells = PatternLine(Cells(), number, 0, y);
            for (uint32_t line = y; line < y + 8; line++) {
                if (std::memcmp(at + line * stride, cells.data(), cells.size()) != 0 ||
                    std::memcmp(at + line * stride + cells.size(), bars + cells.size(),
                                bytes - cells.size()) != 0)
                    return false;
            }
        }
        for (uint32_t line = 16; line < height_; line++) {
            if (std::memcmp(at + line * stride, bars, bytes) != 0)
                return false;
        }
        return true;
    }

  private:
    static Picture Whole(uint32_t width)
    {
        Picture picture;
        picture.fourcc = VDC_FOURCC_YUYV;
        picture.raster_width = width;
        picture.width = width;
        return picture;
    }
    Picture Cells() const
    {
        Picture picture = Whole(width_);
        picture.width = 64;
        return picture;
    }

    uint32_t width_, height_, stride_;
    std::vector<uint8_t> bars_;
};

int Fail(const char *what, int status)
{
    std::printf("%s: %s: %s\n", what, vdc_status_name(status), vdc_error_text());
    return 1;
}

} // namespace

int main(int argc, char **argv)
{
    uint32_t width = 0, height = 0;
    if (argc < 5 || std::sscanf(argv[2], "%" SCNu32 "x%" SCNu32, &width, &height) != 2 ||
        width < 64 || width % 8 != 0 || height < 16)
        return 2;
    const unsigned long frames = std::strtoul(argv[3], nullptr, 10);

    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    vdc_stats stats = VDC_STATS_INIT;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    vdc_format wish = {};
    wish.fourcc = VDC_FOURCC_YUYV;
    wish.width_px = width;
    wish.height_px = height;
    int status = vdc_context_create(&context, nullptr);
    if (status == VDC_OK)
        status = vdc_device_open(&device, context, argv[1], 0);
    if (status == VDC_OK)
        status = vdc_device_negotiate(&answer, device, &wish);
    config.format = answer.format;
    config.buffer_count = static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10));
    if (status == VDC_OK)
        status = vdc_stream_open(&stream, device, &config);
    if (status == VDC_OK)
        status = vdc_stream_get_info(&info, stream);
    if (status == VDC_OK)
        status = vdc_stream_start(stream);
    if (status != VDC_OK || answer.format.width_px != width || answer.format.height_px != height)
        return Fail(argv[1], status);

    const Judge judge(width, height, info.format.stride_bytes);
    unsigned long bad = 0, taken = 0;
    const auto begun = std::chrono::steady_clock::now();
    for (; taken < frames; taken++) {
        const vdc_frame *frame = nullptr;
        status = vdc_stream_wait(&frame, stream, 10000);
        if (status != VDC_OK)
            return Fail("wait", status);
        if (!judge.IsRight(*frame, static_cast<uint32_t>(frame->sequence)))
            bad++;
        (void)vdc_stream_release(stream, frame);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    status = vdc_stream_get_stats(&stats, stream);
    if (status != VDC_OK)
        return Fail("statistics", status);
    uint64_t dropped = 0;
    for (uint64_t count : stats.dropped)
        dropped += count;
    (void)vdc_stream_stop(stream);
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    std::printf("frames=%lu bad=%lu dropped=%" PRIu64 " copies=%" PRIu64 " copied_bytes=%" PRIu64
                " rate=%.2f\n",
                taken, bad, dropped, stats.copies, stats.copied_bytes,
                static_cast<double>(taken) / took.count());
    return bad != 0 || dropped != 0 || stats.copies != 0;
}
