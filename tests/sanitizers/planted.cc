/* SPDX-License-Identifier: MIT */
/*
 * planted leak|overrun|race: one defect each, for the tools that must see it. Built like the tests.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

int shared_number;

/* The last one's address may stand in a register; those before it nowhere. */
int Leak()
{
    int sum = 0;
    for (int i = 0; i < 8; i++) {
        auto *memory = static_cast<volatile char *>(malloc(64));
        memory[1] = 1;
        sum += memory[1];
    }
    return sum - 8;
}

__attribute__((noinline)) int Overrun(int past)
{
    auto *memory = static_cast<volatile char *>(malloc(64));
    memory[63 + past] = 1;
    free(const_cast<char *>(memory));
    return 0;
}

int Race()
{
    std::thread other([] { shared_number++; });
    shared_number++;
    other.join();
    return shared_number - 2;
}

} // namespace

int main(int argc, char **argv)
{
    const char *defect = argc > 1 ? argv[1] : "";

    if (strcmp(defect, "leak") == 0)
        return Leak();
    if (strcmp(defect, "overrun") == 0)
        return Overrun(argc - 1);
    if (strcmp(defect, "race") == 0)
        return Race();
    return 2;
}
