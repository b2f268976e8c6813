/* SPDX-License-Identifier: MIT */
/*
 * firmware_check FOLDER TEST: firmware of the card under the kernel's driver, through the library, in a guest of
 * tests/vm (suite/firmware.sh). FOLDER holds the images. The rig's model says what the flash really holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_rig.h"
#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#define V1_0       0x01000000u
#define V1_1       0x01010000u
#define V1_2       0x01020000u
#define IMAGE_MOST 300000u
#define BOOT_MS    60000

static vdc_context *context;
static vdc_device *device;
static const char *folder;
static uint8_t image[IMAGE_MOST];
static size_t image_bytes;

static struct {
    uint64_t calls, done, total;
    uint64_t
        most; /* calls of an update: a busy machine may sleep through all but the last of one */
    int back;
} progress;

static int fail(const char *what)
{
    printf("%s: %s\n", what, vdc_error_text());
    return -1;
}

static int read_image(const char *name)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rbe");
    image_bytes = file ? fread(image, 1, sizeof image, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    if (!image_bytes) {
        printf("no image %s\n", path);
    }
    return image_bytes ? 0 : -1;
}

static void on_progress(uint64_t done, uint64_t total, void *user)
{
    (void)user;
    progress.calls++;
    progress.back |= done < progress.done || done > total;
    progress.done = done;
    progress.total = total;
}

static int open_card(void)
{
    uint64_t end = fault_now_ms() + BOOT_MS;
    char path[80], id[96];

    do {
        if (!fault_driver_node(path, sizeof path, BOOT_MS)) {
            (void)snprintf(id, sizeof id, "v4l2:%s", path);
            if (vdc_device_open(&device, context, id, 0) != VDC_OK) {
                return fail("opening");
            }
            if (vdc_device_get_info(device)->state == VDC_DEVICE_READY) {
                return 0;
            }
            vdc_device_close(device);
            device = NULL;
        }
        fault_sleep_ms(50);
    } while (fault_now_ms() < end);
    printf("the card does not come up\n");
    return -1;
}

static int reopen(void)
{
    vdc_device_close(device);
    device = NULL;
    return open_card();
}

/* What runs, from where (0: RAM; 1: the active slot; 2: the other one, on trial). */
static int runs(uint32_t version, int from)
{
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    uint32_t slot;

    if (vdc_device_get_firmware(&info, device) != VDC_OK) {
        return fail("firmware");
    }
    slot = info.source - VDC_FIRMWARE_SLOT_A + 1;
    printf("runs %#x from %u, trial %u, active %u, slots %#x %#x\n", info.running, info.source,
           info.on_trial, info.active_slot, info.slot_version[0], info.slot_version[1]);
    if (info.running == version &&
        (from == 0 ? info.source == VDC_FIRMWARE_RAM
         : from == 1
             ? info.source >= VDC_FIRMWARE_SLOT_A && !info.on_trial && slot == info.active_slot
             : info.source >= VDC_FIRMWARE_SLOT_A && info.on_trial == 1)) {
        return 0;
    }
    printf("%#x was to run, from %s\n", version,
           from == 0   ? "RAM"
           : from == 1 ? "the active slot"
                       : "a slot on trial");
    return -1;
}

/* The library says what the model knows of its flash. */
static int slots_are_true(void)
{
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;

    if (vdc_device_get_firmware(&info, device) != VDC_OK) {
        return fail("firmware");
    }
    for (unsigned slot = 0; slot < 2; slot++) {
        uint64_t version;
        uint32_t ours = info.slot_state[slot] == VDC_SLOT_GOOD ? info.slot_version[slot] : 0;

        if (fault_rig_slot(slot, &version)) {
            return -1;
        }
        if (version != ours) {
            printf("slot %u: %#x, in the model %#llx\n", slot, ours, (unsigned long long)version);
            return -1;
        }
    }
    return 0;
}

/* Another firmware can do other things: so many inputs. */
static int inputs_are(size_t count)
{
    vdc_list *list = NULL;
    size_t found;

    if (vdc_device_list_inputs(&list, device) != VDC_OK) {
        return fail("inputs");
    }
    found = vdc_list_count(list);
    vdc_list_destroy(list);
    if (found != count) {
        printf("%zu inputs instead of %zu\n", found, count);
    }
    return found == count ? 0 : -1;
}

