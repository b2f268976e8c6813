/* SPDX-License-Identifier: MIT */
/*
 * Faults: the script, and what brings each fault about. A fault is counted when it has had its
 * effect, not when it was due: one that met nothing to spoil has injected nothing.
 */
#include "vdm_private.h"

#define AT(trigger) (1u << VDM_AT_##trigger)
#define KEY(key)    (1u << VDM_KEY_##key)
#define ANY         ((1u << VDM_TRIGGERS) - 1u)

#define KIND(kind, name, triggers, keys, needed) [VDM_FAULT_##kind] = {name, triggers, keys, needed}

static const struct {
    const char *name;
    uint32_t triggers;
    uint32_t keys;   /* besides count */
    uint32_t needed; /* of them */
} kinds[VDM_FAULTS] = {
    KIND(UNPLUG, "unplug", ANY, 0, 0),
    KIND(SIGNAL_LOSS, "signal-loss", AT(FRAME) | AT(TIME), KEY(MS), 0),
    KIND(SOURCE_CHANGE, "source-change", AT(FRAME) | AT(TIME), KEY(TIMING), KEY(TIMING)),
    KIND(FIFO_OVERFLOW, "fifo-overflow", AT(FRAME), 0, 0),
    KIND(DMA_ERROR, "dma-error", AT(FRAME), 0, 0),
    KIND(DMA_NOWHERE, "dma-nowhere", AT(FRAME), 0, 0),
    KIND(RING_ERROR, "ring-error", AT(FRAME), 0, 0),
    KIND(IRQ_LOST, "irq-lost", AT(FRAME), 0, 0),
    KIND(IRQ_LATE, "irq-late", AT(FRAME), KEY(US), 0),
    KIND(IRQ_STORM, "irq-storm", AT(FRAME), KEY(N), 0),
    KIND(TORN_COMPLETION, "torn-completion", AT(FRAME), 0, 0),
    KIND(REG_STUCK, "reg-stuck", AT(READ) | AT(TIME), KEY(REG) | KEY(VALUE), KEY(REG) | KEY(VALUE)),
    KIND(BOOT_NEVER_READY, "boot-never-ready", AT(BOOT), 0, 0),
    KIND(BOOT_HANG, "boot-hang", AT(BOOT), 0, 0),
    KIND(STAGE_CORRUPT, "stage-corrupt", AT(STAGE), 0, 0),
    KIND(STAGE_LOST, "stage-lost", AT(STAGE), 0, 0),
    KIND(POWER_CUT, "power-cut", AT(FRAME) | AT(TIME) | AT(BOOT) | AT(STAGE) | AT(FLASH), 0, 0),
    KIND(FLASH_STUCK, "flash-stuck", AT(FLASH), 0, 0),
    KIND(STOP_SLOW, "stop-slow", AT(FRAME), KEY(MS), 0),
    KIND(STOP_NEVER, "stop-never", AT(FRAME), 0, 0),
    KIND(CONTROL_CHANGE, "control-change", AT(FRAME) | AT(TIME), KEY(CONTROL) | KEY(VALUE),
         KEY(CONTROL) | KEY(VALUE)),
    KIND(TIME_JUMP, "time-jump", AT(FRAME) | AT(TIME), KEY(TICKS), KEY(TICKS)),
    KIND(USB_SHORT, "usb-short", AT(PACKET), 0, 0),
    KIND(USB_STALL, "usb-stall", AT(PACKET), 0, 0),
    KIND(USB_CORRUPT, "usb-corrupt", AT(PACKET), 0, 0),
};

const char *vdm_fault_name(uint32_t kind)
{
    return kind < VDM_FAULTS ? kinds[kind].name : NULL;
}

uint64_t vdm_fault_key(const struct vdm_card *card, enum vdm_fault_kind kind,
                       enum vdm_fault_key key)
{
    return (uint64_t)card->faults.list[card->faults.struck_by[kind]].key[key];
}

static void stick(struct vdm_card *card, struct vdm_fault *fault)
{
    if (!fault->active) {
        fault->active = 1;
        fault->reads_left =
            (fault->given & KEY(COUNT)) != 0 ? (uint64_t)fault->key[VDM_KEY_COUNT] : 0;
        card->faults.stuck++;
    }
}

