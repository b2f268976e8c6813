/* SPDX-License-Identifier: MIT */
/*
 * vdfwbuild: makes firmware images from descriptions, prints them, and turns them into C. An image
 * is checked again as bytes after it was made, so nothing leaves this program that a card refuses.
 */
#include "vdfwbuild.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct options {
    const char *input;
    const char *output;
    const char *c_name;    /* --c: write C source */
    const char *c_include; /* --include */
    const char *target;    /* these three replace what the description says */
    const char *version;
    const char *code_bytes;
    int print;
};

static const char usage[] =
    "vdfwbuild: firmware images of the capture card\n"
    "\n"
    "  vdfwbuild -o IMAGE DESCRIPTION          make an image\n"
    "  vdfwbuild --print IMAGE                 show an image; exit status 1 if a card refuses it\n"
    "  vdfwbuild --c NAME -o FILE.c INPUT      write an image as C: NAME[] and NAME_bytes;\n"
    "                                          INPUT is an image or a description\n"
    "\n"
    "  --include HEADER    what the C file includes, instead of <stdint.h>\n"
    "  --target NUMBER     replaces the target of the description\n"
    "  --version A.B.C     replaces its version\n"
    "  --code-bytes N      replaces its code by N filler bytes\n";

static int take_option(struct options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **value;
    } table[] = {
        {"-o",           &options->output    },
        {"--c",          &options->c_name    },
        {"--include",    &options->c_include },
        {"--target",     &options->target    },
        {"--version",    &options->version   },
        {"--code-bytes", &options->code_bytes},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(name, table[i].name) == 0 && value) {
            *table[i].value = value;
            return 0;
        }
    }
    return -1;
}

static int parse_arguments(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print") == 0) {
            options->print = 1;
        } else if (argv[i][0] == '-') {
            if (take_option(options, argv[i], i + 1 < argc ? argv[i + 1] : NULL) != 0) {
                fprintf(stderr, "vdfwbuild: \"%s\" is no option, or lacks its value\n", argv[i]);
                return -1;
            }
            i++;
        } else if (options->input) {
            fprintf(stderr, "vdfwbuild: one input at a time, \"%s\" is the second\n", argv[i]);
            return -1;
        } else {
            options->input = argv[i];
        }
    }
    if (!options->input || (!options->print && !options->output)) {
        fputs(usage, stderr);
        return -1;
    }
    return 0;
}

/* A whole file, to be freed; NULL: a message was printed. */
static uint8_t *load(const char *path, uint32_t *bytes)
{
    /* One byte more than an image may have, so that a larger one is seen to be larger. */
    size_t room = (size_t)fw_capacity_bytes() + 1;
    FILE *file = fopen(path, "rb");
    uint8_t *image = file ? malloc(room) : NULL;
    size_t count = image ? fread(image, 1, room, file) : 0;
    int failed = !image || ferror(file) != 0;

    if (file) {
        fclose(file);
    }
    if (failed) {
        fprintf(stderr, "vdfwbuild: cannot read \"%s\": check the name and the rights\n", path);
        free(image);
        return NULL;
    }
    *bytes = (uint32_t)count;
    return image;
}

static void complain(const struct fw_problem *problem)
{
    fprintf(stderr, "%s: ", problem->check);
    if (problem->record >= 0) {
        fprintf(stderr, "%s %" PRIu32 ": ", fw_limits[problem->record].singular, problem->index);
    }
    fprintf(stderr, "%s\n", problem->text);
}

static int override(struct fw_description *description, const struct options *options)
{
    char *end = NULL;
    unsigned long number;

    if (options->target) {
        number = strtoul(options->target, &end, 0);
        if (*end != '\0' || end == options->target || number > UINT32_MAX) {
            fprintf(stderr, "vdfwbuild: --target \"%s\" is no 32-bit number\n", options->target);
            return -1;
        }
        description->target = (uint32_t)number;
    }
    if (options->version && fw_version_parse(&description->version, options->version) != 0) {
        fprintf(stderr, "vdfwbuild: --version \"%s\" is no version: write 1.0.0\n",
                options->version);
        return -1;
    }
    if (options->code_bytes) {
        number = strtoul(options->code_bytes, &end, 0);
        if (*end != '\0' || end == options->code_bytes || number > fw_capacity_bytes() ||
            fw_code_fill(description, (uint32_t)number) != 0) {
            fprintf(stderr, "vdfwbuild: --code-bytes \"%s\": a number up to %" PRIu32 "\n",
                    options->code_bytes, fw_capacity_bytes());
            return -1;
        }
    }
    return 0;
}