static int update(const char *name, int wanted)
{
    int status;

    progress.calls = progress.done = progress.total = 0;
    if (read_image(name)) {
        return -1;
    }
    status = vdc_device_update_firmware(device, image, image_bytes, on_progress, NULL);
    printf("update with %s: %s%s%s, %llu reports\n", name, vdc_status_name(status),
           status == VDC_OK ? "" : ": ", status == VDC_OK ? "" : vdc_error_text(),
           (unsigned long long)progress.calls);
    if (status != wanted || progress.back) {
        printf("%s was to come%s\n", vdc_status_name(wanted),
               progress.back ? ", and progress that only grows" : "");
        return -1;
    }
    if (status == VDC_OK &&
        (!progress.calls || progress.done != image_bytes || progress.total != image_bytes)) {
        printf("progress: %llu of %llu\n", (unsigned long long)progress.done,
               (unsigned long long)progress.total);
        return -1;
    }
    progress.most = progress.most < progress.calls ? progress.calls : progress.most;
    return 0;
}

/* ---- Tests ---- */

static int cycle(void)
{
    if (runs(V1_1, 0) || inputs_are(3) || update("capture-1.0.vdfw", VDC_OK) || runs(V1_0, 2) ||
        reopen() || inputs_are(2) || slots_are_true() ||
        vdc_device_commit_firmware(device) != VDC_OK || runs(V1_0, 1) || slots_are_true()) {
        return fail("store and commit");
    }
    if (vdc_device_commit_firmware(device) != VDC_E_STATE) {
        return fail("a commit without a trial");
    }
    /* A trial that is ended. */
    if (update("capture-1.2.vdfw", VDC_OK) || runs(V1_2, 2) ||
        vdc_device_roll_back_firmware(device) != VDC_OK || runs(V1_0, 1) || reopen() ||
        inputs_are(2)) {
        return fail("the end of a trial");
    }
    /* One that is kept, and given up later. */
    if (update("capture-1.2.vdfw", VDC_OK) || runs(V1_2, 2) ||
        vdc_device_commit_firmware(device) != VDC_OK || runs(V1_2, 1) || slots_are_true() ||
        reopen() || inputs_are(3) || vdc_device_roll_back_firmware(device) != VDC_OK ||
        runs(V1_0, 1) || slots_are_true()) {
        return fail("roll back");
    }
    if (progress.most < 2) {
        printf("no update told of its way\n");
        return -1;
    }
    return 0;
}

/* One trial after the other: the second goes beside the first, and while one slot is active and the other runs on
 * trial, there is no room for a third. */
static int twice(void)
{
    if (update("capture-1.0.vdfw", VDC_OK) || runs(V1_0, 2) || update("capture-1.2.vdfw", VDC_OK) ||
        runs(V1_2, 2) || slots_are_true() || vdc_device_commit_firmware(device) != VDC_OK ||
        runs(V1_2, 1)) {
        return fail("a trial after a trial");
    }
    if (update("capture-1.0.vdfw", VDC_OK) || runs(V1_0, 2) ||
        update("capture-1.2.vdfw", VDC_E_STATE) || runs(V1_0, 2) || slots_are_true() ||
        vdc_device_roll_back_firmware(device) != VDC_OK || runs(V1_2, 1) || slots_are_true()) {
        return fail("a trial without room for another");
    }
    return 0;
}

/* A trial ends with the power. */
static int trial(void)
{
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    uint32_t before;

    if (vdc_device_get_firmware(&info, device) != VDC_OK) {
        return fail("firmware");
    }
    before = info.running;
    if (update("capture-1.2.vdfw", VDC_OK) || runs(V1_2, 2)) {
        return -1;
    }
    vdc_device_close(device);
    device = NULL;
    if (fault_driver_unbind() || fault_rig_ask("power 0") || fault_driver_bind() || open_card()) {
        return -1;
    }
    return runs(before, 1) || slots_are_true() ? -1 : 0;
}

static int refused(void)
{
    static const struct {
        const char *name, *word;
    } bad[] = {
        {"body.vdfw",   "BODY_CRC"  },
        {"header.vdfw", "HEADER_CRC"},
        {"short.vdfw",  "LENGTH"    }
    };
    vdc_firmware_info before = VDC_FIRMWARE_INFO_INIT, after = VDC_FIRMWARE_INFO_INIT;

    if (vdc_device_get_firmware(&before, device) != VDC_OK) {
        return fail("firmware");
    }
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        if (update(bad[n].name, VDC_E_FIRMWARE)) {
            return -1;
        }
        if (!strstr(vdc_error_text(), bad[n].word)) {
            printf("the text does not name it: no \"%s\"\n", bad[n].word);
            return -1;
        }
        if (vdc_device_load_firmware(device, image, image_bytes, NULL, NULL) != VDC_E_FIRMWARE) {
            return fail("a bad image was loaded");
        }
    }
    if (vdc_device_get_firmware(&after, device) != VDC_OK || after.running != before.running ||
        after.active_slot != before.active_slot) {
        return fail("what ran before does not run");
    }
    return slots_are_true();
}

