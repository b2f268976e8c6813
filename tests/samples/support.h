/* SPDX-License-Identifier: MIT */
/*
 * Runs programs as a person would, and reads what they leave: PNG by libpng, Y4M by hand, JSON by
 * Jansson.
 */
#ifndef SAMPLES_SUPPORT_H
#define SAMPLES_SUPPORT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <jansson.h>

struct Result {
    int status = -1; // exit status; 128 + number for a signal
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string interrupt_file; // SIGINT when this file has grown to interrupt_bytes
    size_t interrupt_bytes = 0;
    bool terminal = false; // standard error is a terminal
};

Result run(const std::vector<std::string> &command, const RunOptions &options = {});

// The tool with these arguments.
Result tool(std::vector<std::string> arguments, const RunOptions &options = {});
// A sample with these arguments.
Result sample(const std::string &name, std::vector<std::string> arguments);

// A folder that is deleted with everything in it.
class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

bool exists(const std::string &path);
std::string read_file(const std::string &path);

struct Pixel {
    int r, g, b;
};

struct Picture {
    uint32_t width = 0;
    uint32_t height = 0;
    std::vector<uint8_t> rgb;
    Pixel at(uint32_t x, uint32_t y) const;
};

// Empty if it is no PNG.
Picture read_png(const std::string &path);

// "" if the picture shows the colour bars of source picture `number` between its lines `from` and
// the last, else what is wrong. With `grey` only their luma.
std::string check_bars(const Picture &picture, uint32_t number, bool grey = false);

struct Clip {
    std::string header; // without the newline
    std::vector<std::string> frames;
};

// `frame_bytes` for each frame; `header` is empty if something does not fit.
Clip parse_y4m(const std::string &bytes, size_t frame_bytes);

// The number in the top left corner of a test picture, from a plane of luma.
uint32_t frame_number(const std::string &luma, size_t stride);

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

// NULL, with a failed expectation, if it is none.
Json parse_json(const std::string &text);
// A number below `root`, by the names on the way; -1 if there is none.
long long json_number(const json_t *root, const std::vector<std::string> &path);
std::string json_text(const json_t *root, const std::vector<std::string> &path);

#endif
