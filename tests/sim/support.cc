/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

vdc_format Thumbnail(uint32_t fourcc)
{
    vdc_format format = {};

    format.fourcc = fourcc;
    format.width_px = 64;
    format.height_px = 64;
    format.interval_s = {1, 240};
    return format;
}

void WithModel(uint32_t number, const std::function<void(vdm_card *)> &call)
{
    auto shim = [](vdm_card *model, void *user) {
        (*static_cast<const std::function<void(vdm_card *)> *>(user))(model);
    };
    ASSERT_EQ(
        vdi_sim_with_model(number, shim, const_cast<std::function<void(vdm_card *)> *>(&call)), 0);
}

std::unique_ptr<vdm_ledger> Ledger(uint32_t number)
{
    auto ledger = std::make_unique<vdm_ledger>();
    WithModel(number, [&](vdm_card *model) { *ledger = *vdm_get_ledger(model); });
    return ledger;
}

uint64_t Injected(const vdm_ledger &ledger, const std::string &kind)
{
    for (uint32_t i = 0; vdm_fault_name(i); i++) {
        if (kind == vdm_fault_name(i))
            return ledger.injected[i];
    }
    ADD_FAILURE() << "no fault of the name " << kind;
    return 0;
}

Card::Card(const std::string &options, uint32_t card_number, uint32_t flags) : number(card_number)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    std::string id = "sim:" + std::to_string(number);

    config.log = [](int, const char *line, void *user) {
        static_cast<std::vector<std::string> *>(user)->push_back(line);
    };
    config.log_user = &log;
    config.log_level = VDC_LOG_INFO;
    if (!options.empty())
        id += "?" + options;
    status = vdc_context_create(&context, &config);
    if (!status)
        status = vdc_device_open(&device, context, id.c_str(), flags);
    if (status)
        error = vdc_error_text();
}

vdi_sim_counts Card::Report() const
{
    vdi_sim_counts report = {};
    EXPECT_EQ(vdi_sim_report(&report, number), 0);
    return report;
}

vdc_stats Card::Stats() const
{
    vdc_stats stats = VDC_STATS_INIT;
    EXPECT_EQ(vdc_stream_get_stats(&stats, stream), VDC_OK) << vdc_error_text();
    return stats;
}

void Card::Close()
{
    if (stream)
        vdc_stream_close(stream);
    if (device) {
        EXPECT_EQ(Report().stray_accesses, stray_expected);
        EXPECT_EQ(Report().mapped_regions, 0u);
        vdc_device_close(device);
    }
    vdc_context_destroy(context);
    stream = nullptr;
    device = nullptr;
    context = nullptr;
}

Card::~Card()
{
    Close();
    vdi_sim_forget(number);
}

int Card::OpenStream(const vdc_format &format, uint32_t flags)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    int result = vdc_device_negotiate(&negotiation, device, &format);

    if (result)
        return result;
    EXPECT_EQ(negotiation.changed, 0u) << negotiation.reason;
    config.format = negotiation.format;
    config.flags = flags;
    return vdc_stream_open(&stream, device, &config);
}

std::vector<uint8_t> ExpectedFrame(const Card &card, uint64_t sequence,
                                   const std::vector<int32_t> *controls)
{
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    std::vector<uint8_t> out;

    EXPECT_EQ(vdc_stream_get_info(&info, card.stream), VDC_OK);
    WithModel(card.number, [&](vdm_card *model) {
        std::vector<uint8_t> line(65536);

        out.assign(info.frame_bytes, 0);
        for (uint32_t p = 0; p < info.plane_count; p++) {
            const vdc_plane_layout &plane = info.planes[p];
            for (uint32_t y = 0; y < plane.lines; y++) {
                uint32_t count =
                    vdm_expected_line(model, static_cast<uint32_t>(sequence), p, y,
                                      controls ? controls->data() : nullptr, line.data());
                if (count != plane.line_bytes) {
                    out.clear(); /* no such line: nothing can equal it */
                    return;
                }
                std::memcpy(&out[plane.offset_bytes + size_t(y) * plane.stride_bytes], line.data(),
                            count);
            }
        }
    });
    return out;
}

size_t FrameDifferences(const vdc_frame *frame, const std::vector<uint8_t> &expected)
{
    size_t differ = frame->used_bytes != expected.size();

    for (size_t i = 0; i < expected.size(); i++)
        differ += frame->planes[0][i] != expected[i];
    return differ;
}

size_t FrameDifferences(const Card &card, const vdc_frame *frame,
                        const std::vector<int32_t> *controls)
{
    return FrameDifferences(frame, ExpectedFrame(card, frame->sequence, controls));
}

