/* SPDX-License-Identifier: MIT */
/*
 * Firmware that is not the embedded one: the file that the registry names, and images that programs
 * send. Files and pool memory are PASSIVE_LEVEL work; the steps that follow are not.
 */
#include "vdw.h"
#include "vdh_default_image.h"

#define POOL_TAG       0x77644656u /* the letters VFdw */
#define PATH_MAX_CHARS 260u
#define PCI_COMMAND    4u
#define PCI_MASTER     0x0004u
#define RECORD_POLL_US 1000u

static const WCHAR value_name[] = L"FirmwareFile";
static const WCHAR folder[] = L"\\SystemRoot\\System32\\drivers\\";

/* ---- At PASSIVE_LEVEL ---- */

VDW_PASSIVE void vdw_firmware_free(struct vdw_device *device)
{
    if (device->image)
        ExFreePoolWithTag(device->image, POOL_TAG);
    device->image = NULL;
    device->image_bytes = 0;
}

/* A path from the registry: as it stands if it begins with a backslash, else in the drivers' folder.
 * 0 if there is none. */
static uint32_t read_path(const struct vdw_device *device, WCHAR *path)
{
    struct {
        KEY_VALUE_PARTIAL_INFORMATION info;
        WCHAR rest[PATH_MAX_CHARS];
    } value;
    UNICODE_STRING name;
    HANDLE key = NULL;
    ULONG length = 0;
    NTSTATUS status;
    uint32_t chars;
    uint32_t before = 0;
    WCHAR first = 0;

    if (!device->physical || IoOpenDeviceRegistryKey(device->physical, PLUGPLAY_REGKEY_DRIVER,
                                                     KEY_READ, &key) != STATUS_SUCCESS)
        return 0;
    name.Buffer = (PWSTR)(ULONG_PTR)value_name;
    name.Length = sizeof(value_name) - sizeof(WCHAR);
    name.MaximumLength = sizeof(value_name);
    memset(&value, 0, sizeof(value));
    status =
        ZwQueryValueKey(key, &name, KeyValuePartialInformation, &value, sizeof(value), &length);
    (void)ZwClose(key);
    chars = value.info.DataLength / (uint32_t)sizeof(WCHAR);
    if (status != STATUS_SUCCESS || value.info.Type != REG_SZ || chars > PATH_MAX_CHARS)
        return 0;
    memcpy(path, value.info.Data, chars * sizeof(WCHAR));
    while (chars > 0 && path[chars - 1u] == 0)
        chars--;
    if (chars == 0)
        return 0;
    first = path[0];
    if (first != L'\\') {
        before = (uint32_t)(sizeof(folder) / sizeof(folder[0])) - 1u;
        if (before + chars > PATH_MAX_CHARS)
            return 0;
        memmove(path + before, path, chars * sizeof(WCHAR));
        memcpy(path, folder, before * sizeof(WCHAR));
    }
    return before + chars;
}

static NTSTATUS read_open_file(struct vdw_device *device, HANDLE file)
{
    FILE_STANDARD_INFORMATION info;
    IO_STATUS_BLOCK io;
    LARGE_INTEGER from;
    uint32_t bytes;
    NTSTATUS status;

    memset(&info, 0, sizeof(info));
    status = ZwQueryInformationFile(file, &io, &info, sizeof(info), FileStandardInformation);
    if (status != STATUS_SUCCESS)
        return status;
    if (info.EndOfFile.QuadPart <= 0 ||
        (uint64_t)info.EndOfFile.QuadPart > device->core.identity.capacity_bytes)
        return STATUS_FILE_TOO_LARGE;
    bytes = (uint32_t)info.EndOfFile.QuadPart;
    device->image = ExAllocatePoolWithTag(NonPagedPool, bytes, POOL_TAG);
    if (!device->image)
        return STATUS_INSUFFICIENT_RESOURCES;
    from.QuadPart = 0;
    status = ZwReadFile(file, NULL, NULL, NULL, &io, device->image, bytes, &from, NULL);
    if (status == STATUS_SUCCESS && io.Information != bytes)
        status = STATUS_END_OF_FILE;
    device->image_bytes = bytes;
    return status;
}

