// SPDX-License-Identifier: MIT
// What the runner must report, by --gtest_filter: a failed test, a crash, a program that never ends.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

TEST(Planted, Passes) {}

TEST(Planted, Fails)
{
    EXPECT_EQ(1, 2);
}

TEST(Planted, Crashes)
{
    __builtin_trap(); /* not a null pointer: for root, Wine maps memory there */
}

TEST(Planted, Hangs)
{
    for (;;) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}
