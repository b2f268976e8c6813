/* SPDX-License-Identifier: MIT */
/*
 * What a frame costs in CPU time of the whole process, on each path, beside the bare loop over the same
 * model. `frame_s` is seconds a frame; run.sh turns it into the table of docs/performance.md.
 */
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include "bare.h"
#include "loops.h"

namespace {

const char kCard[] = "sim:0?rate=max";
constexpr uint64_t kBatch = 4096;

void Frames(benchmark::State &state, uint64_t frames)
{
    state.counters["frame_s"] = benchmark::Counter(
        static_cast<double>(frames), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Bare(benchmark::State &state)
{
    bare *card = bare_open(64, 64, 1, 60);
    if (!card) {
        state.SkipWithError("the bare loop did not open");
        return;
    }
    uint64_t frames = 0;
    uint32_t number = 0;
    for (auto _ : state) {
        for (uint64_t i = 0; i < kBatch; ++i)
            benchmark::DoNotOptimize(bare_next(card, &number));
        frames += kBatch;
    }
    if (number + 1 != frames)
        state.SkipWithError("the bare loop lost frames");
    bare_close(card);
    Frames(state, frames);
}

void Path(benchmark::State &state, loop_path path, uint32_t width, uint32_t height, uint64_t batch)
{
    loop own;
    if (loop_open(&own, kCard, path, width, height, 1, 60) || loop_run(&own, 64) != 0) {
        state.SkipWithError("the stream did not open");
        return;
    }
    uint64_t frames = 0;
    int64_t switches = loop_switches();
    for (auto _ : state) {
        if (loop_run(&own, batch) != 0) {
            state.SkipWithError("a frame is missing");
            break;
        }
        frames += batch;
    }
    state.counters["switches"] =
        static_cast<double>(loop_switches() - switches) / static_cast<double>(frames);
    loop_close(&own);
    Frames(state, frames);
}

/* What writing the bytes of a 4K frame once costs: a copy of another frame, which is read as well; line by line from one
 * line in the cache; one value throughout, which the string instruction writes without fetching what was there. */
enum class Write { Copy, Lines, Fill };

/* Where a stream's buffers are as well, or the pages would be compared and not the work: four of them, which no cache
 * holds, each touched before, in large pages. Nothing can be written faster elsewhere. */
class Buffers {
  public:
    explicit Buffers(size_t count) : bytes_(count * kApart)
    {
        void *memory = nullptr;
        if (posix_memalign(&memory, kLarge, bytes_) != 0)
            std::abort();
        memory_ = static_cast<uint8_t *>(memory);
        (void)madvise(memory_, bytes_, MADV_HUGEPAGE);
        std::memset(memory_, 2, bytes_);
    }
    ~Buffers() { std::free(memory_); }
    Buffers(const Buffers &) = delete;
    Buffers &operator=(const Buffers &) = delete;
    uint8_t *at(size_t index) const { return memory_ + index * kApart; }

    static constexpr size_t kLine = 3840u * 2u;
    static constexpr size_t kFrame = kLine * 2160u;

  private:
    static constexpr size_t kLarge = size_t{2} << 20;
    static constexpr size_t kApart = (kFrame + kLarge - 1) / kLarge * kLarge;
    size_t bytes_;
    uint8_t *memory_;
};

void Write4K(benchmark::State &state, Write how)
{
    const size_t line = Buffers::kLine, bytes = Buffers::kFrame;
    Buffers from(1), to(4);
    size_t at = 0;
    for (auto _ : state) {
        uint8_t *out = to.at(at);
        if (how == Write::Copy)
            std::memcpy(out, from.at(0), bytes);
        else if (how == Write::Fill)
            std::memset(out, 3, bytes);
        else
            for (size_t done = 0; done < bytes; done += line)
                std::memcpy(out + done, from.at(0), line);
        benchmark::ClobberMemory();
        at = (at + 1) % 4; /* four buffers, as a stream has */
    }
    Frames(state, static_cast<uint64_t>(state.iterations()));
}

void Open(benchmark::State &state)
{
    for (auto _ : state) {
        loop own;
        if (loop_open(&own, kCard, LOOP_WAIT, 64, 64, 1, 60) || loop_run(&own, 1) != 0) {
            state.SkipWithError("the stream did not open");
            break;
        }
        state.PauseTiming();
        loop_close(&own);
        state.ResumeTiming();
    }
}

/* Several cards in one thread, a frame of each in turn. */
void Cards(benchmark::State &state)
{
    size_t count = static_cast<size_t>(state.range(0));
    std::vector<loop> loops(count);
    int64_t before = loop_resident_bytes(), begun = loop_now_ns();
    for (size_t i = 0; i < count; ++i) {
        std::string id = "sim:" + std::to_string(i) + "?rate=max";
        if (loop_open(&loops[i], id.c_str(), LOOP_WAIT, 64, 64, 1, 60) ||
            loop_run(&loops[i], 1) != 0) {
            state.SkipWithError("a card did not open");
            return;
        }
    }
    double opened_s = static_cast<double>(loop_now_ns() - begun) * 1e-9;
    for (loop &own : loops)
        loop_run(&own, 16);
    int64_t after = loop_resident_bytes();
    uint64_t frames = 0;
    for (auto _ : state) {
        for (int i = 0; i < 256; ++i)
            for (loop &own : loops)
                if (loop_run(&own, 1) != 0)
                    state.SkipWithError("a frame is missing");
        frames += 256 * count;
    }
    for (loop &own : loops)
        loop_close(&own);
    Frames(state, frames);
    state.counters["open_s"] = opened_s / static_cast<double>(count);
    state.counters["bytes"] = static_cast<double>(after - before) / static_cast<double>(count);
}

BENCHMARK(Bare)->Name("bare")->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Path, wait, LOOP_WAIT, 64, 64, kBatch)->Name("wait")->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Path, callback, LOOP_CALLBACK, 64, 64, kBatch)
    ->Name("callback")
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Path, handle, LOOP_HANDLE, 64, 64, kBatch)
    ->Name("handle")
    ->MeasureProcessCPUTime();
BENCHMARK(Open)->Name("open_to_first_frame")->UseRealTime();
BENCHMARK(Cards)
    ->Name("cards")
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->Arg(8)
    ->Arg(16)
    ->Iterations(40)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Path, four_k, LOOP_WAIT, 3840, 2160, 8)->Name("4k_wait")->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Write4K, memcpy, Write::Copy)->Name("4k_memcpy")->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Write4K, lines, Write::Lines)->Name("4k_lines")->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Write4K, memset, Write::Fill)->Name("4k_memset")->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
