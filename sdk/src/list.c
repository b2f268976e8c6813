/* SPDX-License-Identifier: MIT */
/* Lists: snapshots that own all they show.
 * Items grow in one block; what they point to lies in chunks that never move. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 2000

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct vdc_list {
    uint32_t magic;
    int kind; /* enum vdi_list_kind */
    size_t count;
    size_t capacity;
    char *items;
    struct chunk *chunks;
};

static const size_t item_bytes[] = {
    [VDI_LIST_DEVICE] = sizeof(vdc_device_info),
    [VDI_LIST_FORMAT] = sizeof(vdc_format_info),
    [VDI_LIST_CONTROL] = sizeof(vdc_control_info),
    [VDI_LIST_INPUT] = sizeof(vdc_input_info),
    [VDI_LIST_TIMING] = sizeof(vdc_timing_info),
    [VDI_LIST_REGISTER] = sizeof(vdc_register_info),
    [VDI_LIST_EXTENSION] = sizeof(vdc_extension_info),
};

int vdi_list_create(vdc_list **out, int kind)
{
    vdc_list *list = calloc(1, sizeof(*list));

    if (list == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a list");
    }
    list->magic = VDI_MAGIC_LIST;
    list->kind = kind;
    *out = list;
    return VDC_OK;
}

VDC_API(void) vdc_list_destroy(vdc_list *list)
{
    if (list == NULL || list->magic != VDI_MAGIC_LIST) {
        return;
    }
    list->magic = 0;
    while (list->chunks != NULL) {
        struct chunk *next = list->chunks->next;

        free(list->chunks);
        list->chunks = next;
    }
    free(list->items);
    list->items = NULL;
    list->count = 0;
    vdi_handle_retire(list);
}

VDC_API(size_t) vdc_list_count(const vdc_list *list)
{
    return list != NULL && list->magic == VDI_MAGIC_LIST ? list->count : 0;
}

static const void *item_at(const vdc_list *list, size_t index, int kind)
{
    if (list == NULL || list->magic != VDI_MAGIC_LIST || list->kind != kind ||
        index >= list->count) {
        return NULL;
    }
    return list->items + index * item_bytes[kind];
}

VDC_API(const vdc_device_info *) vdc_list_device_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_DEVICE);
}

VDC_API(const vdc_format_info *) vdc_list_format_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_FORMAT);
}

VDC_API(const vdc_control_info *) vdc_list_control_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_CONTROL);
}

VDC_API(const vdc_input_info *) vdc_list_input_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_INPUT);
}

VDC_API(const vdc_timing_info *) vdc_list_timing_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_TIMING);
}

VDC_API(const vdc_register_info *) vdc_list_register_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_REGISTER);
}

VDC_API(const vdc_extension_info *) vdc_list_extension_at(const vdc_list *list, size_t index)
{
    return item_at(list, index, VDI_LIST_EXTENSION);
}

/* ---- What backends add ---- */

/* A copy that lives as long as the list; NULL without memory. */
static void *keep(vdc_list *list, const void *bytes, size_t size)
{
    struct chunk *chunk = list->chunks;
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    void *place;

    if (size > SIZE_MAX / 4) {
        return NULL;
    }
    if (chunk == NULL || chunk->size - chunk->used < rounded) {
        size_t room = rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES;

        chunk = malloc(sizeof(*chunk) + room);
        if (chunk == NULL) {
            return NULL;
        }
        chunk->used = 0;
        chunk->size = room;
        chunk->next = list->chunks;
        list->chunks = chunk;
    }
    place = (char *)chunk->bytes + chunk->used;
    chunk->used += rounded;
    memcpy(place, bytes, size);
    return place;
}

/* Puts a copy in place of a string that is another's. NULL reads as "". */
static int keep_text(vdc_list *list, const char **text)
{
    const char *from = *text != NULL ? *text : "";

    *text = keep(list, from, strlen(from) + 1);
    return *text != NULL;
}

static int keep_array(vdc_list *list, const void **items, size_t count, size_t each)
{
    if (count == 0 || *items == NULL) {
        *items = NULL;
        return 1;
    }
    *items = count <= SIZE_MAX / each ? keep(list, *items, count * each) : NULL;
    return *items != NULL;
}

static int no_memory(void)
{
    return vdi_error(VDC_E_NO_MEMORY, "no memory for another item of a list");
}

/* The next item of the list, a plain copy of `item` so far; NULL without memory. */
static void *append(vdc_list *list, const void *item)
{
    size_t each = item_bytes[list->kind];

    if (list->count == list->capacity) {
        size_t capacity = list->capacity != 0 ? list->capacity * 2 : 8;
        char *grown = realloc(list->items, capacity * each);

        if (grown == NULL) {
            return NULL;
        }
        list->items = grown;
        list->capacity = capacity;
    }
    memcpy(list->items + list->count * each, item, each);
    return list->items + list->count * each;
}

