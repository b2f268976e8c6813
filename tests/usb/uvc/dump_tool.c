/* SPDX-License-Identifier: MIT */
/* dump_tool TEXT BYTES HEX: a dump as the bytes a camera sends, behind what a fuzzer takes first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

int main(int argc, char **argv)
{
    static uint8_t bytes[65536];
    size_t before = 0;
    unsigned line = 0;
    long count;
    FILE *file;

    if (argc != 4 || strlen(argv[3]) > 512) {
        fprintf(stderr, "usage: dump_tool TEXT BYTES HEX\n");
        return 2;
    }
    for (const char *at = argv[3]; at[0] != '\0' && at[1] != '\0'; at += 2) {
        char pair[3] = {at[0], at[1], 0};

        bytes[before++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    count = uvc_dump_read(bytes + before, sizeof(bytes) - before, argv[1], &line);
    if (count < 0) {
        fprintf(stderr, "%s:%u: cannot be read\n", argv[1], line);
        return 1;
    }
    file = fopen(argv[2], "wb");
    if (!file || fwrite(bytes, 1, before + (size_t)count, file) != before + (size_t)count ||
        fclose(file)) {
        fprintf(stderr, "%s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}
