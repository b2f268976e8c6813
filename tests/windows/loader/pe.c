/* SPDX-License-Identifier: MIT */
/*
 * The image loader: sections, base relocations, imports, protections. Nothing in the file is
 * trusted to lie inside of it, since a linker's mistake is one of the things looked for.
 */
#include "pe.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"
#include "report.h"

#define PAGE             4096u
#define SECTION_CODE     0x20000000u
#define SECTION_READ     0x40000000u
#define SECTION_WRITE    0x80000000u
#define DIRECTORY_IMPORT 1
#define DIRECTORY_RELOC  5
#define SUBSYSTEM_NATIVE 1

struct pe_image pe_image;

static const uint8_t *file;

static uint32_t u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static uint64_t u64(const uint8_t *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

/* A place in the file, with `bytes` behind it. */
static const uint8_t *in_file(size_t offset, size_t bytes)
{
    if (offset > pe_image.file_bytes || bytes > pe_image.file_bytes - offset)
        report_fail(CHECK_IMAGE, "the file ends before %zu + %zu", offset, bytes);
    return file + offset;
}

static uint8_t *in_image(size_t offset, size_t bytes)
{
    if (offset > pe_image.bytes || bytes > pe_image.bytes - offset)
        report_fail(CHECK_IMAGE, "the image ends before %zu + %zu", offset, bytes);
    return pe_image.base + offset;
}

static void open_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &status) || status.st_size == 0)
        report_fail(CHECK_IMAGE, "%s cannot be read", path);
    pe_image.file_bytes = (size_t)status.st_size;
    file = mmap(NULL, pe_image.file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
}

static void map_sections(const uint8_t *section, unsigned count)
{
    for (unsigned i = 0; i < count; i++, section += 40) {
        uint32_t memory_bytes = u32(section + 8);
        uint32_t address = u32(section + 12);
        uint32_t bytes = u32(section + 16);

        if (bytes > memory_bytes)
            bytes = memory_bytes;
        if (bytes > 0)
            memcpy(in_image(address, memory_bytes), in_file(u32(section + 20), bytes), bytes);
    }
}

static void relocate(uint32_t address, uint32_t bytes)
{
    uint64_t delta = (uintptr_t)pe_image.base - pe_image.preferred;

    while (bytes >= 8) {
        const uint8_t *block = in_image(address, 8);
        uint32_t page = u32(block);
        uint32_t size = u32(block + 4);

        if (size < 8 || size > bytes)
            report_fail(CHECK_IMAGE, "relocation block of %u bytes", size);
        for (uint32_t k = 8; k + 2 <= size; k += 2) {
            uint32_t item = u16(in_image(address + k, 2));
            uint8_t *at;
            uintptr_t value;

            if (item >> 12 == 0)
                continue;
            if (item >> 12 != ARCH_RELOCATION)
                report_fail(CHECK_IMAGE, "relocation type %u", item >> 12);
            at = in_image(page + (item & 0xfff), ARCH_POINTER);
            memcpy(&value, at, sizeof(value));
            value += (uintptr_t)delta;
            memcpy(at, &value, sizeof(value));
            pe_image.relocations++;
        }
        address += size;
        bytes -= size;
    }
}

static void bind(uint32_t address, pe_resolve resolve)
{
    for (;; address += 20) {
        const uint8_t *descriptor = in_image(address, 20);
        uint32_t names = u32(descriptor);
        uint32_t table = u32(descriptor + 16);
        const char *dll;

        if (u32(descriptor + 12) == 0)
            return;
        dll = (const char *)in_image(u32(descriptor + 12), 1);
        if (names == 0)
            names = table;
        for (;; names += ARCH_POINTER, table += ARCH_POINTER) {
            uintptr_t name;
            const char *text;
            void (*target)(void);

            memcpy(&name, in_image(names, ARCH_POINTER), sizeof(name));
            if (name == 0)
                break;
            if (name >> (8 * ARCH_POINTER - 1))
                report_fail(CHECK_UNKNOWN_IMPORT, "%s, by number %u", dll, (unsigned)name & 0xffff);
            text = (const char *)in_image(name, 3) + 2;
            target = resolve(dll, text);
            if (!target)
                report_fail(CHECK_UNKNOWN_IMPORT, "%s of %s", text, dll);
            memcpy(in_image(table, ARCH_POINTER), &target, sizeof(target));
            pe_image.imports++;
        }
    }
}

