/* SPDX-License-Identifier: MIT */
/*
 * Files and the registry: one file, one value. All of it is allowed at PASSIVE_LEVEL only, which is
 * the reason why the driver has a callback of low priority at all.
 */
#include "nt.h"

#include <string.h>

#include "abi.h"
#include "driver.h"
#include "report.h"

#define HANDLE_KEY  0x4004u
#define HANDLE_FILE 0x4008u

struct nt_file nt_file;
const char *nt_registry_name;
const char *nt_registry_value;
uint32_t nt_registry_type = 1; /* REG_SZ */
unsigned nt_files_read;

static unsigned open_keys;
static unsigned open_files;
static uint64_t position;

struct object_attributes {
    uint32_t length;
    void *root;
    const struct nt_string *name;
    uint32_t attributes;
    void *security;
    void *quality;
};

struct status_block {
    union {
        nt_status status;
        void *pointer;
    } u;
    uintptr_t information;
};

static void enter(const char *what)
{
    driver_require_level(LEVEL_PASSIVE, what);
    driver_point();
}

/* Does the counted wide string end with this ASCII text? */
static int ends_with(const struct nt_string *wide, const char *text)
{
    const uint16_t *units = wide->buffer;
    size_t count = wide->length / 2;
    size_t length = strlen(text);

    if (length > count)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (units[count - length + i] != (uint8_t)text[i])
            return 0;
    }
    return 1;
}

static NT_API nt_status create_file(void **handle, uint32_t access,
                                    const struct object_attributes *attributes,
                                    struct status_block *status, const nt_s64 *size,
                                    uint32_t file_attributes, uint32_t share, uint32_t disposition,
                                    uint32_t options, void *extended, uint32_t extended_bytes)
{
    (void)access;
    (void)size;
    (void)file_attributes;
    (void)share;
    (void)disposition;
    (void)options;
    (void)extended;
    (void)extended_bytes;
    enter("ZwCreateFile");
    /* A handle of the process would be open to the process. */
    if (!(attributes->attributes & 0x200))
        report_fail(CHECK_STATUS, "ZwCreateFile without OBJ_KERNEL_HANDLE");
    if (!nt_file.path || !ends_with(attributes->name, nt_file.path))
        return status->u.status = STATUS_OBJECT_NAME_NOT_FOUND;
    if (nt_file.open_status)
        return status->u.status = nt_file.open_status;
    open_files++;
    position = 0;
    *handle = (void *)(uintptr_t)HANDLE_FILE;
    return status->u.status = STATUS_SUCCESS;
}

static NT_API nt_status read_file(void *handle, void *event, void *routine, void *context,
                                  struct status_block *status, uint8_t *bytes, uint32_t length,
                                  const nt_s64 *offset, uint32_t *key)
{
    uint64_t at = offset && *offset >= 0 ? (uint64_t)*offset : position;

    (void)event;
    (void)routine;
    (void)context;
    (void)key;
    enter("ZwReadFile");
    if ((uintptr_t)handle != HANDLE_FILE || open_files == 0)
        report_fail(CHECK_BAD_MEMORY, "ZwReadFile with a handle that is not open");
    nt_files_read++;
    if (nt_file.read_status)
        return status->u.status = nt_file.read_status;
    if (at >= nt_file.size)
        return status->u.status = STATUS_END_OF_FILE;
    if (length > nt_file.size - at)
        length = (uint32_t)(nt_file.size - at);
    memcpy(bytes, nt_file.bytes + at, length);
    position = at + length;
    status->information = length;
    return status->u.status = STATUS_SUCCESS;
}

static NT_API nt_status query_file(void *handle, struct status_block *status, uint8_t *out,
                                   uint32_t length, uint32_t class)
{
    uint64_t size = nt_file.size;

    enter("ZwQueryInformationFile");
    if ((uintptr_t)handle != HANDLE_FILE || open_files == 0)
        report_fail(CHECK_BAD_MEMORY, "ZwQueryInformationFile with a handle that is not open");
    if (class != 5 || length < 24) /* FileStandardInformation */
        return status->u.status = STATUS_INVALID_PARAMETER;
    memset(out, 0, length);
    memcpy(out, &size, 8);
    memcpy(out + 8, &size, 8);
    out[16] = 1;
    status->information = 24;
    return status->u.status = STATUS_SUCCESS;
}

static NT_API nt_status close_handle(void *handle)
{
    enter("ZwClose");
    if ((uintptr_t)handle == HANDLE_FILE && open_files > 0)
        open_files--;
    else if ((uintptr_t)handle == HANDLE_KEY && open_keys > 0)
        open_keys--;
    else
        report_fail(CHECK_BAD_MEMORY, "ZwClose of a handle that is not open");
    return STATUS_SUCCESS;
}

static NT_API nt_status open_key(void *device, uint32_t kind, uint32_t access, void **handle)
{
    (void)device;
    (void)kind;
    (void)access;
    enter("IoOpenDeviceRegistryKey");
    open_keys++;
    *handle = (void *)(uintptr_t)HANDLE_KEY;
    return STATUS_SUCCESS;
}

/* KeyValuePartialInformation: title, type, bytes, then the value. */
static NT_API nt_status query_value(void *handle, const struct nt_string *name, uint32_t class,
                                    uint8_t *out, uint32_t length, uint32_t *needed)
{
    uint32_t head[3] = {0, nt_registry_type, 0};
    uint32_t room;

    enter("ZwQueryValueKey");
    if ((uintptr_t)handle != HANDLE_KEY || open_keys == 0)
        report_fail(CHECK_BAD_MEMORY, "ZwQueryValueKey with a handle that is not open");
    if (class != 2)
        return STATUS_INVALID_PARAMETER;
    if (!nt_registry_name || name->length != 2 * strlen(nt_registry_name) ||
        !ends_with(name, nt_registry_name))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    head[2] = (uint32_t)(2 * strlen(nt_registry_value) + 2);
    *needed = 12 + head[2];
    if (length < 12)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, head, 12);
    room = length - 12;
    for (uint32_t i = 0; i < head[2] && i + 2 <= room; i += 2) {
        out[12 + i] = (uint8_t)nt_registry_value[i / 2];
        out[13 + i] = 0;
    }
    return head[2] > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

void nt_check_handles(void)
{
    if (open_files || open_keys)
        report_fail(CHECK_LEAK, "%u files and %u keys are left open", open_files, open_keys);
}

const struct nt_export nt_file_exports[] = {
    {"ntoskrnl.exe", "ZwCreateFile",            (nt_routine)create_file },
    {"ntoskrnl.exe", "ZwReadFile",              (nt_routine)read_file   },
    {"ntoskrnl.exe", "ZwQueryInformationFile",  (nt_routine)query_file  },
    {"ntoskrnl.exe", "ZwClose",                 (nt_routine)close_handle},
    {"ntoskrnl.exe", "IoOpenDeviceRegistryKey", (nt_routine)open_key    },
    {"ntoskrnl.exe", "ZwQueryValueKey",         (nt_routine)query_value },
    {NULL,           NULL,                      NULL                    },
};
