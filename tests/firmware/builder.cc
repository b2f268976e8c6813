/* SPDX-License-Identifier: MIT */
#include "builder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

namespace fs = std::filesystem;

std::string read_text(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;

    text << file.rdbuf();
    return text.str();
}

std::vector<uint8_t> read_bytes(const std::string &path)
{
    std::string text = read_text(path);

    return std::vector<uint8_t>(text.begin(), text.end());
}

void write_bytes(const std::string &path, const void *bytes, size_t count)
{
    std::ofstream file(path, std::ios::binary);

    file.write(static_cast<const char *>(bytes), static_cast<std::streamsize>(count));
}

bool exists(const std::string &path)
{
    return fs::exists(path);
}

Builder::Builder()
{
    std::string name = (fs::temp_directory_path() / "vdfwbuild-XXXXXX").string();

    folder_ = mkdtemp(name.data()) ? name : "";
    EXPECT_NE(folder_, "");
}

Builder::~Builder()
{
    std::error_code ignored;

    fs::remove_all(folder_, ignored);
}

static std::string quoted(const std::string &text)
{
    std::string out = "'";

    for (char letter : text) {
        out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    return out + "'";
}

Outcome Builder::run(const std::vector<std::string> &arguments, const std::string &folder)
{
    std::string command;
    Outcome outcome;
    int status;

    if (!folder.empty()) {
        command = "cd " + quoted(folder) + " && ";
    }
    command += "LSAN_OPTIONS=print_suppressions=0:suppressions=";
    command += LSAN_SUPPRESSIONS + std::string(" ");
    command += quoted(VDFWBUILD);
    for (const std::string &argument : arguments) {
        command += " " + quoted(argument);
    }
    command += " >" + quoted(path("stdout")) + " 2>" + quoted(path("stderr"));
    status = std::system(command.c_str());
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.out = read_text(path("stdout"));
    outcome.err = read_text(path("stderr"));
    return outcome;
}

std::vector<uint8_t> Builder::build(const std::string &description,
                                    const std::vector<std::string> &options)
{
    std::vector<std::string> arguments = {"-o", path("image.vdfw"), description};
    Outcome outcome;

    arguments.insert(arguments.end(), options.begin(), options.end());
    outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return read_bytes(path("image.vdfw"));
}
