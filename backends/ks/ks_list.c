/* SPDX-License-Identifier: MIT */
/*
 * Which filters there are. A device is registered once for each of its categories, and microphones are capture devices, too:
 * the same device is told once, and what is audio only not at all.
 *
 * An id is the device's instance path in Windows, which stays with the serial number or the place on the bus. Where that is
 * too long for an id its end becomes a hash.
 */
#include "ks.h"

#include <stdio.h>
#include <stdlib.h>

#define ID_CHARS 110u /* with "ks:" and its zero below 128 */

struct finding {
    struct ks_found *found;
    uint32_t count;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint64_t hash(const char *text, uint64_t value)
{
    for (; *text != '\0'; text++) {
        value = (value ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    }
    return value;
}

/*
 * "\\?\" + instance + "#{category}" + "\reference": the category goes, all else stays, in lower case since Windows does not
 * look at case. Blanks and what a shell might eat are kept: the id is quoted like a path.
 */
void ks_make_id(char id[128], const char *path)
{
    char text[sizeof(((struct ks_interface *)0)->path)];
    size_t used = 0;

    if (strncmp(path, "\\\\?\\", 4) == 0 || strncmp(path, "\\\\.\\", 4) == 0) {
        path += 4;
    }
    for (; *path != '\0' && used + 1 < sizeof(text); path++) {
        const char *close = strchr(path, '}');

        if (path[0] == '#' && path[1] == '{' && close != NULL) {
            path = close;
            continue;
        }
        text[used++] = lower(*path);
    }
    text[used] = '\0';
    if (used <= ID_CHARS) {
        memcpy(id, text, used + 1);
        return;
    }
    (void)snprintf(id, 128, "%.93s~%016llx", text,
                   (unsigned long long)hash(text, UINT64_C(0xcbf29ce484222325)));
}

/* `found` of the system: the same device again only adds its category. */
static void take(void *user, const struct ks_interface *interface)
{
    struct finding *finding = user;
    char id[128];

    ks_make_id(id, interface->path);
    for (uint32_t i = 0; i < finding->count; i++) {
        struct ks_interface *known = &finding->found[i].interface;

        if (strcmp(finding->found[i].id, id) == 0) {
            known->category |= interface->category;
            if (known->name[0] == '\0') {
                memcpy(known->name, interface->name, sizeof(known->name));
            }
            return;
        }
    }
    if (finding->count < KS_FOUND_MOST) {
        memcpy(finding->found[finding->count].id, id, sizeof(id));
        finding->found[finding->count].interface = *interface;
        finding->count++;
    }
}

static int is_video(uint32_t category)
{
    return category & (KS_CATEGORY_VIDEO | KS_CATEGORY_CAMERA) ||
           (category & KS_CATEGORY_CAPTURE && !(category & KS_CATEGORY_AUDIO));
}

int ks_find_all(struct ks_found **out, uint32_t *count)
{
    struct finding finding = {calloc(KS_FOUND_MOST, sizeof(struct ks_found)), 0};
    uint32_t result;

    if (finding.found == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory to list capture filters");
    }
    result = ks_system_table()->enumerate(take, &finding);
    if (result != KS_OK) {
        free(finding.found);
        return vdi_error(VDC_E_IO, "Windows cannot list capture filters: error %u",
                         (unsigned)result);
    }
    *count = 0;
    for (uint32_t i = 0; i < finding.count; i++) {
        if (is_video(finding.found[i].interface.category)) {
            finding.found[(*count)++] = finding.found[i];
        }
    }
    *out = finding.found;
    return VDC_OK;
}

void ks_describe(struct vdi_device_info *info, const struct ks_found *found)
{
    memset(info, 0, sizeof(*info));
    (void)snprintf(info->id, sizeof(info->id), "ks:%.120s", found->id);
    (void)snprintf(info->name, sizeof(info->name), "%.63s",
                   found->interface.name[0] != '\0' ? found->interface.name : "Capture filter");
    (void)snprintf(info->location, sizeof(info->location), "%.127s", found->interface.location);
    info->caps = VDC_CAP_CALLER_MEMORY;
}

int ks_list(struct vdi_context *context, struct vdi_sink *sink)
{
    struct ks_found *found = NULL;
    uint32_t count = 0;
    int status = ks_find_all(&found, &count);

    (void)context;
    for (uint32_t i = 0; i < count && status == VDC_OK; i++) {
        struct vdi_device_info info;

        ks_describe(&info, &found[i]);
        status = vdi_sink_device(sink, &info);
    }
    free(found);
    return status;
}