/* 1 if the fault had its effect at once. */
static int act(struct vdm_card *card, struct vdm_fault *fault)
{
    uint32_t input;

    switch (fault->kind) {
    case VDM_FAULT_UNPLUG:
        vdm_unplug(card);
        return 1;
    case VDM_FAULT_POWER_CUT:
        card->cut = 1;
        return 1;
    case VDM_FAULT_SIGNAL_LOSS:
        vdm_signal_lose(card, (uint64_t)fault->key[VDM_KEY_MS]);
        return card->boot.runs;
    case VDM_FAULT_SOURCE_CHANGE:
        input = card->reg[VDM_ID_INPUT_SELECT];
        vdm_set_signal(card, input, (int32_t)fault->key[VDM_KEY_TIMING]);
        return card->boot.runs;
    case VDM_FAULT_IRQ_STORM:
        vdm_irq_storm(card, (uint64_t)fault->key[VDM_KEY_N]);
        return 1;
    case VDM_FAULT_CONTROL_CHANGE:
        return vdm_control_change(card, (uint32_t)fault->key[VDM_KEY_CONTROL],
                                  (int32_t)fault->key[VDM_KEY_VALUE]);
    case VDM_FAULT_TIME_JUMP:
        card->jump_ticks += fault->key[VDM_KEY_TICKS];
        return 1;
    default:
        return 0;
    }
}

static int acts_at_once(enum vdm_fault_kind kind)
{
    return kind == VDM_FAULT_UNPLUG || kind == VDM_FAULT_POWER_CUT ||
           kind == VDM_FAULT_SIGNAL_LOSS || kind == VDM_FAULT_SOURCE_CHANGE ||
           kind == VDM_FAULT_IRQ_STORM || kind == VDM_FAULT_CONTROL_CHANGE ||
           kind == VDM_FAULT_TIME_JUMP;
}

/* The bit of its kind if its caller has to carry it out. */
static uint32_t strike(struct vdm_card *card, uint32_t n)
{
    struct vdm_fault *fault = &card->faults.list[n];

    if (fault->kind == VDM_FAULT_REG_STUCK) {
        stick(card, fault);
        return 0;
    }
    if (acts_at_once(fault->kind)) {
        card->ledger.injected[fault->kind] += act(card, fault) ? 1u : 0u;
        return 0;
    }
    card->faults.struck_by[fault->kind] = n;
    return vdm_fault_bit(fault->kind);
}

uint32_t vdm_fault_trigger(struct vdm_card *card, enum vdm_trigger trigger, uint64_t value)
{
    uint32_t struck = 0;

    if ((card->faults.watched & 1u << trigger) == 0) {
        return 0;
    }
    for (uint32_t n = 0; n < card->faults.count && !card->gone; n++) {
        struct vdm_fault *fault = &card->faults.list[n];

        if (fault->trigger != trigger || fault->left == 0 ||
            (!fault->begun && fault->at != value)) {
            continue;
        }
        fault->begun = 1;
        fault->left -= fault->left != VDM_NEVER ? 1u : 0u;
        struck |= strike(card, n);
    }
    return struck;
}

/* The next of the faults that wait for a time. */
void vdm_fault_arm(struct vdm_card *card)
{
    uint64_t next = VDM_NEVER;

    for (uint32_t n = 0; n < card->faults.count; n++) {
        const struct vdm_fault *fault = &card->faults.list[n];

        if (fault->trigger == VDM_AT_TIME && !fault->begun && fault->at < next / 1000u) {
            next = fault->at * 1000u;
        }
    }
    vdm_timer_set(card, VDM_TIMER_FAULT, next);
}

void vdm_fault_time_event(struct vdm_card *card)
{
    for (uint32_t n = 0; n < card->faults.count && !card->gone; n++) {
        struct vdm_fault *fault = &card->faults.list[n];

        if (fault->trigger == VDM_AT_TIME && !fault->begun && fault->at * 1000u <= card->now_ns) {
            fault->begun = 1;
            strike(card, n);
        }
    }
    if (!card->gone) {
        vdm_fault_arm(card);
    }
}

uint32_t vdm_fault_stuck(struct vdm_card *card, uint32_t offset, uint32_t value)
{
    for (uint32_t n = 0; n < card->faults.count; n++) {
        struct vdm_fault *fault = &card->faults.list[n];

        if (!fault->active || (uint32_t)fault->key[VDM_KEY_REG] != offset) {
            continue;
        }
        value = (uint32_t)fault->key[VDM_KEY_VALUE];
        card->ledger.injected[VDM_FAULT_REG_STUCK]++;
        if (fault->reads_left != 0 && --fault->reads_left == 0) {
            fault->active = 0;
            card->faults.stuck--;
        }
    }
    return value;
}

