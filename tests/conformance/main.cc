/* SPDX-License-Identifier: MIT */
/*
 * The suite's program. Besides GoogleTest's own options:
 *   --device=ID  --rig=NAME  --row=TITLE  --matrix=FILE  --limit=SECONDS  --list-breaks
 * The environment may say the same: VIDICON_CONFORMANCE_DEVICE, _RIG, _BREAK.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "matrix.h"
#include "suite.h"

namespace {

std::unique_ptr<Rig> rig;

std::string FromEnvironment(const char *name, const char *otherwise)
{
    const char *value = std::getenv(name);
    return value ? value : otherwise;
}

bool Option(const char *argument, const char *name, std::string *value)
{
    size_t length = std::strlen(name);
    if (std::strncmp(argument, name, length) != 0 || argument[length] != '=')
        return false;
    *value = argument + length + 1;
    return true;
}

} // namespace

Rig &TheRig()
{
    return *rig;
}

int main(int argc, char **argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    std::string device = FromEnvironment("VIDICON_CONFORMANCE_DEVICE", "sim:0?rate=max");
    std::string name = FromEnvironment("VIDICON_CONFORMANCE_RIG", "");
    std::string lie = FromEnvironment("VIDICON_CONFORMANCE_BREAK", "");
    std::string row, matrix_file, limit = "120";
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--list-breaks") == 0) {
            shim::List();
            return 0;
        }
        if (!Option(argv[i], "--device", &device) && !Option(argv[i], "--rig", &name) &&
            !Option(argv[i], "--row", &row) && !Option(argv[i], "--matrix", &matrix_file) &&
            !Option(argv[i], "--limit", &limit)) {
            std::fprintf(stderr, "%s is not an option; see the head of main.cc\n", argv[i]);
            return 2;
        }
    }
    rig = MakeRig(name, device);
    if (!rig || !shim::Break(lie)) {
        std::fprintf(stderr, "there is no %s of that name\n", rig ? "break" : "rig");
        return 2;
    }

    Matrix *matrix =
        new Matrix(row.empty() ? device : row, rig->Name(), matrix_file, std::atoi(limit.c_str()));
    ::testing::UnitTest::GetInstance()->listeners().Append(matrix); /* which owns it */
    int result = RUN_ALL_TESTS();
    matrix->Write();
    if (matrix->Unexplained())
        result = 1;
    if (!lie.empty())
        std::printf("told %llu lies: %s\n", static_cast<unsigned long long>(shim::Told()),
                    lie.c_str());
    return result;
}
