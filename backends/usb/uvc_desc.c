/* SPDX-License-Identifier: MIT */
/*
 * The walk over a configuration, and the VideoControl half: terminals and units. The order of descriptors is all that ties
 * them together, so an unreadable length ends the walk, while any other fault costs one descriptor.
 */
#include "uvc_desc.h"

#include <stdio.h>
#include <string.h>

#include "uvc_bytes.h"
#include "uvc_reader.h"

#define CLASS_VIDEO        14
#define SUBCLASS_CONTROL   1
#define SUBCLASS_STREAMING 2

#define DESC_CONFIGURATION 2
#define DESC_INTERFACE     4
#define DESC_ENDPOINT      5
#define DESC_CS_INTERFACE  0x24
#define DESC_COMPANION     0x30
#define DESC_ISO_COMPANION 0x31

#define VC_HEADER 1

/* ---- Notes ---- */

void uvc_reader_note(struct uvc_reader *reader, uint32_t kind, const uint8_t *at, const char *what,
                     const char *why)
{
    struct uvc_camera *camera = reader->camera;
    struct uvc_note *note;

    if (kind == UVC_NOTE_FULL) {
        camera->lost_items++;
    }
    if (camera->note_count++ >= UVC_NOTES_MAX) {
        return;
    }
    note = &camera->notes[camera->note_count - 1];
    note->offset = (uint32_t)(at - reader->config);
    note->kind = kind;
    note->interface_id = reader->interface_id;
    note->length = at[0];
    note->type = at[1];
    note->subtype = at[0] > 2 && reader->end - at > 2 ? at[2] : 0;
    note->what = what;
    note->why = why;
}

int uvc_note_text(char *text, size_t size, const struct uvc_note *note)
{
    static const char *const kinds[] = {"?", "refused", "skipped", "mended", "no room for"};

    return snprintf(text, size, "%s: %s at byte %u of interface %u: %s",
                    kinds[note->kind <= UVC_NOTE_FULL ? note->kind : 0], note->what,
                    (unsigned)note->offset, (unsigned)note->interface_id, note->why);
}

/* ---- Terminals and units ---- */

static const char *unit_name(uint32_t kind)
{
    static const char *const names[] = {"header",        "input terminal",  "output terminal",
                                        "selector unit", "processing unit", "extension unit",
                                        "encoding unit"};

    return kind >= 1 && kind <= 7 ? names[kind - 1] : "control descriptor";
}

/* Bits of the controls, as many bytes as there are. */
static void take_controls(struct uvc_unit *unit, const uint8_t *bits, uint32_t bytes)
{
    unit->control_bytes = (uint8_t)(bytes < UVC_CONTROLS_MAX ? bytes : UVC_CONTROLS_MAX);
    memcpy(unit->controls, bits, unit->control_bytes);
}

static int take_sources(struct uvc_unit *unit, const uint8_t *ids, uint32_t count)
{
    if (count == 0 || count > UVC_PINS_MAX) {
        return 0;
    }
    unit->source_count = (uint8_t)count;
    memcpy(unit->sources, ids, count);
    return 1;
}

/* Each reads what lies behind the id; NULL if all is well, else why not. `length` bytes are there, at least 4. */

static const char *read_input(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    if (length < 8) {
        return "shorter than 8 bytes";
    }
    unit->terminal_type = uvc_get16(at + 4);
    if (unit->terminal_type == UVC_TERMINAL_CAMERA) {
        if (length < 15 || length - 15 < at[14]) {
            return "its controls reach beyond its length";
        }
        take_controls(unit, at + 15, at[14]);
    }
    return NULL;
}

static const char *read_output(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    if (length < 9) {
        return "shorter than 9 bytes";
    }
    unit->terminal_type = uvc_get16(at + 4);
    take_sources(unit, at + 7, 1);
    return NULL;
}

static const char *read_selector(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    if (length < 6 || length - 6 < at[4]) {
        return "its sources reach beyond its length";
    }
    return take_sources(unit, at + 5, at[4]) ? NULL : "no sources, or more than 16";
}

static const char *read_processing(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    if (length < 8 || length - 8 < at[7]) {
        return "its controls reach beyond its length";
    }
    take_sources(unit, at + 4, 1);
    take_controls(unit, at + 8, at[7]);
    return NULL;
}

static const char *read_extension(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    uint32_t pins;

    if (length < 23 || length - 23 < at[21]) {
        return "its sources reach beyond its length";
    }
    pins = at[21];
    if (length - 23 - pins < at[22 + pins]) {
        return "its controls reach beyond its length";
    }
    memcpy(unit->guid, at + 4, 16);
    unit->control_count = at[20];
    take_controls(unit, at + 23 + pins, at[22 + pins]);
    return take_sources(unit, at + 22, pins) ? NULL : "no sources, or more than 16";
}

