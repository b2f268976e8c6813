/* SPDX-License-Identifier: MIT */
/*
 * YUV4MPEG2 files, held to be hostile: the header is text of any length and content, and nothing is
 * added or multiplied before it is known to be small. A last frame that is cut off is left out.
 */
#include "vdm_private.h"

#define HEADER_MAX 1024u
#define SIDE_MAX   32768u

struct text {
    const uint8_t *at;
    size_t left;
};

static int starts(const struct text *text, const char *word)
{
    size_t length = strlen(word);

    return text->left >= length && memcmp(text->at, word, length) == 0;
}

static int equals(const struct text *text, const char *word)
{
    return text->left == strlen(word) && starts(text, word);
}

/* Takes the line that begins the text, without its end; -1 if there is none within reach. */
static int take_line(struct text *line, struct text *text)
{
    size_t most = text->left < HEADER_MAX ? text->left : HEADER_MAX;

    for (size_t n = 0; n < most; n++) {
        if (text->at[n] == '\n') {
            line->at = text->at;
            line->left = n;
            text->at += n + 1;
            text->left -= n + 1;
            return 0;
        }
    }
    return -1;
}

/* Takes the next word; 0 if there is none left. */
static int take_word(struct text *word, struct text *line)
{
    while (line->left > 0 && *line->at == ' ') {
        line->at++;
        line->left--;
    }
    word->at = line->at;
    word->left = 0;
    while (line->left > 0 && *line->at != ' ') {
        line->at++;
        line->left--;
        word->left++;
    }
    return word->left > 0;
}

/* A decimal number that takes up the text as far as `end`; -1 if it is none or above 2^31 - 1. */
static int take_number(uint32_t *out, struct text *text, int end)
{
    uint64_t value = 0;
    size_t digits = 0;

    while (text->left > 0 && *text->at >= '0' && *text->at <= '9') {
        value = value * 10u + (uint64_t)(*text->at - '0');
        if (value > INT32_MAX) {
            return -1;
        }
        text->at++;
        text->left--;
        digits++;
    }
    *out = (uint32_t)value;
    if (end != 0) {
        if (text->left == 0 || *text->at != (uint8_t)end) {
            return -1;
        }
        text->at++;
        text->left--;
        return digits > 0 ? 0 : -1;
    }
    return digits > 0 && text->left == 0 ? 0 : -1;
}

static int colour(enum vdm_clip_layout *out, const struct text *name)
{
    static const struct {
        const char *name;
        enum vdm_clip_layout layout;
    } known[] = {
        {"420",      VDM_CLIP_420 },
        {"420jpeg",  VDM_CLIP_420 },
        {"420mpeg2", VDM_CLIP_420 },
        {"420paldv", VDM_CLIP_420 },
        {"422",      VDM_CLIP_422 },
        {"444",      VDM_CLIP_444 },
        {"mono",     VDM_CLIP_MONO},
    };

    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
        if (equals(name, known[n].name)) {
            *out = known[n].layout;
            return 0;
        }
    }
    return -1;
}

static const char *take_parameter(struct vdm_clip *out, struct text *word)
{
    uint8_t letter = *word->at;

    word->at++;
    word->left--;
    switch (letter) {
    case 'W':
        return take_number(&out->width, word, 0) == 0 && out->width >= 1 && out->width <= SIDE_MAX
                   ? NULL
                   : "bad width";
    case 'H':
        return take_number(&out->height, word, 0) == 0 && out->height >= 1 &&
                       out->height <= SIDE_MAX
                   ? NULL
                   : "bad height";
    case 'F':
        if (take_number(&out->interval_den, word, ':') != 0 ||
            take_number(&out->interval_num, word, 0) != 0) {
            return "bad frame rate";
        }
        if (out->interval_num == 0 || out->interval_den == 0) {
            out->interval_num = 0; /* 0:0 says unknown */
            out->interval_den = 0;
        }
        return NULL;
    case 'C':
        return colour(&out->layout, word) == 0 ? NULL
                                               : "colour space is not 8 bit 420, 422, 444 or mono";
    default:
        return NULL; /* interlacing, aspect, comments */
    }
}

static const char *parse_header(struct vdm_clip *out, struct text *text)
{
    struct text line;
    struct text word;

    if (!starts(text, "YUV4MPEG2 ") || take_line(&line, text) != 0) {
        return "not a YUV4MPEG2 file";
    }
    take_word(&word, &line);
    while (take_word(&word, &line)) {
        const char *what = take_parameter(out, &word);

        if (what != NULL) {
            return what;
        }
    }
    return out->width != 0 && out->height != 0 ? NULL : "no width or height";
}

static const char *parse_frames(struct vdm_clip *out, struct text *text)
{
    uint64_t frame = vdm_clip_frame_bytes(out->layout, out->width, out->height);
    const uint8_t *header = text->at;
    struct text line;
    size_t header_bytes;

    if (take_line(&line, text) != 0 || !starts(&line, "FRAME") ||
        (line.left > 5 && line.at[5] != ' ')) {
        return "no frame";
    }
    header_bytes = line.left + 1;
    if (frame > text->left) {
        return "no complete frame";
    }
    out->first_frame = (size_t)(text->at - out->bytes);
    out->frame_stride = (size_t)frame + header_bytes;
    out->frame_count = 1 + (text->left - (size_t)frame) / out->frame_stride;
    for (size_t n = 1; n < out->frame_count; n++) {
        if (memcmp(header + n * out->frame_stride, header, header_bytes) != 0) {
            return "frame headers differ";
        }
    }
    return NULL;
}

int vdm_clip_parse_y4m(struct vdm_clip *out, const uint8_t *bytes, size_t size, const char **what)
{
    struct text text = {bytes, size};

    memset(out, 0, sizeof *out);
    out->bytes = bytes;
    out->size = size;
    out->layout = VDM_CLIP_420; /* what a file without C means */
    *what = parse_header(out, &text);
    if (*what == NULL) {
        *what = parse_frames(out, &text);
    }
    return *what == NULL ? vdm_clip_wrong(out, what) : -1;
}