VDW_PASSIVE void vdw_firmware_load(struct vdw_device *device)
{
    WCHAR path[PATH_MAX_CHARS];
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING name;
    HANDLE file = NULL;
    uint32_t chars;
    NTSTATUS status;

    vdw_firmware_free(device);
    device->file_state = VDW_FILE_NONE;
    device->file_error = 0;
    chars = read_path(device, path);
    if (chars == 0)
        return;
    name.Buffer = path;
    name.Length = (USHORT)(chars * sizeof(WCHAR));
    name.MaximumLength = sizeof(path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    status = ZwCreateFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &io, NULL,
                          FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ, FILE_OPEN,
                          FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0);
    if (status == STATUS_SUCCESS) {
        status = read_open_file(device, file);
        (void)ZwClose(file);
    }
    if (status != STATUS_SUCCESS) {
        vdw_firmware_free(device);
        device->file_state = VDW_FILE_MISSING;
    }
}

static const struct vdw_firmware_command *command_of(const PHW_STREAM_REQUEST_BLOCK srb)
{
    return srb->CommandData.PropertyInfo->PropertyInfo;
}

VDW_PASSIVE void vdw_firmware_copy(struct vdw_device *device)
{
    const struct vdw_firmware_command *command;

    vdw_firmware_free(device);
    if (!device->update_srb)
        return;
    command = command_of(device->update_srb);
    /* The size that was checked: the memory is the system's, but once is enough to read it. */
    device->image = ExAllocatePoolWithTag(NonPagedPool, device->update_total, POOL_TAG);
    if (!device->image)
        return;
    device->image_bytes = device->update_total;
    memcpy(device->image, command + 1, device->update_total);
}

/* Believed when it is read back: what follows is that pages are given away. */
VDW_PASSIVE uint32_t vdw_firmware_cut(struct vdw_device *device, int allow)
{
    USHORT command = 0;

    if (!StreamClassReadWriteConfig(device, TRUE, &command, PCI_COMMAND, sizeof(command)))
        return 0;
    command = (USHORT)(allow ? command | PCI_MASTER : command & ~PCI_MASTER);
    return StreamClassReadWriteConfig(device, FALSE, &command, PCI_COMMAND, sizeof(command)) &&
           StreamClassReadWriteConfig(device, TRUE, &command, PCI_COMMAND, sizeof(command)) &&
           !(command & PCI_MASTER) == !allow;
}

/* ---- Commands ---- */

static void begin(struct vdw_device *device, uint32_t code)
{
    device->update_code = code;
    device->update_state = VDW_FIRMWARE_BUSY;
    device->update_result = VDH_OK;
    device->update_error = 0;
    device->store.stored_bytes = 0;
    device->boot.uploaded_bytes = 0;
}

void vdw_firmware_end(struct vdw_device *device, int result, uint32_t error)
{
    device->update = VDW_UPDATE_NONE;
    device->update_result = result;
    device->update_error = error;
    device->update_state = result == VDH_OK           ? VDW_FIRMWARE_DONE
                           : result == VDH_E_FIRMWARE ? VDW_FIRMWARE_REFUSED
                                                      : VDW_FIRMWARE_FAILED;
    vdw_event_signal(device, VDW_EVENT_FIRMWARE);
    if (device->image)
        vdw_work_request(device, VDW_WORK_FREE);
}

