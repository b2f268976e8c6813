// SPDX-License-Identifier: MIT
// Files that only POSIX systems have.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

extern "C" {
#include "platform.h"
}

namespace {

TEST(PlatformPosix, FilesThatAreNone)
{
    const uint8_t *bytes;
    size_t size;
    std::string fifo = ::testing::TempDir() + "vidicon-" + std::to_string(getpid()) + "fifo";
    ASSERT_EQ(0, mkfifo(fifo.c_str(), 0600));
    EXPECT_EQ(VDC_E_INVALID, vdi_file_open(&bytes, &size, fifo.c_str()))
        << "and does not wait for a writer";
    unlink(fifo.c_str());
    EXPECT_NE(VDC_OK, vdi_file_write("/proc/vidicon", "x", 1));
}

} // namespace
