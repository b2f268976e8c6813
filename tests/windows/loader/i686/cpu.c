/* SPDX-License-Identifier: MIT */
/*
 * i686: the access macros are calls there, so the card is reached by imports alone, and any access
 * by a plain pointer stands out. The level, too, is read and set by calls.
 */
#include "cpu.h"

#include <string.h>

#include "bus.h"
#include "driver.h"
#include "report.h"

int cpu_access(greg_t *registers, const void *address)
{
    (void)registers;
    (void)address;
    return 0;
}

int cpu_privileged(greg_t *registers)
{
    (void)registers;
    return 0;
}

static uint32_t place(const void *address)
{
    const uint8_t *p = address;

    if (p < bus.bar || p >= bus.bar + BUS_BAR_BYTES)
        report_fail(CHECK_BAD_MEMORY, "%p is no register of the card", address);
    return (uint32_t)(p - bus.bar);
}

static NT_API uint32_t read_register(const void *address)
{
    return bus_read(place(address), 4);
}

static NT_API void write_register(const void *address, uint32_t value)
{
    bus_write(place(address), 4, value);
}

static NT_API void read_register_buffer(const uint8_t *address, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = bus_read(place(address + 4 * i), 4);

        memcpy(bytes + 4 * i, &value, 4);
    }
}

static NT_API void write_register_buffer(const uint8_t *address, const uint8_t *bytes,
                                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value;

        memcpy(&value, bytes + 4 * i, 4);
        bus_write(place(address + 4 * i), 4, value);
    }
}

static NT_API uint32_t read_port_ulong(uintptr_t port)
{
    return bus_port_read((uint32_t)port, 4);
}

static NT_API uint16_t read_port_ushort(uintptr_t port)
{
    return (uint16_t)bus_port_read((uint32_t)port, 2);
}

static NT_API void write_port_ulong(uintptr_t port, uint32_t value)
{
    bus_port_write((uint32_t)port, 4, value);
}

static NT_API void write_port_ushort(uintptr_t port, uint32_t value)
{
    bus_port_write((uint32_t)port, 2, value & 0xffff);
}

static NT_API void read_port_buffer_ulong(uintptr_t port, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = bus_port_read((uint32_t)port, 4);

        memcpy(bytes + 4 * i, &value, 4);
    }
}

static NT_API void write_port_buffer_ushort(uintptr_t port, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t value;

        memcpy(&value, bytes + 2 * i, 2);
        bus_port_write((uint32_t)port, 2, value);
    }
}

static NT_API uint8_t get_level(void)
{
    return (uint8_t)driver_level;
}

static NT_FAST uint8_t raise_level(uint8_t level)
{
    uint8_t old = (uint8_t)driver_level;

    driver_raise_level(level, "KeRaiseIrql");
    return old;
}

static NT_FAST void lower_level(uint8_t level)
{
    driver_lower_level(level, "KeLowerIrql");
}

static NT_FAST uint8_t acquire(void *lock)
{
    uint8_t old = (uint8_t)driver_level;

    (void)lock;
    driver_require_level(LEVEL_DISPATCH, "KeAcquireSpinLock");
    driver_raise_level(LEVEL_DISPATCH, "KeAcquireSpinLock");
    driver_locks++;
    return old;
}

static NT_FAST void release(void *lock, uint8_t level)
{
    (void)lock;
    driver_locks--;
    driver_lower_level(level, "KeReleaseSpinLock");
}

const struct nt_export cpu_exports[] = {
    {"ntoskrnl.exe", "READ_REGISTER_ULONG",         (nt_routine)read_register           },
    {"ntoskrnl.exe", "WRITE_REGISTER_ULONG",        (nt_routine)write_register          },
    {"ntoskrnl.exe", "READ_REGISTER_BUFFER_ULONG",  (nt_routine)read_register_buffer    },
    {"ntoskrnl.exe", "WRITE_REGISTER_BUFFER_ULONG", (nt_routine)write_register_buffer   },
    {"HAL.dll",      "READ_PORT_ULONG",             (nt_routine)read_port_ulong         },
    {"HAL.dll",      "READ_PORT_USHORT",            (nt_routine)read_port_ushort        },
    {"HAL.dll",      "WRITE_PORT_ULONG",            (nt_routine)write_port_ulong        },
    {"HAL.dll",      "WRITE_PORT_USHORT",           (nt_routine)write_port_ushort       },
    {"HAL.dll",      "READ_PORT_BUFFER_ULONG",      (nt_routine)read_port_buffer_ulong  },
    {"HAL.dll",      "WRITE_PORT_BUFFER_USHORT",    (nt_routine)write_port_buffer_ushort},
    {"HAL.dll",      "KeGetCurrentIrql",            (nt_routine)get_level               },
    {"HAL.dll",      "KfRaiseIrql",                 (nt_routine)raise_level             },
    {"HAL.dll",      "KfLowerIrql",                 (nt_routine)lower_level             },
    {"HAL.dll",      "KfAcquireSpinLock",           (nt_routine)acquire                 },
    {"HAL.dll",      "KfReleaseSpinLock",           (nt_routine)release                 },
    {NULL,           NULL,                          NULL                                },
};
