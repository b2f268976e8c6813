// SPDX-License-Identifier: MIT
// Files that only POSIX systems have.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
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

TEST(PlatformPosix, LargeMemoryBeginsWhereLargePagesDo)
{
    constexpr size_t large = size_t{2} << 20;
    for (size_t bytes : {large, large + 1, 3 * large - 100, 4 * large}) {
        auto *memory = static_cast<unsigned char *>(vdi_pages_allocate(bytes, 64));
        ASSERT_NE(nullptr, memory);
        EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(memory) % large) << bytes;
        memset(memory, 7, bytes);
        EXPECT_EQ(7, memory[bytes - 1]);
        vdi_pages_free(memory);
    }
    void *small = vdi_pages_allocate(large - 1, 0);
    ASSERT_NE(nullptr, small);
    vdi_pages_free(small);
    EXPECT_EQ(nullptr, vdi_pages_allocate(SIZE_MAX - large + 1, 0));
}

} // namespace
