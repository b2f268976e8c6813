/* SPDX-License-Identifier: MIT */
/*
 * Programs run with their output in files: no pipe can fill up.
 */
#include "support.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <png.h>

extern "C" const char SAMPLES_TOOL[], SAMPLES_FOLDER[];

Scratch::Scratch()
{
    const char *base = std::getenv("TMPDIR");
    std::string form = std::string(base ? base : "/tmp") + "/samples-XXXXXX";

    path_ = mkdtemp(&form[0]) ? form : ".";
}

Scratch::~Scratch()
{
    if (path_ != ".") {
        run({"rm", "-rf", path_});
    }
}

bool exists(const std::string &path)
{
    struct stat info;

    return stat(path.c_str(), &info) == 0;
}

std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;

    bytes << file.rdbuf();
    return bytes.str();
}

// An unnamed file for a program's output.
static int open_unnamed()
{
    FILE *file = std::tmpfile();
    int fd = dup(fileno(file));

    std::fclose(file);
    return fd;
}

static std::string read_back(int fd)
{
    std::string text;
    char buffer[65536];
    ssize_t count;

    lseek(fd, 0, SEEK_SET);
    while ((count = read(fd, buffer, sizeof(buffer))) > 0) {
        text.append(buffer, static_cast<size_t>(count));
    }
    close(fd);
    return text;
}

// What comes from a terminal until the program at its other end is gone.
static std::string read_terminal(int fd)
{
    std::string text;
    char buffer[4096];
    ssize_t count;

    while ((count = read(fd, buffer, sizeof(buffer))) > 0) {
        text.append(buffer, static_cast<size_t>(count));
    }
    close(fd);
    return text;
}

Result run(const std::vector<std::string> &command, const RunOptions &options)
{
    std::vector<char *> argv;
    Result result;
    int out = open_unnamed(), err = -1, terminal = -1;

    if (options.terminal) {
        terminal = posix_openpt(O_RDWR | O_NOCTTY);
        EXPECT_TRUE(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
        err = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    } else {
        err = open_unnamed();
    }
    for (const std::string &word : command) {
        argv.push_back(const_cast<char *>(word.c_str()));
    }
    argv.push_back(nullptr);

    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out, 1);
        dup2(err, 2);
        execvp(argv[0], argv.data());
        _exit(127);
    }
    if (!options.interrupt_file.empty()) {
        struct stat info = {};
        for (int tries = 0;
             tries < 2000 && (stat(options.interrupt_file.c_str(), &info) != 0 ||
                              static_cast<size_t>(info.st_size) < options.interrupt_bytes);
             tries++) {
            poll(nullptr, 0, 10);
        }
        kill(child, SIGINT);
    }
    if (options.terminal) {
        close(err);
        result.err = read_terminal(terminal);
    }
    int status = 0;
    waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = read_back(out);
    if (!options.terminal) {
        result.err = read_back(err);
    }
    return result;
}

Result tool(std::vector<std::string> arguments, const RunOptions &options)
{
    arguments.insert(arguments.begin(), SAMPLES_TOOL);
    return run(arguments, options);
}

Result sample(const std::string &name, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), std::string(SAMPLES_FOLDER) + "/" + name);
    return run(arguments);
}

Pixel Picture::at(uint32_t x, uint32_t y) const
{
    const uint8_t *pixel = &rgb[(static_cast<size_t>(y) * width + x) * 3];

    return {pixel[0], pixel[1], pixel[2]};
}

Picture read_png(const std::string &path)
{
    Picture picture;
    png_image image;

    std::memset(&image, 0, sizeof(image));
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path.c_str())) {
        return picture;
    }
    image.format = PNG_FORMAT_RGB;
    picture.rgb.resize(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr)) {
        return Picture();
    }
    picture.width = image.width;
    picture.height = image.height;
    return picture;
}

// 75 % bars, from left to right. Their R, G and B, and what only their luma gives.
static const struct {
    Pixel colour;
    int grey;
} bars[8] = {
    {{191, 191, 191}, 191},
    {{191, 191, 0},   170},
    {{0, 191, 191},   134},
    {{0, 191, 0},     112},
    {{191, 0, 191},   79 },
    {{191, 0, 0},     57 },
    {{0, 0, 191},     22 },
    {{0, 0, 0},       0  },
};

std::string check_bars(const Picture &picture, uint32_t number, bool grey)
{
    std::ostringstream report;

    for (uint32_t bar = 0; bar < 8 && picture.width > 0; bar++) {
        // The middle of the bar, at 1/16, 3/16 and so on, moved to the left by 2 pixels a picture.
        uint32_t middle = picture.width * (2 * bar + 1) / 16;
        uint32_t x = (middle + picture.width - 2 * number % picture.width) % picture.width;
        Pixel want = bars[bar].colour;
        if (grey) {
            want = {bars[bar].grey, bars[bar].grey, bars[bar].grey};
        }
        for (uint32_t y : {picture.height / 3, picture.height - 1}) {
            Pixel is = picture.at(x, y);
            if (std::abs(is.r - want.r) > 3 || std::abs(is.g - want.g) > 3 ||
                std::abs(is.b - want.b) > 3) {
                report << "bar " << bar << " at " << x << "," << y << " is " << is.r << " " << is.g
                       << " " << is.b << ", not " << want.r << " " << want.g << " " << want.b
                       << "\n";
            }
        }
    }
    return picture.width > 0 ? report.str() : "no picture";
}

Clip parse_y4m(const std::string &bytes, size_t frame_bytes)
{
    Clip clip;
    size_t at = bytes.find('\n');

    if (at == std::string::npos) {
        return clip;
    }
    std::string header = bytes.substr(0, at++);
    for (; at < bytes.size(); at += 6 + frame_bytes) {
        if (bytes.compare(at, 6, "FRAME\n") != 0 || bytes.size() - at < 6 + frame_bytes) {
            return Clip();
        }
        clip.frames.push_back(bytes.substr(at + 6, frame_bytes));
    }
    clip.header = header;
    return clip;
}

uint32_t frame_number(const std::string &luma, size_t stride)
{
    uint32_t number = 0;

    // Two rows of 16 cells of 4 x 8 pixels, the most significant bit first.
    for (size_t cell = 0; cell < 32; cell++) {
        size_t x = cell % 16 * 4 + 2, y = cell / 16 * 8 + 4;
        number = number << 1 | (static_cast<uint8_t>(luma[y * stride + x]) > 125 ? 1u : 0u);
    }
    return number;
}

Json parse_json(const std::string &text)
{
    json_error_t error;
    Json root(json_loads(text.c_str(), 0, &error), [](json_t *json) { json_decref(json); });

    EXPECT_TRUE(root) << error.text << ", line " << error.line << ":\n" << text;
    return root;
}

static const json_t *find(const json_t *root, const std::vector<std::string> &path)
{
    for (const std::string &name : path) {
        root = json_object_get(root, name.c_str());
    }
    return root;
}

long long json_number(const json_t *root, const std::vector<std::string> &path)
{
    const json_t *value = find(root, path);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

std::string json_text(const json_t *root, const std::vector<std::string> &path)
{
    const json_t *value = find(root, path);

    return json_is_string(value) ? json_string_value(value) : "";
}