std::string AccountDifferences(const vdc_stats &stats, const vdm_ledger &ledger, bool partial)
{
    std::string out;
    uint64_t sum = stats.delivered + stats.in_flight;
    auto compare = [&](const char *what, uint64_t told, uint64_t real) {
        if (partial ? told > real : told != real)
            out += std::string(what) + ": told " + std::to_string(told) + ", really " +
                   std::to_string(real) + "\n";
    };

    for (uint64_t lost : stats.dropped)
        sum += lost;
    if (sum != stats.produced)
        out += "produced " + std::to_string(stats.produced) + " is not the sum " +
               std::to_string(sum) + "\n";
    if (stats.in_flight)
        out += "in flight: " + std::to_string(stats.in_flight) + "\n";
    if (stats.dropped[VDC_DROP_UNKNOWN])
        out += "without a cause: " + std::to_string(stats.dropped[VDC_DROP_UNKNOWN]) + "\n";
    compare("produced", stats.produced, ledger.capture.produced);
    compare("good",
            stats.delivered + stats.dropped[VDC_DROP_STOPPED] + stats.dropped[VDC_DROP_GONE],
            ledger.capture.by_cause[VDM_CAUSE_GOOD]);
    compare("fifo", stats.dropped[VDC_DROP_DEVICE_FIFO], ledger.capture.by_cause[VDM_CAUSE_FIFO]);
    compare("no buffer", stats.dropped[VDC_DROP_NO_BUFFER],
            ledger.capture.by_cause[VDM_CAUSE_NO_BUFFER]);
    compare("no signal", stats.dropped[VDC_DROP_NO_SIGNAL],
            ledger.capture.by_cause[VDM_CAUSE_NO_SIGNAL]);
    compare("dma", stats.dropped[VDC_DROP_DMA], ledger.capture.by_cause[VDM_CAUSE_DMA]);
    return out;
}

/* Real time to open a card differs from machine to machine, so its faults are timed from now. */
static void SetScript(const Card &card, const std::string &script)
{
    WithModel(card.number, [&](vdm_card *model) {
        size_t at = script.find("time=") + 5, error_at = 0;
        const char *what = "";
        std::string timed =
            script.substr(0, at) +
            std::to_string(vdm_now_ns(model) / 1000 + std::strtoull(&script[at], nullptr, 10)) +
            script.substr(script.find_first_of(",;", at) == std::string::npos
                              ? script.size()
                              : script.find_first_of(",;", at));

        EXPECT_EQ(vdm_fault_script(model, timed.c_str(), timed.size(), &error_at, &what), 0)
            << timed << ": " << what;
    });
}

Capture RunCapture(Card &card, const CaptureOptions &options)
{
    Capture capture;
    std::vector<std::vector<uint8_t>> expected;

    /* Before the start: a card that loses its power can tell nothing any more. */
    for (size_t i = 0; i < options.frames && options.compare && options.ahead && !options.controls;
         i++)
        expected.push_back(ExpectedFrame(card, i));
    capture.end = vdc_stream_start(card.stream);
    if (capture.end) {
        capture.error = vdc_error_text();
        capture.start_failed = true;
        capture.ledger = Ledger(card.number);
        return capture;
    }
    if (!options.later.empty())
        SetScript(card, options.later);
    while (!capture.end && capture.frames.size() < options.frames) {
        const vdc_frame *frame = nullptr;
        int result = vdc_stream_wait(&frame, card.stream, options.timeout_ms);

        if (result == VDC_E_TIMEOUT && ++capture.timeouts < options.timeouts_most)
            continue;
        if (result) {
            capture.end = result;
            capture.error = vdc_error_text();
            break;
        }
        capture.frames.push_back({frame->sequence, frame->host_time_ns, frame->error_bound_ns,
                                  frame->clock, frame->flags});
        if (options.compare && frame->sequence < expected.size())
            capture.wrong += FrameDifferences(frame, expected[frame->sequence]) != 0;
        else if (options.compare)
            capture.wrong +=
                FrameDifferences(card, frame,
                                 options.controls ? options.controls(frame) : nullptr) != 0;
        EXPECT_EQ(vdc_stream_release(card.stream, frame), VDC_OK) << vdc_error_text();
    }
    capture.stop = vdc_stream_stop(card.stream);
    if (capture.stop && capture.error.empty())
        capture.error = vdc_error_text();
    capture.stats = card.Stats();
    capture.ledger = Ledger(card.number);
    return capture;
}

/* ---- Files ---- */

vdc_firmware_info FirmwareInfo(const Card &card)
{
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    EXPECT_EQ(vdc_device_get_firmware(&info, card.device), VDC_OK) << vdc_error_text();
    return info;
}

int UpdateFirmware(Card &card, const std::vector<uint8_t> &image)
{
    return vdc_device_update_firmware(card.device, image.data(), image.size(), nullptr, nullptr);
}

Scratch::Scratch(const std::string &name)
{
    std::random_device random;
    path = (std::filesystem::temp_directory_path() /
            ("sim-test-" + std::to_string(random()) + "-" + name))
               .generic_string();
}

Scratch::~Scratch()
{
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
}

std::string Escape(const std::string &text)
{
    std::string out;
    char code[4];

    for (unsigned char c : text) {
        if (c > 0x20 && c < 0x7f && c != '%' && c != '&') {
            out += static_cast<char>(c);
        } else {
            std::snprintf(code, sizeof(code), "%%%02x", static_cast<unsigned>(c));
            out += code;
        }
    }
    return out;
}

std::string Scratch::Escaped() const
{
    return Escape(path);
}

void Scratch::Write(const std::vector<uint8_t> &bytes) const
{
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good()) << path;
}

std::vector<uint8_t> ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::vector<uint8_t>(std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>());
}

std::vector<uint8_t> Scratch::Read() const
{
    return ReadFile(path);
}