/* Behind the controls comes a second bitmap, of what may be set while the stream runs: not needed here. */
static const char *read_encoding(struct uvc_unit *unit, const uint8_t *at, uint32_t length)
{
    if (length < 7 || length - 7 < 2u * at[6]) {
        return "its controls reach beyond its length";
    }
    take_sources(unit, at + 4, 1);
    take_controls(unit, at + 7, at[6]);
    return NULL;
}

static void read_unit(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    static const char *(*const readers[])(struct uvc_unit *, const uint8_t *, uint32_t) = {
        read_input, read_output, read_selector, read_processing, read_extension, read_encoding};
    struct uvc_camera *camera = reader->camera;
    uint32_t kind = at[2];
    struct uvc_unit unit;
    const char *why;

    if (kind < UVC_INPUT_TERMINAL || kind > UVC_ENCODING_UNIT) {
        uvc_reader_note(reader, UVC_NOTE_SKIPPED, at, unit_name(kind), "of an unknown kind");
        return;
    }
    memset(&unit, 0, sizeof(unit));
    if (length < 4) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, unit_name(kind), "it has no id");
        return;
    }
    unit.id = at[3];
    unit.kind = (uint8_t)kind;
    why = readers[kind - UVC_INPUT_TERMINAL](&unit, at, length);
    if (!why && unit.id == 0) {
        why = "id 0 is the interface's own";
    } else if (!why && uvc_unit_find(camera, unit.id)) {
        why = "another unit has that id";
    }
    if (why) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, unit_name(kind), why);
    } else if (camera->unit_count == UVC_UNITS_MAX) {
        uvc_reader_note(reader, UVC_NOTE_FULL, at, unit_name(kind), "64 are known already");
    } else {
        camera->units[camera->unit_count++] = unit;
    }
}

/* A version that does not exist is spoken to as the one below it. */
static uint16_t known_version(uint16_t version)
{
    return version >= 0x0150 && version < 0x0200 ? 0x0150 : version >= 0x0110 ? 0x0110 : 0x0100;
}

static void read_control_header(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;
    uint16_t version;

    if (length < 12) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, unit_name(1), "shorter than 12 bytes");
        return;
    }
    version = uvc_get16(at + 3);
    camera->version = known_version(version);
    if (version != camera->version) {
        uvc_reader_note(reader, UVC_NOTE_MENDED, at, unit_name(1),
                        "a version that does not exist is taken as the one before it");
    }
    camera->clock_hz = uvc_get32(at + 7);
    reader->collection_count = at[11];
    if (length - 12 < at[11]) {
        reader->collection_count = length - 12;
        uvc_reader_note(reader, UVC_NOTE_MENDED, at, unit_name(1),
                        "it lists more interfaces than it has room for");
    }
    memcpy(reader->collection, at + 12, reader->collection_count);
}

/* ---- The walk ---- */

static int in_collection(const struct uvc_reader *reader, uint8_t interface_id)
{
    for (uint32_t i = 0; i < reader->collection_count; i++) {
        if (reader->collection[i] == interface_id) {
            return 1;
        }
    }
    return 0;
}

/* Whether the interface that begins here is of the function that is read. */
static void enter_interface(struct uvc_reader *reader, const uint8_t *at)
{
    reader->part = UVC_PART_NONE;
    reader->endpoint = NULL;
    reader->interface_id = at[2];
    reader->alternate = at[3];
    if (at[5] != CLASS_VIDEO) {
        return;
    }
    if (at[6] == SUBCLASS_CONTROL) {
        reader->part =
            at[2] == reader->camera->control_interface ? UVC_PART_CONTROL : UVC_PART_NONE;
    } else if (at[6] == SUBCLASS_STREAMING && in_collection(reader, at[2])) {
        reader->part = UVC_PART_STREAM;
        uvc_reader_stream(reader, at);
    }
}

/* The camera's own interrupt endpoint, which tells of changed controls. */
static void read_status_endpoint(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;

    if (length < 7 || (at[2] & 0x80) == 0 || (at[3] & 3) != 3) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, "status endpoint",
                        "not an interrupt endpoint to the host");
        return;
    }
    camera->status_endpoint = at[2];
    camera->status_bytes = (uint16_t)(uvc_get16(at + 4) & 0x7ff);
    camera->status_interval = at[6];
}

