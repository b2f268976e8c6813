/* SPDX-License-Identifier: MIT */
/* The card seen from user space, by way of sysfs: find, where, registers, ports, gone. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vdh_layouts.h"
#include "vdh_regs.h"
#include "vidicon_brand.h"

#define DEVICES "/sys/bus/pci/devices"

static char card[64];

static int fail(const char *what, unsigned long long got)
{
    (void)printf("%s: %#llx\n", what, got);
    return 1;
}

static unsigned long long attribute(const char *device, const char *name)
{
    char path[512], text[64] = "";
    FILE *file;

    (void)snprintf(path, sizeof path, DEVICES "/%s/%s", device, name);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    (void)fclose(file);
    return strtoull(text, NULL, 0);
}

static int find(void)
{
    DIR *folder = opendir(DEVICES);
    struct dirent *entry;
    unsigned count = 0;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (attribute(entry->d_name, "vendor") != VIDICON_BRAND_PCI_VENDOR_ID ||
            attribute(entry->d_name, "device") != VIDICON_BRAND_PCI_DEVICE_ID)
            continue;
        (void)snprintf(card, sizeof card, "%.60s", entry->d_name);
        count++;
    }
    if (folder)
        (void)closedir(folder);
    if (count != 1)
        return fail("cards found", count);
    if (attribute(card, "class") != 0x040000)
        return fail("class", attribute(card, "class"));
    if (attribute(card, "subsystem_device") != VIDICON_BRAND_PCI_SUBSYSTEM_ID)
        return fail("subsystem", attribute(card, "subsystem_device"));
    return 0;
}

static int enable(void)
{
    char path[512];
    int file, done;

    (void)snprintf(path, sizeof path, DEVICES "/%s/enable", card);
    file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    done = write(file, "1", 1) == 1;
    (void)close(file);
    return done ? 0 : -1;
}

static int open_resource(unsigned bar)
{
    char path[512];

    (void)snprintf(path, sizeof path, DEVICES "/%s/resource%u", card, bar);
    return open(path, O_RDWR | O_CLOEXEC | O_SYNC);
}

static volatile uint32_t *map(void)
{
    int file = open_resource(0);
    void *memory;

    if (file < 0)
        return NULL;
    memory = mmap(NULL, VDH_R_SPACE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    (void)close(file);
    return memory == MAP_FAILED ? NULL : memory;
}

static int registers(volatile uint32_t *bar)
{
    static const uint32_t patterns[] = {0, 0xffffffff, 0xdeadbeef, 0x00000001, 0x80000000};
    uint32_t last = 0;

    if (bar[VDH_R_ARCH_ID / 4] != VDH_D_ARCH_ID)
        return fail("ARCH_ID", bar[VDH_R_ARCH_ID / 4]);
    if (bar[VDH_R_SERIAL / 4] != 0x49524d56) /* VMRI */
        return fail("SERIAL", bar[VDH_R_SERIAL / 4]);
    for (size_t n = 0; n < sizeof patterns / sizeof patterns[0]; n++) {
        bar[VDH_R_SCRATCH / 4] = patterns[n];
        if (bar[VDH_R_SCRATCH / 4] != patterns[n])
            return fail("SCRATCH", bar[VDH_R_SCRATCH / 4]);
    }
    for (unsigned n = 0; n < 100; n++) {
        uint32_t time;

        bar[VDH_R_TIME_LATCH / 4] = 1;
        time = bar[VDH_R_TIME_LO / 4];
        if (n && time - last == 0)
            return fail("the time counter stands at", time);
        last = time;
    }
    /* Where no register is, zero; this tells a mapped card from an empty bus. */
    if (bar[0x3f0 / 4] != 0)
        return fail("an empty place", bar[0x3f0 / 4]);
    return 0;
}

static int ports(void)
{
    int file = open_resource(1);
    uint32_t index = VDH_R_ARCH_ID, value = 0;
    int done;

    if (file < 0)
        return fail("no BAR1", 0);
    done = pwrite(file, &index, 4, VDH_O_PORTS_INDEX) == 4 &&
           pread(file, &value, 4, VDH_O_PORTS_DATA) == 4;
    (void)close(file);
    if (!done || value != VDH_D_ARCH_ID)
        return fail("ARCH_ID by INDEX and DATA", value);
    return 0;
}

static int gone(volatile uint32_t *bar)
{
    for (uint32_t n = 0; n < VDH_R_SPACE / 4; n += 64) {
        if (bar[n] != 0xffffffff)
            return fail("a card that is gone reads", bar[n]);
        bar[n] = 0;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    volatile uint32_t *bar;

    if (find())
        return 1;
    if (strcmp(what, "find") == 0)
        return 0;
    if (strcmp(what, "where") == 0)
        return puts(card) < 0;
    if (enable())
        return fail("cannot enable it", 0);
    bar = map();
    if (!bar)
        return fail("cannot map BAR0", 0);
    if (strcmp(what, "registers") == 0)
        return registers(bar);
    if (strcmp(what, "ports") == 0)
        return ports();
    if (strcmp(what, "gone") == 0)
        return gone(bar);
    (void)fprintf(stderr, "card_check find|where|registers|ports|gone\n");
    return 2;
}