/* The byte, counted from 1 over all that were ever programmed, that the next fault waits for. */
uint64_t vdm_fault_next_flash(const struct vdm_card *card)
{
    uint64_t next = VDM_NEVER;

    if ((card->faults.watched & AT(FLASH)) == 0) {
        return next;
    }
    for (uint32_t n = 0; n < card->faults.count; n++) {
        const struct vdm_fault *fault = &card->faults.list[n];
        uint64_t at = fault->begun ? card->ledger.programmed + 1u : fault->at;

        if (fault->trigger == VDM_AT_FLASH && fault->left != 0 && at > card->ledger.programmed &&
            at < next) {
            next = at;
        }
    }
    return next;
}

/* ---- The script ------------------------------------------------------------------------------ */

struct cursor {
    const char *text;
    size_t length;
    size_t at;
    size_t token; /* where the last token began, for messages */
    const char *what;
};

static int peek(const struct cursor *cursor)
{
    return cursor->at < cursor->length ? (unsigned char)cursor->text[cursor->at] : -1;
}

static int in_word(int letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '[' ||
           letter == ']';
}

/* The length of the word that begins here; the cursor then stands behind it. */
static size_t take_word(struct cursor *cursor)
{
    cursor->token = cursor->at;
    while (in_word(peek(cursor))) {
        cursor->at++;
    }
    return cursor->at - cursor->token;
}

static int is(const struct cursor *cursor, const char *word)
{
    size_t length = cursor->at - cursor->token;

    return strlen(word) == length && memcmp(cursor->text + cursor->token, word, length) == 0;
}

static int fail(struct cursor *cursor, const char *what)
{
    cursor->what = what;
    return -1;
}

static int expect(struct cursor *cursor, char letter, const char *what)
{
    if (peek(cursor) != letter) {
        cursor->token = cursor->at;
        return fail(cursor, what);
    }
    cursor->at++;
    return 0;
}

static int digit(int letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'f') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : 99;
}