static int load(void)
{
    if (read_image("capture-1.0.vdfw") ||
        vdc_device_load_firmware(device, image, image_bytes, on_progress, NULL) != VDC_OK ||
        runs(V1_0, 0) || reopen() || inputs_are(2)) {
        return fail("load");
    }
    return 0;
}

static int busy(void)
{
    vdc_stream *stream = NULL;
    int status;

    if (read_image("capture-1.0.vdfw") || vdc_stream_open(&stream, device, NULL) != VDC_OK ||
        vdc_stream_start(stream) != VDC_OK) {
        return fail("a stream");
    }
    status = vdc_device_load_firmware(device, image, image_bytes, NULL, NULL);
    vdc_stream_close(stream);
    return status == VDC_E_BUSY ? 0 : fail("firmware under a stream");
}

/* The flash fails, or the power while it is written: what is active stays, and the next try works. */
static int spoilt(const char *kind, uint64_t byte)
{
    struct fault_ledger ledger;
    vdc_firmware_info before = VDC_FIRMWARE_INFO_INIT, after = VDC_FIRMWARE_INFO_INIT;
    uint64_t count, injected;
    char script[96];
    int status;

    if (vdc_device_get_firmware(&before, device) != VDC_OK || fault_rig_injected(kind, &count) ||
        fault_rig_ledger(&ledger) || read_image("capture-1.2.vdfw")) {
        return fail("firmware");
    }
    (void)snprintf(script, sizeof script, "%s@flash=%llu", kind,
                   (unsigned long long)(ledger.programmed + byte));
    if (fault_rig_arm(script)) {
        return -1;
    }
    status = vdc_device_update_firmware(device, image, image_bytes, NULL, NULL);
    printf("%s: %s, %s\n", script, vdc_status_name(status), vdc_error_text());
    if (fault_rig_injected(kind, &injected) || fault_rig_arm("")) {
        return -1;
    }
    if (injected == count || status == VDC_OK) {
        printf("%s, injected %llu\n", vdc_status_name(status),
               (unsigned long long)(injected - count));
        return -1;
    }
    if (reopen() || vdc_device_get_firmware(&after, device) != VDC_OK ||
        after.active_slot != before.active_slot || !after.running || slots_are_true()) {
        return fail("after it");
    }
    if (update("capture-1.2.vdfw", VDC_OK) || runs(V1_2, 2) ||
        vdc_device_roll_back_firmware(device) != VDC_OK || slots_are_true()) {
        return fail("the next try");
    }
    return 0;
}

static int run(const char *test)
{
    if (strcmp(test, "cycle") == 0) {
        return cycle();
    }
    if (strcmp(test, "twice") == 0) {
        return twice();
    }
    if (strcmp(test, "trial") == 0) {
        return trial();
    }
    if (strcmp(test, "refused") == 0) {
        return refused();
    }
    if (strcmp(test, "load") == 0) {
        return load();
    }
    if (strcmp(test, "busy") == 0) {
        return busy();
    }
    if (strcmp(test, "flash-stuck") == 0) {
        return spoilt("flash-stuck", 20000);
    }
    if (strcmp(test, "power-cut") == 0) {
        return spoilt("power-cut", 30000);
    }
    /* Else a version, as 1.2. */
    return runs((uint32_t)strtoul(test, NULL, 10) << 24 |
                    (uint32_t)strtoul(strchr(test, '.') ? strchr(test, '.') + 1 : "0", NULL, 10)
                        << 16,
                0);
}

int main(int argc, char **argv)
{
    int result = -1;

    if (argc != 3) {
        printf("firmware_check FOLDER "
               "cycle|twice|trial|refused|load|busy|flash-stuck|power-cut|VERSION\n");
        return 2;
    }
    folder = argv[1];
    if (vdc_context_create(&context, NULL) == VDC_OK && fault_rig_open() == 0 && open_card() == 0) {
        result = run(argv[2]);
    }
    vdc_device_close(device);
    vdc_context_destroy(context);
    return result ? 1 : 0;
}