/* From a description to a checked image, to be freed; NULL: a message was printed. */
static uint8_t *build(const struct options *options, uint32_t *bytes)
{
    struct fw_description *description = calloc(1, sizeof *description);
    struct fw_problem problem;
    uint8_t *image = NULL;

    if (description && fw_description_read(description, options->input, stderr) == 0 &&
        override(description, options) == 0) {
        image = fw_image_make(description, bytes, &problem);
        if (!image || fw_image_check(image, *bytes, &problem) != 0) {
            fw_description_locate(description, &problem, stderr);
            complain(&problem);
            free(image);
            image = NULL;
        }
    }
    if (description) {
        fw_description_free(description);
    }
    free(description);
    return image;
}

/* An image as it is if the file holds one, else what its description makes. */
static uint8_t *load_or_build(const struct options *options, uint32_t *bytes)
{
    struct fw_problem problem;
    uint8_t *image = load(options->input, bytes);

    if (!image) {
        return NULL;
    }
    if (*bytes < 4 || vdh_get_u32(image + VDH_O_IMAGE_MAGIC) != VDH_L_IMAGE_MAGIC_IMAGE) {
        free(image);
        return build(options, bytes);
    }
    if (fw_image_check(image, *bytes, &problem) != 0) {
        fprintf(stderr, "%s: ", options->input);
        complain(&problem);
        free(image);
        return NULL;
    }
    return image;
}

static void write_c(FILE *out, const struct options *options, const uint8_t *image, uint32_t bytes)
{
    static const char digits[] = "0123456789abcdef";

    fprintf(out, "/* A firmware image as data, made by vdfwbuild. Do not edit. */\n");
    if (options->c_include) {
        fprintf(out, "#include \"%s\"\n\n", options->c_include);
    } else {
        fprintf(out,
                "#include <stdint.h>\n\nextern const uint8_t %s[];\n"
                "extern const uint32_t %s_bytes;\n\n",
                options->c_name, options->c_name);
    }
    fprintf(out, "const uint32_t %s_bytes = %" PRIu32 "u;\nconst uint8_t %s[] = {", options->c_name,
            bytes, options->c_name);
    for (uint32_t i = 0; i < bytes; i++) {
        char text[] = {' ', '0', 'x', digits[image[i] >> 4], digits[image[i] & 15], ',', '\0'};

        fputs(i % 16 == 0 ? "\n   " : "", out);
        fputs(text, out);
    }
    fprintf(out, "\n};\n");
}

/* Written whole or not at all: a half-written image must not look newer than its description. */
static int write_output(const struct options *options, const uint8_t *image, uint32_t bytes)
{
    FILE *out = fopen(options->output, "wb");
    int ok = out != NULL;

    if (out && options->c_name) {
        write_c(out, options, image, bytes);
    } else if (out) {
        ok = fwrite(image, 1, bytes, out) == bytes;
    }
    if (out) {
        ok = !ferror(out) && ok;
        ok = fclose(out) == 0 && ok;
    }
    if (!ok) {
        fprintf(stderr,
                "vdfwbuild: cannot write \"%s\": check the folder, the rights and the "
                "free space\n",
                options->output);
        if (out) {
            remove(options->output);
        }
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    uint8_t *image;
    uint32_t bytes = 0;
    int result;

    if (parse_arguments(&options, argc, argv) != 0) {
        return EXIT_USAGE;
    }
    if (options.print) {
        image = load(options.input, &bytes);
        result = image ? fw_image_print(stdout, options.input, image, bytes) : -1;
    } else {
        image = options.c_name ? load_or_build(&options, &bytes) : build(&options, &bytes);
        result = image ? write_output(&options, image, bytes) : -1;
    }
    free(image);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