static int take_number(struct cursor *cursor, int64_t *out)
{
    const uint64_t most = 1000000000000000u;
    int negative = peek(cursor) == '-';
    uint64_t value = 0;
    int base = 10;
    size_t from;

    cursor->token = cursor->at;
    cursor->at += negative ? 1u : 0u;
    if (peek(cursor) == '0' && cursor->at + 1 < cursor->length &&
        (cursor->text[cursor->at + 1] == 'x' || cursor->text[cursor->at + 1] == 'X')) {
        base = 16;
        cursor->at += 2;
    }
    from = cursor->at;
    while (digit(peek(cursor)) < base) {
        value = value * (uint64_t)base + (uint64_t)digit(peek(cursor));
        if (value > most) {
            return fail(cursor, "number too large");
        }
        cursor->at++;
    }
    if (cursor->at == from || in_word(peek(cursor))) {
        return fail(cursor, "number expected");
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return 0;
}

/* A register by name, an array's element as NAME[n]: its offset. */
static int take_register(struct cursor *cursor, int64_t *out)
{
    size_t length = take_word(cursor);
    const char *word = cursor->text + cursor->token;
    uint32_t element = 0;
    size_t name = 0;

    while (name < length && word[name] != '[') {
        name++;
    }
    for (size_t n = name + 1; n + 1 < length && digit(word[n]) < 10 && element < 1000; n++) {
        element = element * 10u + (uint32_t)digit(word[n]);
    }
    for (uint32_t n = 0; n < VDM_REGS; n++) {
        const struct vdm_reg *reg = &vdm_reg_table[n];

        if (strlen(reg->name) == name && memcmp(reg->name, word, name) == 0 &&
            element < reg->count && (name == length || word[length - 1] == ']')) {
            *out = reg->offset + 4 * (int64_t)element;
            return 0;
        }
    }
    return fail(cursor, "no such register");
}

static int take_trigger(struct cursor *cursor, struct vdm_fault *fault)
{
    static const char *const names[VDM_TRIGGERS] = {
        [VDM_AT_FRAME] = "frame", [VDM_AT_TIME] = "time",     [VDM_AT_READ] = "read",
        [VDM_AT_WRITE] = "write", [VDM_AT_BOOT] = "boot",     [VDM_AT_STAGE] = "stage",
        [VDM_AT_FLASH] = "flash", [VDM_AT_PACKET] = "packet",
    };
    uint32_t n = 0;
    int64_t at;

    take_word(cursor);
    while (n < VDM_TRIGGERS && !is(cursor, names[n])) {
        n++;
    }
    if (n == VDM_TRIGGERS) {
        return fail(cursor, "unknown trigger");
    }
    if ((kinds[fault->kind].triggers & 1u << n) == 0) {
        return fail(cursor, "this fault does not have that trigger");
    }
    fault->trigger = (enum vdm_trigger)n;
    if (expect(cursor, '=', "'=' expected") != 0 || take_number(cursor, &at) != 0) {
        return -1;
    }
    if (at < 0) {
        return fail(cursor, "number must not be negative");
    }
    fault->at = (uint64_t)at;
    return 0;
}

static int take_key(struct cursor *cursor, struct vdm_fault *fault)
{
    static const struct {
        const char *name;
        int64_t least;
        int64_t most;
    } keys[VDM_KEYS] = {
        [VDM_KEY_COUNT] = {"count",   0,                 UINT32_MAX          },
        [VDM_KEY_MS] = {"ms",      0,                 1000000             },
        [VDM_KEY_TIMING] = {"timing",  0,                 255                 },
        [VDM_KEY_US] = {"us",      0,                 1000000000          },
        [VDM_KEY_N] = {"n",       0,                 1000000             },
        [VDM_KEY_REG] = {"reg",     0,                 0                   },
        [VDM_KEY_VALUE] = {"value",   INT32_MIN,         UINT32_MAX          },
        [VDM_KEY_CONTROL] = {"control", 0,                 VDM_CONTROLS_MAX - 1},
        [VDM_KEY_TICKS] = {"ticks",   -1000000000000000, 1000000000000000    },
    };
    uint32_t n = 0;

    take_word(cursor);
    while (n < VDM_KEYS && !is(cursor, keys[n].name)) {
        n++;
    }
    if (n == VDM_KEYS || ((kinds[fault->kind].keys | KEY(COUNT)) & 1u << n) == 0) {
        return fail(cursor, "this fault does not have that key");
    }
    fault->given |= 1u << n;
    if (expect(cursor, '=', "'=' expected") != 0) {
        return -1;
    }
    if (n == VDM_KEY_REG) {
        return take_register(cursor, &fault->key[n]);
    }
    if (take_number(cursor, &fault->key[n]) != 0) {
        return -1;
    }
    return fault->key[n] >= keys[n].least && fault->key[n] <= keys[n].most
               ? 0
               : fail(cursor, "number out of range");
}

static int take_fault(struct cursor *cursor, struct vdm_fault *fault)
{
    uint32_t kind = 0;

    memset(fault, 0, sizeof *fault);
    fault->key[VDM_KEY_COUNT] = 1;
    fault->key[VDM_KEY_US] = 2000;
    fault->key[VDM_KEY_N] = 100;
    take_word(cursor);
    while (kind < VDM_FAULTS && !is(cursor, kinds[kind].name)) {
        kind++;
    }
    if (kind == VDM_FAULTS) {
        return fail(cursor, "unknown fault");
    }
    fault->kind = (enum vdm_fault_kind)kind;
    fault->key[VDM_KEY_MS] = kind == VDM_FAULT_STOP_SLOW ? 10 : 100;
    if (expect(cursor, '@', "'@' expected") != 0 || take_trigger(cursor, fault) != 0) {
        return -1;
    }
    while (peek(cursor) == ',') {
        cursor->at++;
        if (take_key(cursor, fault) != 0) {
            return -1;
        }
    }
    if ((kinds[kind].needed & ~fault->given) != 0) {
        return fail(cursor, "this fault needs another key");
    }
    fault->left = (uint64_t)fault->key[VDM_KEY_COUNT];
    if (fault->left == 0) {
        fault->left = VDM_NEVER;
    }
    if (kind == VDM_FAULT_REG_STUCK) {
        fault->left = 1; /* its count is of reads */
    }
    return 0;
}

static void skip_blanks(struct cursor *cursor)
{
    while (peek(cursor) == ' ' || peek(cursor) == ';') {
        cursor->at++;
    }
}

int vdm_fault_script(struct vdm_card *card, const char *text, size_t length, size_t *error_at,
                     const char **what)
{
    struct cursor cursor = {text, length, 0, 0, NULL};
    struct vdm_fault_set set;

    memset(&set, 0, sizeof set);
    for (skip_blanks(&cursor); cursor.at < length; skip_blanks(&cursor)) {
        struct vdm_fault *fault = &set.list[set.count];

        if (set.count == VDM_FAULTS_MAX) {
            cursor.token = cursor.at;
            fail(&cursor, "too many faults");
            break;
        }
        if (take_fault(&cursor, fault) != 0) {
            break;
        }
        set.count++;
        set.watched |= 1u << fault->trigger;
        if (cursor.at < length && peek(&cursor) != ';' && peek(&cursor) != ' ') {
            cursor.token = cursor.at;
            fail(&cursor, "';' or ',' expected");
            break;
        }
    }
    if (cursor.what != NULL) {
        *error_at = cursor.token;
        *what = cursor.what;
        return -1;
    }
    card->faults = set;
    if (!card->gone) {
        vdm_fault_arm(card);
    }
    return 0;
}
