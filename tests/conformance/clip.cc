/* SPDX-License-Identifier: MIT */
/*
 * clip_proof DEVICE-ID REFERENCE.y4m: captures as many frames as the 4:2:2 planar file has, as YUYV, and
 * compares each byte with the file's, repacked. Reads the file by itself, apart from the card's reader.
 * Exit status 0: all equal; 1: a pixel differs; 2: it could not be tried.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "vidicon/vidicon.h"

namespace {

struct Clip {
    uint32_t width = 0, height = 0;
    std::string bytes;
    std::vector<size_t> frames; /* offsets of the pixels */
};

[[noreturn]] void Die(const std::string &what)
{
    std::printf("%s\n", what.c_str());
    std::exit(2);
}

void Check(int status, const char *what)
{
    if (status != VDC_OK)
        Die(std::string(what) + ": " + vdc_status_name(status) + ": " + vdc_error_text());
}

Clip Read(const std::string &path)
{
    Clip clip;
    std::ifstream file(path, std::ios::binary);
    clip.bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    size_t end = clip.bytes.find('\n');
    if (clip.bytes.compare(0, 10, "YUV4MPEG2 ") != 0 || end == std::string::npos)
        Die(path + " is not a Y4M file");
    std::string header = clip.bytes.substr(0, end);
    size_t width = header.find(" W"), height = header.find(" H");
    if (header.find(" C422") == std::string::npos || width == std::string::npos ||
        height == std::string::npos)
        Die(path + " is not 4:2:2 planar");
    clip.width = static_cast<uint32_t>(std::atoi(header.c_str() + width + 2));
    clip.height = static_cast<uint32_t>(std::atoi(header.c_str() + height + 2));
    size_t size = static_cast<size_t>(clip.width) * clip.height * 2;
    for (size_t at = end + 1; clip.bytes.compare(at, 5, "FRAME") == 0;) {
        size_t pixels = clip.bytes.find('\n', at) + 1;
        if (pixels + size > clip.bytes.size())
            break;
        clip.frames.push_back(pixels);
        at = pixels + size;
        if (at >= clip.bytes.size())
            break;
    }
    if (clip.frames.empty())
        Die(path + " has no frames");
    return clip;
}

/* A line of a planar 4:2:2 frame as Y U Y V. */
void Pack(const Clip &clip, size_t frame, uint32_t line, std::vector<uint8_t> *out)
{
    const char *luma = clip.bytes.data() + clip.frames[frame];
    size_t size = static_cast<size_t>(clip.width) * clip.height;
    const char *u = luma + size + static_cast<size_t>(line) * (clip.width / 2);
    const char *v = u + size / 2;
    luma += static_cast<size_t>(line) * clip.width;
    out->resize(clip.width * 2);
    for (uint32_t x = 0; x < clip.width; ++x) {
        (*out)[2 * x] = static_cast<uint8_t>(luma[x]);
        (*out)[2 * x + 1] = static_cast<uint8_t>(x & 1 ? v[x / 2] : u[x / 2]);
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        Die("clip_proof DEVICE-ID REFERENCE.y4m");
    Clip clip = Read(argv[2]);

    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    Check(vdc_context_create(&context, nullptr), "context");
    Check(vdc_device_open(&device, context, argv[1], 0), "open");
    vdc_format wish = {};
    wish.fourcc = VDC_FOURCC_YUYV;
    wish.width_px = clip.width;
    wish.height_px = clip.height;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    Check(vdc_device_negotiate(&answer, device, &wish), "negotiate");
    if (answer.changed)
        Die(std::string("the device has no such format: ") + answer.reason);
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format = answer.format;
    Check(vdc_stream_open(&stream, device, &config), "stream");
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    Check(vdc_stream_get_info(&info, stream), "info");
    Check(vdc_stream_start(stream), "start");

    uint64_t compared = 0, different = 0;
    std::vector<uint8_t> wanted;
    for (size_t i = 0; i < clip.frames.size(); ++i) {
        const vdc_frame *frame = nullptr;
        Check(vdc_stream_wait(&frame, stream, 10000), "wait");
        if (frame->sequence != i)
            Die("a frame is missing");
        for (uint32_t line = 0; line < clip.height; ++line) {
            const uint8_t *got =
                frame->planes[0] + static_cast<size_t>(line) * info.planes[0].stride_bytes;
            Pack(clip, i, line, &wanted);
            for (size_t k = 0; k < wanted.size(); ++k) {
                if (got[k] != wanted[k] && different++ == 0)
                    std::printf("frame %zu, line %u, byte %zu: %u, not %u\n", i, line, k, got[k],
                                wanted[k]);
            }
            compared += wanted.size();
        }
        Check(vdc_stream_release(stream, frame), "release");
    }
    Check(vdc_stream_stop(stream), "stop");
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    std::printf("%zu frames of %u x %u, %llu bytes compared, %llu differ\n", clip.frames.size(),
                clip.width, clip.height, static_cast<unsigned long long>(compared),
                static_cast<unsigned long long>(different));
    return different != 0;
}
