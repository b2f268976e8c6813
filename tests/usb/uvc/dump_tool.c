/* SPDX-License-Identifier: MIT */
/* dump_tool TEXT BYTES: a dump as the bytes a camera sends, behind the speed that the fuzzer takes first. */
#include <stdio.h>

#include "dump.h"

int main(int argc, char **argv)
{
    static uint8_t bytes[65536];
    unsigned line = 0;
    long count;
    FILE *file;

    if (argc != 3) {
        fprintf(stderr, "usage: dump_tool TEXT BYTES\n");
        return 2;
    }
    bytes[0] = 2;
    count = uvc_dump_read(bytes + 1, sizeof(bytes) - 1, argv[1], &line);
    if (count < 0) {
        fprintf(stderr, "%s:%u: cannot be read\n", argv[1], line);
        return 1;
    }
    file = fopen(argv[2], "wb");
    if (!file || fwrite(bytes, 1, (size_t)count + 1, file) != (size_t)count + 1 || fclose(file)) {
        fprintf(stderr, "%s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}
