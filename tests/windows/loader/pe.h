/* SPDX-License-Identifier: MIT */
/* The driver's image in memory. */
#ifndef LOADER_PE_H
#define LOADER_PE_H

#include <stddef.h>
#include <stdint.h>

struct pe_image {
    uint8_t *base;
    size_t bytes;
    uint64_t preferred; /* base address that the linker had in mind */
    uint8_t *entry;
    unsigned relocations;
    unsigned imports;
    unsigned sections;
    size_t file_bytes;
};

extern struct pe_image pe_image;

/* What an import is bound to. NULL: there is no such function. */
typedef void (*(*pe_resolve)(const char *dll, const char *name))(void);

/* Maps it at an address of the system's choice, between pages without access, and gives each section
 * its protection. Fails with "image" or "unknown-import". */
void pe_load(const char *path, pe_resolve resolve);
/* Takes it away, as an unload does. */
void pe_unload(void);
int pe_contains(const void *address);
/* The address that the linker gave it, for addr2line. */
uint64_t pe_linked_address(const void *address);

#endif
