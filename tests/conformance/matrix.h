/* SPDX-License-Identifier: MIT */
/*
 * The row of the parity matrix: what each case gave on this device. Also the clock that ends a run in
 * which a case hangs: then the row says so, which a killed process could not.
 */
#ifndef CONFORMANCE_MATRIX_H
#define CONFORMANCE_MATRIX_H

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

class Matrix : public ::testing::EmptyTestEventListener {
  public:
    /* `path` may be "": then only the watch is kept. `limit_s` is for one case. */
    Matrix(const std::string &row, const std::string &rig, const std::string &path, int limit_s);
    ~Matrix() override;

    void OnTestStart(const ::testing::TestInfo &test) override;
    void OnTestEnd(const ::testing::TestInfo &test) override;
    void Write();
    /* Cases that were skipped without a reason: a fault of the suite. */
    int Unexplained() const { return unexplained_; }

  private:
    struct Result {
        std::string name;
        std::string verdict; /* "pass", "FAIL" or "n.a." */
        std::string reason;
    };
    void Watch();

    std::string row_, rig_, path_;
    int limit_s_;
    int unexplained_ = 0;
    std::mutex mutex_;
    std::vector<Result> results_;
    std::string running_;
    int64_t begun_ms_ = 0; /* the case, or its last frame */
    uint64_t released_ = 0;
    std::atomic<bool> over_{false};
    std::thread watch_;
};

#endif