static void read_descriptor(struct uvc_reader *reader, const uint8_t *at, uint32_t length)
{
    struct uvc_camera *camera = reader->camera;

    if (at[1] == DESC_INTERFACE) {
        if (length < 9) {
            reader->part = UVC_PART_NONE;
            uvc_reader_note(reader, UVC_NOTE_REFUSED, at, "interface", "shorter than 9 bytes");
            return;
        }
        enter_interface(reader, at);
    }
    if (reader->part == UVC_PART_NONE) {
        return;
    }
    camera->descriptors++;
    if (at[1] == DESC_CS_INTERFACE && length < 3) {
        uvc_reader_note(reader, UVC_NOTE_REFUSED, at, "class descriptor", "it has no subtype");
    } else if (at[1] == DESC_CS_INTERFACE && reader->alternate == 0) {
        if (reader->part == UVC_PART_STREAM) {
            uvc_reader_format(reader, at, length);
        } else if (at[2] == VC_HEADER) {
            read_control_header(reader, at, length);
        } else {
            read_unit(reader, at, length);
        }
    } else if (at[1] == DESC_ENDPOINT && reader->part == UVC_PART_CONTROL) {
        read_status_endpoint(reader, at, length);
    } else if (at[1] == DESC_ENDPOINT) {
        uvc_reader_endpoint(reader, at, length);
    } else if (at[1] == DESC_COMPANION || at[1] == DESC_ISO_COMPANION) {
        uvc_reader_companion(reader, at, length);
    }
}

/* The next descriptor, or NULL at the end or where a length makes no sense: then *wrong says so. */
static const uint8_t *next_descriptor(const uint8_t *at, const uint8_t *end, const char **wrong)
{
    *wrong = NULL;
    if (end - at < 2) {
        return NULL;
    }
    if (at[0] < 2) {
        *wrong = "a length below 2: nothing behind it can be read";
    } else if (at[0] > end - at) {
        *wrong = "it reaches beyond the configuration";
    }
    return *wrong ? NULL : at;
}

uint32_t uvc_find_controls(uint8_t *interfaces, uint32_t max, const uint8_t *config, size_t bytes)
{
    const uint8_t *at = config;
    const uint8_t *end = config + bytes;
    const char *wrong;
    uint32_t count = 0;

    for (; next_descriptor(at, end, &wrong) != NULL; at += at[0]) {
        if (at[1] != DESC_INTERFACE || at[0] < 9 || at[3] != 0 || at[5] != CLASS_VIDEO ||
            at[6] != SUBCLASS_CONTROL) {
            continue;
        }
        if (count < max) {
            interfaces[count] = at[2];
        }
        count++;
    }
    return count;
}

int uvc_parse(struct uvc_camera *out, const uint8_t *config, size_t bytes,
              uint8_t control_interface, enum uvc_speed speed)
{
    struct uvc_reader reader;
    const uint8_t *at = config;
    const char *wrong;

    memset(out, 0, sizeof(*out));
    memset(&reader, 0, sizeof(reader));
    out->control_interface = control_interface;
    out->version = 0x0100;
    reader.camera = out;
    reader.config = config;
    reader.end = config + bytes;
    reader.speed = speed;
    for (; next_descriptor(at, reader.end, &wrong) != NULL; at += at[0]) {
        read_descriptor(&reader, at, at[0]);
    }
    if (wrong) {
        uvc_reader_note(&reader, UVC_NOTE_REFUSED, at, "descriptor", wrong);
    }
    return uvc_reader_finish(&reader);
}

/* ---- The graph ---- */

const struct uvc_unit *uvc_unit_find(const struct uvc_camera *camera, uint8_t id)
{
    for (uint32_t i = 0; i < camera->unit_count; i++) {
        if (camera->units[i].id == id) {
            return &camera->units[i];
        }
    }
    return NULL;
}

int uvc_unit_has(const struct uvc_unit *unit, uint32_t bit)
{
    return bit / 8 < unit->control_bytes && (unit->controls[bit / 8] >> bit % 8 & 1) != 0;
}

static int in_chain(const struct uvc_chain *chain, const struct uvc_unit *unit)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->units[i] == unit) {
            return 1;
        }
    }
    return 0;
}

static int hangs_on(const struct uvc_chain *chain, const struct uvc_unit *unit)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (unit->source_count != 0 && unit->sources[0] == chain->units[i]->id) {
            return 1;
        }
    }
    return 0;
}

void uvc_chain_walk(struct uvc_chain *out, const struct uvc_camera *camera,
                    const struct uvc_stream *stream)
{
    const struct uvc_unit *unit = uvc_unit_find(camera, stream->terminal);
    uint32_t before;

    memset(out, 0, sizeof(*out));
    if (!unit) {
        out->dangling = 1;
        return;
    }
    out->units[out->count++] = unit;
    /* The list is its own queue; a unit enters it once, so there are never more than there are units. */
    for (uint32_t i = 0; i < out->count; i++) {
        for (uint32_t pin = 0; pin < out->units[i]->source_count; pin++) {
            unit = uvc_unit_find(camera, out->units[i]->sources[pin]);
            if (!unit) {
                out->dangling++;
            } else if (in_chain(out, unit)) {
                out->cycles++;
            } else {
                out->units[out->count++] = unit;
            }
        }
    }
    do {
        before = out->count;
        for (uint32_t i = 0; i < camera->unit_count; i++) {
            unit = &camera->units[i];
            if (unit->kind == UVC_EXTENSION_UNIT && !in_chain(out, unit) && hangs_on(out, unit)) {
                out->units[out->count++] = unit;
            }
        }
    } while (out->count != before);
}