static int check_kind(const struct vdi_sink *sink, int kind)
{
    if (sink->list->kind != kind) {
        return vdi_error(VDC_E_INVALID, "a backend put an item of another kind into a list");
    }
    return VDC_OK;
}

int vdi_sink_device(struct vdi_sink *sink, const struct vdi_device_info *info)
{
    vdc_list *list = sink->list;
    vdc_device_info shown = {
        .id = info->id,
        .name = info->name,
        .serial = info->serial,
        .location = info->location,
        .backend = sink->backend->name,
        .caps = info->caps | (sink->backend->simulated ? VDC_CAP_SIMULATED : 0u),
        .state = VDC_DEVICE_PRESENT,
        .state_text = "",
        .time_hz = info->time_hz,
    };
    int status = check_kind(sink, VDI_LIST_DEVICE);
    vdc_device_info *item;

    if (status != VDC_OK) {
        return status;
    }
    item = append(list, &shown);
    if (item == NULL || !keep_text(list, &item->id) || !keep_text(list, &item->name) ||
        !keep_text(list, &item->serial) || !keep_text(list, &item->location)) {
        return no_memory();
    }
    list->count++;
    return VDC_OK;
}

int vdi_sink_format(struct vdi_sink *sink, const vdc_format_info *info)
{
    vdc_list *list = sink->list;
    int status = check_kind(sink, VDI_LIST_FORMAT);
    vdc_format_info *item;
    const void *intervals = info->intervals_s;

    if (status != VDC_OK) {
        return status;
    }
    item = append(list, info);
    if (item == NULL ||
        !keep_array(list, &intervals, info->interval_count, sizeof(info->intervals_s[0]))) {
        return no_memory();
    }
    item->intervals_s = intervals;
    list->count++;
    return VDC_OK;
}

int vdi_sink_control(struct vdi_sink *sink, const vdc_control_info *info)
{
    vdc_list *list = sink->list;
    int status = check_kind(sink, VDI_LIST_CONTROL);
    vdc_control_info *item;
    const void *kept = info->menu;
    vdc_menu_item *menu;

    if (status != VDC_OK) {
        return status;
    }
    item = append(list, info);
    if (item == NULL || !keep_text(list, &item->name) ||
        !keep_array(list, &kept, info->menu_count, sizeof(info->menu[0]))) {
        return no_memory();
    }
    item->menu = kept;
    menu = (vdc_menu_item *)(uintptr_t)kept;
    for (size_t at = 0; menu != NULL && at < info->menu_count; at++) {
        if (!keep_text(list, &menu[at].name)) {
            return no_memory();
        }
    }
    list->count++;
    return VDC_OK;
}

int vdi_sink_input(struct vdi_sink *sink, const vdc_input_info *info)
{
    int status = check_kind(sink, VDI_LIST_INPUT);
    vdc_input_info *item;

    if (status != VDC_OK) {
        return status;
    }
    item = append(sink->list, info);
    if (item == NULL || !keep_text(sink->list, &item->name)) {
        return no_memory();
    }
    sink->list->count++;
    return VDC_OK;
}

int vdi_sink_timing(struct vdi_sink *sink, const vdc_timing_info *info)
{
    int status = check_kind(sink, VDI_LIST_TIMING);
    vdc_timing_info *item;

    if (status != VDC_OK) {
        return status;
    }
    item = append(sink->list, info);
    if (item == NULL || !keep_text(sink->list, &item->name)) {
        return no_memory();
    }
    sink->list->count++;
    return VDC_OK;
}

int vdi_sink_register(struct vdi_sink *sink, const vdc_register_info *info)
{
    int status = check_kind(sink, VDI_LIST_REGISTER);
    vdc_register_info *item;

    if (status != VDC_OK) {
        return status;
    }
    item = append(sink->list, info);
    if (item == NULL || !keep_text(sink->list, &item->name) ||
        !keep_text(sink->list, &item->help)) {
        return no_memory();
    }
    sink->list->count++;
    return VDC_OK;
}

int vdi_sink_extension(struct vdi_sink *sink, const vdc_extension_info *info)
{
    int status = check_kind(sink, VDI_LIST_EXTENSION);

    if (status != VDC_OK) {
        return status;
    }
    if (append(sink->list, info) == NULL) {
        return no_memory();
    }
    sink->list->count++;
    return VDC_OK;
}

int vdi_list_fill(vdc_list **out, vdc_device *device, int kind,
                  int (*ask)(struct vdi_device *, struct vdi_sink *))
{
    struct vdi_sink sink = {NULL, device->base.backend};
    int status = vdi_list_create(&sink.list, kind);

    if (status != VDC_OK) {
        return status;
    }
    status = ask(&device->base, &sink);
    if (status != VDC_OK) {
        vdc_list_destroy(sink.list);
        return status;
    }
    *out = sink.list;
    return VDC_OK;
}