static void protect_sections(const uint8_t *section, unsigned count, uint32_t header_bytes)
{
    mprotect(pe_image.base, pe_image.bytes, PROT_NONE);
    mprotect(pe_image.base, (header_bytes + PAGE - 1) & ~(size_t)(PAGE - 1), PROT_READ);
    for (unsigned i = 0; i < count; i++, section += 40) {
        uint32_t flags = u32(section + 36);
        size_t bytes = (u32(section + 8) + PAGE - 1) & ~(size_t)(PAGE - 1);
        int access = (flags & SECTION_READ ? PROT_READ : 0) |
                     (flags & SECTION_WRITE ? PROT_WRITE : 0) |
                     (flags & SECTION_CODE ? PROT_EXEC : 0);

        if ((flags & SECTION_CODE) && (flags & SECTION_WRITE))
            report_fail(CHECK_IMAGE, "section %.8s can be written and run", (const char *)section);
        mprotect(in_image(u32(section + 12), 0), bytes, access);
    }
}

void pe_load(const char *path, pe_resolve resolve)
{
    const uint8_t *head;
    const uint8_t *optional;
    const uint8_t *directory;
    uint32_t optional_bytes;
    uint8_t *room;

    open_file(path);
    if (u16(in_file(0, 64)) != 0x5a4d)
        report_fail(CHECK_IMAGE, "%s is no program", path);
    head = in_file(u32(file + 0x3c), 24);
    optional_bytes = u16(head + 20);
    optional = in_file((size_t)(head - file) + 24, optional_bytes);
    if (u32(head) != 0x4550 || u16(head + 4) != ARCH_MACHINE || u16(optional) != ARCH_OPTIONAL ||
        optional_bytes < ARCH_DIRECTORY + 6 * 8)
        report_fail(CHECK_IMAGE, "%s is not for " ARCH_NAME, path);
    if (u16(optional + 68) != SUBSYSTEM_NATIVE || (u16(head + 22) & 0x2000))
        report_fail(CHECK_IMAGE, "%s is no driver", path);
    directory = optional + ARCH_DIRECTORY;
    pe_image.sections = u16(head + 6);
    pe_image.preferred = ARCH_POINTER == 8 ? u64(optional + 24) : u32(optional + 28);
    pe_image.bytes = (u32(optional + 56) + PAGE - 1) & ~(size_t)(PAGE - 1);

    room = mmap(NULL, pe_image.bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        report_fail(CHECK_IMAGE, "no room for %zu bytes", pe_image.bytes);
    pe_image.base = room + PAGE;
    mprotect(pe_image.base, pe_image.bytes, PROT_READ | PROT_WRITE);
    memcpy(pe_image.base, in_file(0, u32(optional + 60)), u32(optional + 60));
    in_file((size_t)(optional - file) + optional_bytes, (size_t)pe_image.sections * 40);
    map_sections(optional + optional_bytes, pe_image.sections);
    relocate(u32(directory + DIRECTORY_RELOC * 8), u32(directory + DIRECTORY_RELOC * 8 + 4));
    bind(u32(directory + DIRECTORY_IMPORT * 8), resolve);
    protect_sections(optional + optional_bytes, pe_image.sections, u32(optional + 60));
    pe_image.entry = pe_image.base + u32(optional + 16);
}

void pe_unload(void)
{
    mprotect(pe_image.base, pe_image.bytes, PROT_NONE);
}

int pe_contains(const void *address)
{
    const uint8_t *p = address;

    return p >= pe_image.base && p < pe_image.base + pe_image.bytes;
}

uint64_t pe_linked_address(const void *address)
{
    return (uint64_t)((const uint8_t *)address - pe_image.base) + pe_image.preferred;
}
