/* SPDX-License-Identifier: MIT */
/* Runs vdfwbuild as a user does, in a scratch folder of the test's own. */
#ifndef TESTS_FIRMWARE_BUILDER_H
#define TESTS_FIRMWARE_BUILDER_H

#include <cstdint>
#include <string>
#include <vector>

extern "C" const char VDFWBUILD[], FIRMWARE_DIR[], LSAN_SUPPRESSIONS[], DESCRIPTIONS_DIR[];

struct Outcome {
    int status; /* exit status, -1 after a signal */
    std::string out;
    std::string err;
};

class Builder {
  public:
    Builder();
    ~Builder();

    /* Runs vdfwbuild with these arguments, inside `folder` if it is not empty. */
    Outcome run(const std::vector<std::string> &arguments, const std::string &folder = "");

    /* Builds and returns the image; fails the test if that does not work. */
    std::vector<uint8_t> build(const std::string &description,
                               const std::vector<std::string> &options = {});

    std::string path(const std::string &name) const { return folder_ + "/" + name; }

  private:
    std::string folder_;
};

std::vector<uint8_t> read_bytes(const std::string &path);
std::string read_text(const std::string &path);
void write_bytes(const std::string &path, const void *bytes, size_t count);
bool exists(const std::string &path);

#endif