void vdw_firmware_copied(struct vdw_device *device)
{
    PHW_STREAM_REQUEST_BLOCK srb = device->update_srb;
    NTSTATUS status = STATUS_SUCCESS;

    if (!srb)
        return;
    device->update_srb = NULL;
    device->update = VDW_UPDATE_NONE;
    if (!device->image)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (device->gone || device->suspending || device->leaving)
        status = STATUS_DEVICE_NOT_READY;
    if (status != STATUS_SUCCESS) {
        vdw_firmware_end(device, VDH_E_STATE, 0);
    } else if (device->update_code == VDW_FIRMWARE_STORE) {
        device->update = VDW_UPDATE_STORE;
        vdh_flash_store_start(&device->store, &device->core, device->image, device->image_bytes);
        vdw_work_request(device, VDW_WORK_STEP);
    } else {
        device->update = VDW_UPDATE_BOOT;
        device->boot_for_update = 1;
        vdw_boot_begin_image(device);
    }
    vdw_complete_device(srb, status);
}

static NTSTATUS send(struct vdw_property_call *call, const struct vdw_firmware_command *command)
{
    struct vdw_device *device = call->device;

    if (command->image_bytes == 0 ||
        command->image_bytes > call->value_bytes - (uint32_t)sizeof(*command))
        return STATUS_INVALID_PARAMETER;
    if (command->image_bytes > device->core.identity.capacity_bytes)
        return STATUS_FILE_TOO_LARGE;
    begin(device, command->code);
    device->update_total = command->image_bytes;
    device->update = VDW_UPDATE_COPY;
    device->update_srb = call->srb;
    call->srb->TimeoutCounter = 0;
    vdw_work_request(device, VDW_WORK_COPY);
    return STATUS_PENDING;
}

/* COMMIT and ROLL_BACK write a record that says which slot is active. That the card is not busy proves
 * nothing: one that lost power meanwhile is not, and reports no error. What it holds in the end does. */
