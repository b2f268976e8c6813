/* SPDX-License-Identifier: MIT */
/*
 * For what can only be judged by the clock of a machine that others use, too: a hiccup spoils one
 * attempt, a defect of the product all of them. What counters or the model's time can tell needs no patience.
 */
#ifndef SUPPORT_PATIENCE_H
#define SUPPORT_PATIENCE_H

#include <gtest/gtest.h>

/* Holds if one of `attempts` (3 to 5) does; else what the last one said. `attempt` makes everything
 * anew, and returns a testing::AssertionResult. */
template <typename Attempt> testing::AssertionResult Patiently(int attempts, Attempt attempt)
{
    testing::AssertionResult result = testing::AssertionFailure() << "nothing was tried";

    for (int i = 0; i < attempts && !result; i++)
        result = attempt();
    if (!result)
        result << "; " << attempts << " attempts";
    return result;
}

#endif
