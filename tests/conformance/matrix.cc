/* SPDX-License-Identifier: MIT */
/*
 * One case to a line, so that a shell can read it. A case that hangs ends the process: nothing after
 * it could be trusted.
 */
#include "matrix.h"

#include <cstdio>
#include <cstdlib>

#include "suite.h"

namespace {

std::string Quoted(const std::string &text)
{
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + "\"";
}

} // namespace

Matrix::Matrix(const std::string &row, const std::string &rig, const std::string &path, int limit_s)
    : row_(row), rig_(rig), path_(path), limit_s_(limit_s)
{
    watch_ = std::thread(&Matrix::Watch, this);
}

Matrix::~Matrix()
{
    over_ = true;
    watch_.join();
}

void Matrix::OnTestStart(const ::testing::TestInfo &test)
{
    std::lock_guard<std::mutex> lock(mutex_);
    running_ = std::string(test.test_suite_name()) + "." + test.name();
    begun_ms_ = NowMs();
}

void Matrix::OnTestEnd(const ::testing::TestInfo &test)
{
    std::lock_guard<std::mutex> lock(mutex_);
    Result result;
    result.name = running_;
    const ::testing::TestResult &outcome = *test.result();
    for (int i = 0; i < outcome.test_property_count(); ++i)
        result.reason = outcome.GetTestProperty(i).value();
    if (outcome.Failed()) {
        result.verdict = "FAIL";
        result.reason.clear();
    } else if (outcome.Skipped()) {
        result.verdict = "n.a.";
        if (result.reason.empty()) {
            std::printf("%s was skipped without a reason\n", running_.c_str());
            ++unexplained_;
        }
    } else {
        result.verdict = "pass";
    }
    results_.push_back(result);
    running_.clear();
}

void Matrix::Write()
{
    if (path_.empty())
        return;
    std::FILE *file = std::fopen(path_.c_str(), "w");
    if (!file) {
        std::printf("cannot write %s\n", path_.c_str());
        std::exit(1);
    }
    std::fprintf(file, "{\n\"row\": %s,\n\"library\": %s,\n\"rig\": %s,\n\"cases\": [\n",
                 Quoted(row_).c_str(), Quoted(vdc_version_text()).c_str(), Quoted(rig_).c_str());
    for (size_t i = 0; i < results_.size(); ++i)
        std::fprintf(file, "{\"case\": %s, \"result\": %s, \"note\": %s}%s\n",
                     Quoted(results_[i].name).c_str(), Quoted(results_[i].verdict).c_str(),
                     Quoted(results_[i].reason).c_str(), i + 1 < results_.size() ? "," : "");
    std::fprintf(file, "]\n}\n");
    std::fclose(file);
}

void Matrix::Watch()
{
    while (!over_) {
        SleepMs(20);
        std::lock_guard<std::mutex> lock(mutex_);
        /* Slow is not hung: under a sanitizer and beside others, large pictures take minutes. */
        if (shim::Released() != released_) {
            released_ = shim::Released();
            begun_ms_ = NowMs();
        }
        if (running_.empty() || NowMs() - begun_ms_ < static_cast<int64_t>(limit_s_) * 1000)
            continue;
        std::printf("[  FAILED  ] %s: it hangs, after %d s\ntold %llu lies\n", running_.c_str(),
                    limit_s_, static_cast<unsigned long long>(shim::Told()));
        results_.push_back({running_, "FAIL", "hangs"});
        Write();
        std::fflush(stdout);
        std::_Exit(3);
    }
}
