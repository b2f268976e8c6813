/* SPDX-License-Identifier: MIT */
/*
 * The tables at the end of docs/hardware.md, made from vdh_regs.def and vdh_layouts.def. The page
 * is kept in the tree with its tables, so that it can be read without a build.
 *
 *   hardware_tables             prints the tables
 *   hardware_tables --update F  writes them into the page F, below the marker
 *   hardware_tables --check F   exit status 1 if the page has others
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX_BYTES (1u << 20)

static const char marker[] = "<!-- tables:";

/* Text that may stand in a table cell: what Markdown or Doxygen would take for syntax is escaped. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '|':
            fputs("&#124;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '*':
        case '\\':
        case '@':
        case '#':
        case '%':
            fprintf(out, "\\%c", *text);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void print_end_cell(FILE *out, const char *text)
{
    print_cell(out, text);
    fputs(" |\n", out);
}

/* ---- Registers ------------------------------------------------------------------------------ */

static void print_register(FILE *out, const char *name, uint32_t offset, uint32_t count,
                           const char *properties, uint32_t reset, const char *help)
{
    fprintf(out, "| 0x%03" PRIX32, offset);
    if (count > 1) {
        fprintf(out, " to 0x%03" PRIX32, offset + 4 * (count - 1));
    }
    fprintf(out, " | `%s%s` | %s | 0x%08" PRIX32 " | ", name, count > 1 ? "[]" : "", properties,
            reset);
    print_end_cell(out, help);
}

/* The first field of a register opens its table. The state is the name of the open one. */
static void print_field(FILE *out, const char **open, const char *reg, const char *field,
                        unsigned msb, unsigned lsb, const char *help)
{
    if (!*open || strcmp(*open, reg) != 0) {
        fprintf(out,
                "\n### Register %s\n\n| bits | field, value | meaning |\n| --- | --- | --- |\n",
                reg);
        *open = reg;
    }
    if (msb == lsb) {
        fprintf(out, "| %u | `%s` | ", lsb, field);
    } else {
        fprintf(out, "| %u:%u | `%s` | ", msb, lsb, field);
    }
    print_end_cell(out, help);
}

static void print_value(FILE *out, const char *name, uint32_t value, const char *help)
{
    /* Small numbers are counted, large ones are patterns of bits. */
    fprintf(out, value < 256 ? "| | %" PRIu32 " `%s` | " : "| | 0x%" PRIX32 " `%s` | ", value,
            name);
    print_end_cell(out, help);
}

static void print_registers(FILE *out)
{
    const char *open = NULL;

    fputs("\n## 11. Registers\n\n"
          "*Access*: RO, RW, WO (reads as 0), W1C (a 1 written clears the bit). *When*: BOOT "
          "answers\n"
          "always, RUN once firmware runs. *User*: what a program may do through a driver.\n\n"
          "| offset | register | access | when | body | user | reset | what it does |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
          out);
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help)                       \
    print_register(out, #reg, offset, count, #access " | " #when " | " #body " | " #user, reset, \
                   help);
#include "vdh_regs.def"
#define VDH_FIELD(reg, field, msb, lsb, help)    print_field(out, &open, #reg, #field, msb, lsb, help);
#define VDH_VALUE(reg, field, name, value, help) print_value(out, #name, value, help);
#include "vdh_regs.def"
}

/* ---- Layouts -------------------------------------------------------------------------------- */

static void print_layout(FILE *out, const char *name, unsigned bytes, const char *help)
{
    fprintf(out, "\n### Layout %s, %u bytes\n\n", name, bytes);
    print_cell(out, help);
    fputs(".\n\n| offset | type | member, bit, value | meaning |\n| --- | --- | --- | --- |\n",
          out);
}

static void print_member(FILE *out, const char *name, unsigned offset, const char *type,
                         const char *help)
{
    fprintf(out, "| %u | %s | `%s` | ", offset, type, name);
    print_end_cell(out, help);
}

static void print_bit(FILE *out, const char *name, unsigned bit, const char *help)
{
    fprintf(out, "| | | bit %u `%s` | ", bit, name);
    print_end_cell(out, help);
}

static void print_member_value(FILE *out, const char *name, uint32_t value, const char *help)
{
    fputs("| ", out);
    print_value(out, name, value, help);
}

static void print_layouts(FILE *out)
{
    fputs(
        "\n## 12. Layouts\n\nIn memory, in files and on the wire. All numbers are little endian.\n",
        out);
#define VDH_LAYOUT(layout, bytes, help) print_layout(out, #layout, bytes, help);
#define VDH_MEMBER(layout, member, offset, type, help) \
    print_member(out, #member, offset, #type, help);
#define VDH_MEMBER_BIT(layout, member, name, bit, help) print_bit(out, #name, bit, help);
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    print_member_value(out, #name, value, help);
#include "vdh_layouts.def"
}

static void print_tables(FILE *out)
{
    print_registers(out);
    print_layouts(out);
}

/* ---- The page ------------------------------------------------------------------------------- */

/* A whole file as text, to be freed; NULL if it cannot be read. */
static char *load(FILE *file)
{
    char *text = file ? malloc(PAGE_MAX_BYTES + 1) : NULL;
    size_t bytes = text ? fread(text, 1, PAGE_MAX_BYTES, file) : 0;

    if (text) {
        text[bytes] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

static char *make_tables(void)
{
    FILE *scratch = tmpfile();

    if (!scratch) {
        return NULL;
    }
    print_tables(scratch);
    rewind(scratch);
    return load(scratch);
}

static int update(const char *path, char *page, char *below, const char *tables)
{
    FILE *file = fopen(path, "wb");
    int ok = file != NULL;

    *below = '\0';
    ok = ok && fputs(page, file) >= 0 && fputs(tables, file) >= 0;
    if (file) {
        ok = fclose(file) == 0 && ok;
    }
    if (!ok) {
        fprintf(stderr, "hardware_tables: cannot write \"%s\"\n", path);
    }
    return ok ? 0 : -1;
}

/* Says where the page and the tables part. */
static int check(const char *path, const char *page, const char *below, const char *tables)
{
    unsigned line = 1;
    const char *at = page;

    if (strcmp(below, tables) == 0) {
        return 0;
    }
    while (*at && (at < below || *at == tables[at - below])) {
        line += *at == '\n';
        at++;
    }
    fprintf(stderr,
            "%s:%u: not the tables of vdh_regs.def and vdh_layouts.def\n"
            "refresh it: cmake --build BUILD_FOLDER --target hardware-tables\n",
            path, line);
    return -1;
}

int main(int argc, char **argv)
{
    int to_check = argc == 3 && strcmp(argv[1], "--check") == 0;
    char *page;
    char *below;
    char *tables;
    int result = -1;

    if (argc == 1) {
        print_tables(stdout);
        return EXIT_SUCCESS;
    }
    if (!to_check && (argc != 3 || strcmp(argv[1], "--update") != 0)) {
        fprintf(stderr, "hardware_tables [--update FILE | --check FILE]\n");
        return 2;
    }
    page = load(fopen(argv[2], "rb"));
    tables = make_tables();
    below = page ? strstr(page, marker) : NULL;
    below = below ? strchr(below, '\n') : NULL;
    if (!below || !tables) {
        fprintf(stderr, "hardware_tables: \"%s\" cannot be read or lacks the line \"%s\"\n",
                argv[2], marker);
    } else {
        below++;
        result =
            to_check ? check(argv[2], page, below, tables) : update(argv[2], page, below, tables);
    }
    free(page);
    free(tables);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
