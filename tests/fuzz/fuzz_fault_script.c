/* SPDX-License-Identifier: MIT */
/*
 * Any text as a fault script. A good one is then let loose on a card that lives for a while; the
 * counters may only count kinds that have a name.
 */
#include "vdh_regs.h"
#include "vdm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static struct vdm_card *new_card(void)
{
    static const struct vdm_host host; /* no memory, nobody to interrupt */
    static void *memory;
    static uint8_t flash[VDM_FLASH_BYTES];
    struct vdm_config config;

    if (!memory) {
        memory = aligned_alloc(64, (vdm_card_bytes() + 63) / 64 * 64);
        memset(flash, 0xff, sizeof flash);
    }
    vdm_config_default(&config);
    config.host = &host;
    config.flash = flash;
    return vdm_create(memory, vdm_card_bytes(), &config);
}

/* Accesses, an upload of a few bytes, time: something for most triggers. */
static void live(struct vdm_card *card)
{
    vdm_write(card, VDH_R_FW_LENGTH, 16);
    vdm_write(card, VDH_R_BOOT_COMMAND, VDH_V_BOOT_COMMAND_CODE_STAGE);
    for (uint32_t i = 0; i < 4; i++) {
        vdm_write(card, VDH_R_FW_WINDOW, i);
    }
    vdm_write(card, VDH_R_BOOT_COMMAND, VDH_V_BOOT_COMMAND_CODE_BOOT_STAGED);
    for (uint32_t i = 1; i <= 20; i++) {
        vdm_advance(card, (uint64_t)i * 5000000u);
        (void)vdm_read(card, VDH_R_BOOT_STATUS);
        (void)vdm_read(card, VDH_R_SCRATCH);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vdm_card *card = new_card();
    char *text = malloc(size ? size : 1);
    const char *what = NULL;
    size_t error_at = 0;

    require(card != NULL);
    if (!text) {
        return 0;
    }
    if (size != 0) {
        memcpy(text, data, size);
    }
    if (vdm_fault_script(card, text, size, &error_at, &what) == 0) {
        const struct vdm_ledger *ledger = vdm_get_ledger(card);

        /* The text is the caller's again. */
        memset(text, 'x', size);
        live(card);
        for (uint32_t kind = 0; kind < VDM_FAULT_KINDS; kind++) {
            require(ledger->injected[kind] == 0 || vdm_fault_name(kind) != NULL);
        }
    } else {
        require(what != NULL && what[0] != '\0' && error_at <= size);
    }
    free(text);
    return 0;
}
