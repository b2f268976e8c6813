/* SPDX-License-Identifier: MIT */
#include "fault_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../vm/guest/rig_client.h"
#include "../vm/protocol.h"
#include "vidicon_brand.h"

#define DEVICES "/sys/bus/pci/devices"
#define DRIVER  "/sys/bus/pci/drivers/" VIDICON_BRAND_LINUX_DRIVER_NAME

static char card[64];
static char answer[VMR_LINE_BYTES];

uint64_t fault_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

void fault_sleep_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

/* ---- The rig ---- */

static unsigned long attribute(const char *device, const char *name)
{
    char path[512], text[32] = "";
    FILE *file;

    (void)snprintf(path, sizeof path, DEVICES "/%s/%s", device, name);
    file = fopen(path, "re");
    if (!file) {
        return 0;
    }
    if (!fgets(text, sizeof text, file)) {
        text[0] = '\0';
    }
    (void)fclose(file);
    return strtoul(text, NULL, 0);
}

int fault_rig_open(void)
{
    DIR *folder = opendir(DEVICES);
    struct dirent *entry;

    while (folder && !card[0] && (entry = readdir(folder)) != NULL) {
        if (attribute(entry->d_name, "vendor") == VIDICON_BRAND_PCI_VENDOR_ID &&
            attribute(entry->d_name, "device") == VIDICON_BRAND_PCI_DEVICE_ID) {
            (void)snprintf(card, sizeof card, "%.60s", entry->d_name);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
    if (!card[0]) {
        printf("there is no card in this machine\n");
        return -1;
    }
    return fault_rig_ask("ping");
}

int fault_rig_ask(const char *request)
{
    int tries = 500, rig, result;

    /* One at a time may have the line; others in the guest want it, too. */
    while ((rig = vmr_rig_open()) < 0 && tries-- > 0) {
        fault_sleep_ms(10);
    }
    if (rig < 0) {
        printf("there is no rig around this machine, or it is in use\n");
        return -1;
    }
    result = vmr_rig_call(rig, answer, sizeof answer, "%s", request);
    vmr_rig_close(rig);
    if (result) {
        printf("rig: %s: %s\n", request, answer);
    }
    return result;
}

int fault_rig_arm(const char *script)
{
    char request[512];

    (void)snprintf(request, sizeof request, "faults 0%s%s", *script ? " " : "", script);
    return fault_rig_ask(request);
}

static int get(const char *name, uint64_t *value)
{
    if (vmr_rig_value(answer, name, value) != 0) {
        printf("the rig says nothing of %s\n", name);
        return -1;
    }
    return 0;
}

int fault_rig_ledger(struct fault_ledger *out)
{
    const struct {
        const char *name;
        uint64_t *value;
    } values[] = {
        {"produced",   &out->produced  },
        {"good",       &out->good      },
        {"fifo",       &out->fifo      },
        {"no_buffer",  &out->no_buffer },
        {"no_signal",  &out->no_signal },
        {"dma",        &out->dma       },
        {"reads",      &out->reads     },
        {"writes",     &out->writes    },
        {"boots",      &out->boots     },
        {"programmed", &out->programmed}
    };

    if (fault_rig_ask("ledger 0")) {
        return -1;
    }
    for (size_t n = 0; n < sizeof values / sizeof values[0]; n++) {
        if (get(values[n].name, values[n].value)) {
            return -1;
        }
    }
    return 0;
}

int fault_rig_injected(const char *kind, uint64_t *count)
{
    return fault_rig_ask("injected 0") || get(kind, count) ? -1 : 0;
}

int fault_rig_slot(unsigned slot, uint64_t *version)
{
    char request[32];

    (void)snprintf(request, sizeof request, "slot 0 %u", slot);
    return fault_rig_ask(request) || get("version", version) ? -1 : 0;
}

/* ---- The driver ---- */

static int say(const char *file)
{
    char path[512];
    size_t length = strlen(card);
    int fd, done;

    (void)snprintf(path, sizeof path, DRIVER "/%s", file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        printf("%s: %s\n", path, strerror(errno));
        return -1;
    }
    done = write(fd, card, length) == (ssize_t)length;
    (void)close(fd);
    return done ? 0 : -1;
}

int fault_driver_bound(void)
{
    char path[512];

    (void)snprintf(path, sizeof path, DRIVER "/%s", card);
    return access(path, F_OK) == 0;
}

int fault_driver_unbind(void)
{
    if (fault_driver_bound() && say("unbind")) {
        printf("the driver does not let go of the card\n");
        return -1;
    }
    return 0;
}

int fault_driver_bind(void)
{
    return say("bind");
}

static int find_node(char *path, size_t room)
{
    char place[512];
    DIR *folder;
    struct dirent *entry;
    int found = -1;

    (void)snprintf(place, sizeof place, DEVICES "/%s/video4linux", card);
    folder = opendir(place);
    while (folder && found && (entry = readdir(folder)) != NULL) {
        char name[300];

        (void)snprintf(name, sizeof name, "video4linux/%.200s/index", entry->d_name);
        if (entry->d_name[0] != 'v' || attribute(card, name) != 0) {
            continue;
        }
        (void)snprintf(path, room, "/dev/%.60s", entry->d_name);
        found = access(path, F_OK);
    }
    if (folder) {
        (void)closedir(folder);
    }
    return found;
}

int fault_driver_node(char *path, size_t room, int patience_ms)
{
    uint64_t end = fault_now_ms() + (uint64_t)patience_ms;

    while (find_node(path, room)) {
        if (fault_now_ms() > end) {
            return -1;
        }
        fault_sleep_ms(20);
    }
    return 0;
}

/* ---- The picture ---- */

int fault_picture_is_right(const uint8_t *picture, uint32_t stride_bytes, uint32_t *number)
{
    static const uint8_t bars[8][3] = {
        {180, 128, 128},
        {162, 44,  142},
        {131, 156, 44 },
        {112, 72,  58 },
        {84,  184, 198},
        {65,  100, 212},
        {35,  212, 114},
        {16,  128, 128}
    };
    uint32_t n = 0;

    for (uint32_t cell = 0; cell < 32; cell++) {
        n = n << 1 |
            (picture[(size_t)(cell / 16 * 8 + 4) * stride_bytes + (cell % 16 * 4 + 2) * 2] > 128);
    }
    *number = n;
    for (uint32_t y = 0; y < 64; y++) {
        const uint8_t *line = picture + (size_t)y * stride_bytes;

        for (uint32_t x = 0; x < 64; x++) {
            const uint8_t *own = bars[(x + 2 * n) % 64 / 8];
            const uint8_t *even = bars[((x & ~1u) + 2 * n) % 64 / 8];
            uint8_t luma = own[0], chroma = even[1 + x % 2];

            if (y < 16) {
                luma = n >> (31 - (y / 8 * 16 + x / 4)) & 1 ? 235 : 16;
                chroma = 128;
            }
            if (line[x * 2] != luma || line[x * 2 + 1] != chroma) {
                printf("picture %u: line %u, pixel %u is wrong\n", n, y, x);
                return 0;
            }
        }
    }
    return 1;
}