static NTSTATUS write_record(struct vdw_device *device, uint32_t code)
{
    struct vdh_boot_status boot;
    struct vdh_flash_status flash;
    int result = vdh_boot_read_status(&device->core, &boot);

    if (!result)
        result = vdh_flash_read_status(&device->core, &flash);
    if (result)
        return vdw_status(result);
    begin(device, code);
    device->update_total = 0;
    if (code == VDW_FIRMWARE_COMMIT) {
        device->update_active = boot.source - (uint32_t)VDH_V_BOOT_STATUS_SOURCE_SLOT_A +
                                (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_A;
        result = vdh_flash_commit(&device->core);
    } else {
        device->update_active = flash.active == (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_A
                                    ? (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_B
                                    : (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_A;
        result = vdh_flash_roll_back(&device->core);
    }
    if (result != VDH_OK && result != VDH_AGAIN) {
        vdw_firmware_end(device, result, 0);
        return vdw_status(result);
    }
    device->update = VDW_UPDATE_RECORD;
    device->update_deadline_us = vdw_clock_us(device) + VDH_FLASH_STALL_TIMEOUT_US;
    vdw_work_request(device, VDW_WORK_STEP);
    return STATUS_SUCCESS;
}

static int record_step(struct vdw_device *device, uint32_t *again_us)
{
    struct vdh_flash_status flash;
    int result = vdh_flash_read_status(&device->core, &flash);

    if (result)
        return result;
    if (flash.busy) {
        *again_us = RECORD_POLL_US;
        return vdw_clock_us(device) < device->update_deadline_us ? VDH_AGAIN : VDH_E_TIMEOUT;
    }
    if (flash.error != (uint32_t)VDH_V_FLASH_STATUS_ERROR_NONE)
        return flash.error == (uint32_t)VDH_V_FLASH_STATUS_ERROR_SLOT ? VDH_E_STATE : VDH_E_IO;
    return flash.active == device->update_active ? VDH_OK : VDH_E_IO;
}

NTSTATUS vdw_firmware_command(struct vdw_property_call *call)
{
    struct vdw_device *device = call->device;
    struct vdw_firmware_command command;
    int result;

    memcpy(&command, call->value, sizeof(command));
    if (device->update != VDW_UPDATE_NONE || device->boot_phase != VDW_BOOT_IDLE ||
        (device->stream && device->stream->state != KSSTATE_STOP) ||
        device->engine != VDW_ENGINE_OFF)
        return STATUS_DEVICE_BUSY;
    switch (command.code) {
    case VDW_FIRMWARE_BOOT:
    case VDW_FIRMWARE_STORE:
        return send(call, &command);
    case VDW_FIRMWARE_BOOT_SLOT:
        if (command.slot > 1u)
            return STATUS_INVALID_PARAMETER;
        result = vdh_flash_boot_slot(&device->core, command.slot);
        if (result)
            return vdw_status(result);
        begin(device, command.code);
        device->update_total = 0;
        device->update = VDW_UPDATE_BOOT;
        device->boot_for_update = 1;
        vdw_boot_begin_present(device, 1);
        return STATUS_SUCCESS;
    case VDW_FIRMWARE_COMMIT:
    case VDW_FIRMWARE_ROLL_BACK:
        return write_record(device, command.code);
    case VDW_FIRMWARE_RESTORE:
        /* What is in flash starts by itself; else the embedded image finds the card empty. */
        result = vdh_reset(&device->core, VDH_V_RESET_KIND_CARD);
        if (result)
            return vdw_status(result);
        vdw_boot_begin(device, 1);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

void vdw_firmware_step(struct vdw_device *device)
{
    uint32_t again_us = 0;
    int result;

    if (device->update == VDW_UPDATE_STORE)
        result = vdh_flash_store_step(&device->store, vdw_clock_us(device), &again_us);
    else if (device->update == VDW_UPDATE_RECORD)
        result = record_step(device, &again_us);
    else
        return;
    if (result == VDH_AGAIN)
        vdw_work_after(device, again_us);
    else if (result == VDH_E_GONE)
        vdw_device_gone(device);
    else
        vdw_firmware_end(device, result,
                         device->update == VDW_UPDATE_STORE ? (uint32_t)device->store.error : 0);
}

/* At most 8 accesses. */
NTSTATUS vdw_firmware_read_status(struct vdw_property_call *call)
{
    struct vdw_device *device = call->device;
    struct vdw_firmware_status out;
    struct vdh_boot_status boot;
    struct vdh_flash_status flash;
    int result = vdh_boot_read_status(&device->core, &boot);

    if (result)
        return vdw_status(result);
    memset(&out, 0, sizeof(out));
    out.runs = boot.runs;
    out.version = device->core.running_version;
    out.source = boot.source;
    out.trial = boot.trial;
    out.fell_back = boot.fell_back;
    out.boot_error = (uint32_t)boot.error;
    if (vdh_flash_read_status(&device->core, &flash) == VDH_OK) {
        out.has_flash = 1;
        out.active_slot = flash.active;
        for (uint32_t i = 0; i < 2u; i++) {
            out.slot_holds[i] = flash.slot[i];
            out.slot_version[i] = flash.version[i];
        }
    }
    out.state =
        device->boot_phase != VDW_BOOT_IDLE ? (uint32_t)VDW_FIRMWARE_BUSY : device->update_state;
    out.result =
        device->update_state == VDW_FIRMWARE_IDLE ? device->boot_result : device->update_result;
    out.image_error = device->update_state == VDW_FIRMWARE_IDLE ? (uint32_t)device->boot_error
                                                                : device->update_error;
    out.done_bytes = device->update_code == VDW_FIRMWARE_STORE ? device->store.stored_bytes
                                                               : device->boot.uploaded_bytes;
    out.total_bytes = device->update_total;
    out.file_state = device->file_state;
    out.file_error = device->file_error;
    out.embedded_version = vdh_get_u32(vdh_default_image + VDH_O_IMAGE_VERSION);
    memcpy(call->value, &out, sizeof(out));
    call->used_bytes = sizeof(out);
    return STATUS_SUCCESS;
}
