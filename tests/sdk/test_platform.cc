// SPDX-License-Identifier: MIT
// What backends get from the platform: files, conditions, threads, pollable handles.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "handles.h"

extern "C" {
#include "platform.h"
}

namespace {

std::string scratch(const char *name)
{
    return ::testing::TempDir() + "vidicon-" + std::to_string(getpid()) + name;
}

TEST(Platform, FilesAreReplacedAsAWhole)
{
    std::string path = scratch("file");
    const uint8_t *bytes;
    size_t size;
    ASSERT_EQ(VDC_OK, vdi_file_write(path.c_str(), "first", 5)) << vdc_error_text();
    ASSERT_EQ(VDC_OK, vdi_file_open(&bytes, &size, path.c_str()));
    ASSERT_EQ(VDC_OK, vdi_file_write(path.c_str(), "second!", 7));
    EXPECT_EQ(5u, size);
    EXPECT_EQ(0, memcmp(bytes, "first", 5)) << "who reads the old one keeps it";
    vdi_file_close(bytes, size);
    ASSERT_EQ(VDC_OK, vdi_file_open(&bytes, &size, path.c_str()));
    EXPECT_EQ(0, memcmp(bytes, "second!", 7));
    vdi_file_close(bytes, size);
    ASSERT_EQ(VDC_OK, vdi_file_write(path.c_str(), "", 0));
    ASSERT_EQ(VDC_OK, vdi_file_open(&bytes, &size, path.c_str()));
    EXPECT_EQ(0u, size);
    EXPECT_NE(nullptr, bytes);
    vdi_file_close(bytes, size);
    unlink(path.c_str());
}

TEST(Platform, FilesThatCannotBe)
{
    const uint8_t *bytes;
    size_t size;
    EXPECT_EQ(VDC_E_NOT_FOUND, vdi_file_open(&bytes, &size, "/no/such/file"));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "/no/such/file"));
    EXPECT_EQ(VDC_E_INVALID, vdi_file_open(&bytes, &size, "/"));
    EXPECT_EQ(VDC_E_NOT_FOUND, vdi_file_write("/no/such/file", "x", 1));
}

TEST(Platform, ConditionsEndAtTheirDeadline)
{
    vdi_mutex *mutex;
    vdi_cond *cond;
    ASSERT_EQ(VDC_OK, vdi_mutex_create(&mutex));
    ASSERT_EQ(VDC_OK, vdi_cond_create(&cond));
    vdi_mutex_lock(mutex);
    int64_t deadline = vdi_now_ns() + 20000000;
    while (!vdi_cond_wait(cond, mutex, deadline)) {
    }
    EXPECT_GE(vdi_now_ns(), deadline);
    EXPECT_EQ(1, vdi_cond_wait(cond, mutex, 0));
    EXPECT_EQ(1, vdi_cond_wait(cond, mutex, INT64_MIN));
    vdi_mutex_unlock(mutex);
    vdi_cond_destroy(cond);
    vdi_mutex_destroy(mutex);
    vdi_cond_destroy(nullptr);
    vdi_mutex_destroy(nullptr);
}

TEST(Platform, Threads)
{
    struct Seen {
        vdi_mutex *mutex;
        vdi_thread *thread = nullptr;
        int current = -1;
    } seen;
    ASSERT_EQ(VDC_OK, vdi_mutex_create(&seen.mutex));
    vdi_mutex_lock(seen.mutex);
    ASSERT_EQ(VDC_OK, vdi_thread_create(
                          &seen.thread,
                          [](void *argument) {
                              Seen *mine = static_cast<Seen *>(argument);
                              vdi_mutex_lock(mine->mutex);
                              mine->current = vdi_thread_is_current(mine->thread);
                              vdi_mutex_unlock(mine->mutex);
                          },
                          &seen, "a name longer than fifteen"));
    EXPECT_EQ(0, vdi_thread_is_current(seen.thread));
    vdi_mutex_unlock(seen.mutex);
    vdi_thread_join(seen.thread);
    EXPECT_EQ(1, seen.current);
    vdi_thread_join(nullptr);
    EXPECT_EQ(0, vdi_thread_is_current(nullptr));
    vdi_mutex_destroy(seen.mutex);
}

bool readable(const struct vdi_pollable *pollable)
{
    return handle_is_ready(vdi_pollable_handle(pollable), 0);
}

TEST(Platform, PollablesAreReadyFromSetToClear)
{
    struct vdi_pollable *pollable;
    ASSERT_EQ(VDC_OK, vdi_pollable_create(&pollable, VDI_NO_HANDLE));
    EXPECT_FALSE(readable(pollable));
    vdi_pollable_set(pollable);
    EXPECT_TRUE(readable(pollable));
    EXPECT_TRUE(readable(pollable)) << "a look takes nothing";
    vdi_pollable_clear(pollable);
    EXPECT_FALSE(readable(pollable));
    vdi_pollable_destroy(pollable);
}

TEST(Platform, PollablesJoinAnotherHandle)
{
    struct vdi_pollable *pollable;
    vdc_handle native = handle_create();
    if (!handles_can_be_joined()) {
        EXPECT_EQ(VDC_E_UNSUPPORTED, vdi_pollable_create(&pollable, 9999));
        return;
    }
    ASSERT_EQ(VDC_OK, vdi_pollable_create(&pollable, native));
    EXPECT_FALSE(readable(pollable));
    ASSERT_EQ(0, handle_set(native, true));
    EXPECT_TRUE(readable(pollable));
    ASSERT_EQ(0, handle_set(native, false));
    EXPECT_FALSE(readable(pollable));
    vdi_pollable_set(pollable);
    EXPECT_TRUE(readable(pollable));
    vdi_pollable_clear(pollable);
    EXPECT_FALSE(readable(pollable));
    vdi_pollable_destroy(pollable);
    handle_destroy(native);
    EXPECT_EQ(VDC_E_IO, vdi_pollable_create(&pollable, 9999));
}

TEST(Platform, PagesAreAligned)
{
    for (size_t alignment : {size_t{0}, size_t{64}, size_t{4096}, size_t{65536}}) {
        void *memory = vdi_pages_allocate(100, alignment);
        ASSERT_NE(nullptr, memory);
        EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(memory) % (alignment > 4096 ? alignment : 4096));
        vdi_pages_free(memory);
    }
    EXPECT_EQ(nullptr, vdi_pages_allocate(SIZE_MAX, 0));
}

} // namespace
