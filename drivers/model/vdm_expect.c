/* SPDX-License-Identifier: MIT */
/*
 * The picture once more, pixel by pixel and straight from the data sheet, for tests to compare
 * with. It shares the sine with the renderer and no line besides, and is as slow as it looks.
 */
#include "vdm_private.h"

struct pixel {
    int32_t y;
    int32_t u;
    int32_t v;
};

static int32_t clip254(int64_t value)
{
    if (value < 1) {
        return 1;
    }
    return value > 254 ? 254 : (int32_t)value;
}

/* The controls of the picture by id; looked up once for each line. */
struct grade {
    int64_t value;
    int64_t standard;
    int differs; /* from its default */
};
#define GRADES (VDM_X_CONTROL_ID_EXPOSURE + 1)

/* Returns whether any of them differs: mostly none does, and no pixel has to ask. */
static int look_up(const struct vdm_card *card, const int32_t *values, struct grade *grades)
{
    int any = 0;

    memset(grades, 0, GRADES * sizeof(*grades));
    for (uint32_t n = 0; n < card->tables.count[VDM_CONTROL]; n++) {
        const uint8_t *record = vdm_tables_record(&card->tables, VDM_CONTROL, n);
        uint32_t id = vdm_get16(record + VDM_M_CONTROL_ID);

        if (id < GRADES) {
            grades[id].value = values[n];
            grades[id].standard = (int32_t)vdm_get32(record + VDM_M_CONTROL_DEFAULT);
            grades[id].differs = grades[id].value != grades[id].standard;
            any |= grades[id].differs;
        }
    }
    return any;
}

/* Whether the control with that id changes the picture. */
static int control(const struct grade *grades, uint32_t id, int64_t *value, int64_t *standard)
{
    *value = grades[id].value;
    *standard = grades[id].standard;
    return grades[id].differs;
}

static void apply_controls(const struct grade *grades, struct pixel *p)
{
    int64_t value;
    int64_t standard;

    if (control(grades, VDM_X_CONTROL_ID_EXPOSURE, &value, &standard) && standard != 0) {
        p->y = clip254(16 + (p->y - 16) * value / standard);
    }
    if (control(grades, VDM_X_CONTROL_ID_GAIN, &value, &standard) && standard != 0) {
        p->y = clip254(16 + (p->y - 16) * value / standard);
    }
    if (control(grades, VDM_X_CONTROL_ID_CONTRAST, &value, &standard) && standard != 0) {
        p->y = clip254(128 + (p->y - 128) * value / standard);
    }
    if (control(grades, VDM_X_CONTROL_ID_BRIGHTNESS, &value, &standard)) {
        p->y = clip254(p->y + value - standard);
    }
    if (control(grades, VDM_X_CONTROL_ID_SATURATION, &value, &standard) && standard != 0) {
        p->u = clip254(128 + (p->u - 128) * value / standard);
        p->v = clip254(128 + (p->v - 128) * value / standard);
    }
    if (control(grades, VDM_X_CONTROL_ID_HUE, &value, &standard)) {
        int32_t angle = (int32_t)((value - standard) % 360);
        int32_t c = vdm_grade_sine(angle + 90);
        int32_t s = vdm_grade_sine(angle);
        int32_t u = p->u - 128;
        int32_t v = p->v - 128;

        p->u = clip254(128 + (u * c - v * s) / 1024);
        p->v = clip254(128 + (u * s + v * c) / 1024);
    }
}

static struct pixel pattern_pixel(const struct vdm_card *card, const struct grade *grades,
                                  uint32_t number, uint32_t x, uint32_t y)
{
    static const struct pixel bars[8] = {
        {180, 128, 128},
        {162, 44,  142},
        {131, 156, 44 },
        {112, 72,  58 },
        {84,  184, 198},
        {65,  100, 212},
        {35,  212, 114},
        {16,  128, 128},
    };
    uint32_t width = card->window.raster_width;
    uint32_t place = (uint32_t)((x + 2ull * number) % width) / (width / 8u);
    struct pixel p;

    if (x < 64 && y < 16) {
        uint32_t bit = 31u - (y / 8u * 16u + x / 4u);

        p.y = (number >> bit & 1u) != 0 ? 235 : 16;
        p.u = 128;
        p.v = 128;
        return p;
    }
    p = bars[place < 8 ? place : 7];
    if (grades != NULL) {
        apply_controls(grades, &p);
    }
    return p;
}

static struct pixel clip_pixel(const struct vdm_clip *clip, const uint8_t *at, size_t x, size_t y)
{
    struct pixel p = {16, 128, 128};
    size_t w = clip->width;
    size_t h = clip->height;
    size_t cw = (w + 1) / 2;
    size_t ch = (h + 1) / 2;

    if (x >= w || y >= h) {
        return p;
    }
    p.y = at[w * y + x];
    switch (clip->layout) {
    case VDM_CLIP_420:
        p.u = at[w * h + cw * (y / 2) + x / 2];
        p.v = at[w * h + cw * ch + cw * (y / 2) + x / 2];
        break;
    case VDM_CLIP_422:
        p.u = at[w * h + cw * y + x / 2];
        p.v = at[w * h + cw * h + cw * y + x / 2];
        break;
    case VDM_CLIP_444:
        p.u = at[w * h + w * y + x];
        p.v = at[2 * w * h + w * y + x];
        break;
    case VDM_CLIP_MONO:
    case VDM_CLIP_GREY:
        break;
    case VDM_CLIP_NV12:
        p.u = at[w * h + 2 * cw * (y / 2) + x / 2 * 2];
        p.v = at[w * h + 2 * cw * (y / 2) + x / 2 * 2 + 1];
        break;
    case VDM_CLIP_YUYV:
        p.y = at[4 * cw * y + 2 * x];
        p.u = at[4 * cw * y + x / 2 * 4 + 1];
        p.v = at[4 * cw * y + x / 2 * 4 + 3];
        break;
    case VDM_CLIP_UYVY:
        p.y = at[4 * cw * y + 2 * x + 1];
        p.u = at[4 * cw * y + x / 2 * 4];
        p.v = at[4 * cw * y + x / 2 * 4 + 2];
        break;
    case VDM_CLIP_RGB24: {
        int32_t r = at[3 * (w * y + x)];
        int32_t g = at[3 * (w * y + x) + 1];
        int32_t b = at[3 * (w * y + x) + 2];

        p.y = ((66 * r + 129 * g + 25 * b + 128) >> 8) + 16;
        p.u = ((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128;
        p.v = ((112 * r - 94 * g - 18 * b + 128) >> 8) + 128;
        break;
    }
    }
    return p;
}

struct request {
    const struct vdm_card *card;
    const uint8_t *frame; /* NULL: the pattern */
    uint32_t number;
    struct grade grades[GRADES];
    int graded; /* one of them differs from its default */
};

static struct pixel pixel_at(const struct request *request, uint32_t x, uint32_t y)
{
    const struct grade *grades = request->graded ? request->grades : NULL;
    struct pixel p;

    if (request->frame == NULL) {
        return pattern_pixel(request->card, grades, request->number, x, y);
    }
    p = clip_pixel(&request->card->clip, request->frame, x, y);
    if (grades != NULL) {
        apply_controls(grades, &p);
    }
    return p;
}

static int32_t clip255(int32_t value)
{
    if (value < 0) {
        return 0;
    }
    return value > 255 ? 255 : value;
}

static void rgb_at(const struct request *request, uint32_t x, uint32_t y, uint8_t *out)
{
    const struct vdm_clip *clip = &request->card->clip;
    struct pixel p = pixel_at(request, x, y);

    if (request->frame != NULL && clip->layout == VDM_CLIP_RGB24 && x < clip->width &&
        y < clip->height) {
        int64_t value;
        int64_t standard;
        int changes = 0;

        for (uint32_t id = VDM_X_CONTROL_ID_BRIGHTNESS; id <= VDM_X_CONTROL_ID_EXPOSURE; id++) {
            int divides = id != VDM_X_CONTROL_ID_BRIGHTNESS && id != VDM_X_CONTROL_ID_HUE;

            changes |=
                control(request->grades, id, &value, &standard) && (standard != 0 || !divides);
        }
        if (!changes) {
            memcpy(out, request->frame + 3 * ((size_t)clip->width * y + x), 3);
            return;
        }
    }
    out[0] = (uint8_t)clip255((298 * (p.y - 16) + 409 * (p.v - 128) + 128) >> 8);
    out[1] =
        (uint8_t)clip255((298 * (p.y - 16) - 100 * (p.u - 128) - 208 * (p.v - 128) + 128) >> 8);
    out[2] = (uint8_t)clip255((298 * (p.y - 16) + 516 * (p.u - 128) + 128) >> 8);
}

static uint32_t first_plane(const struct request *request, uint32_t y, uint8_t *out)
{
    const struct vdm_window *window = &request->card->window;
    uint32_t at = 0;

    for (uint32_t x = window->left; x < window->left + window->width; x++) {
        struct pixel p = pixel_at(request, x, y);
        uint8_t chroma = (uint8_t)(x % 2 == 0 ? p.u : pixel_at(request, x - 1, y).v);

        switch (window->format) {
        case VDM_YUYV:
            out[at++] = (uint8_t)p.y;
            out[at++] = chroma;
            break;
        case VDM_UYVY:
            out[at++] = chroma;
            out[at++] = (uint8_t)p.y;
            break;
        case VDM_RGB24:
            rgb_at(request, x, y, out + at);
            at += 3;
            break;
        default:
            out[at++] = (uint8_t)p.y;
            break;
        }
    }
    return at;
}

static uint32_t second_plane(const struct request *request, uint32_t y, uint8_t *out)
{
    const struct vdm_window *window = &request->card->window;
    uint32_t at = 0;

    for (uint32_t x = window->left; x < window->left + window->width; x += 2) {
        struct pixel p = pixel_at(request, x, y);

        out[at++] = (uint8_t)p.u;
        out[at++] = (uint8_t)p.v;
    }
    return at;
}

uint32_t vdm_expected_line(struct vdm_card *card, uint32_t sequence, uint32_t plane, uint32_t line,
                           const int32_t *controls, uint8_t *out)
{
    const struct vdm_window *window = &card->window;
    struct request request;

    if (card->gone || !card->boot.runs || card->config_status != 0) {
        return 0;
    }
    request.card = card;
    request.frame = NULL;
    request.number = sequence;
    request.graded = look_up(card, controls != NULL ? controls : card->control, request.grades);
    if (card->has_clip && card->reg[VDM_ID_PATTERN] == 0) {
        request.frame = card->clip.bytes + card->clip.first_frame +
                        sequence % card->clip.frame_count * card->clip.frame_stride;
    }
    if (plane == 0 && line < window->height) {
        return first_plane(&request, window->top + line, out);
    }
    if (plane == 1 && window->format == VDM_NV12 && line < window->height / 2) {
        return second_plane(&request, window->top + 2 * line, out);
    }
    return 0;
}

/* ---- Reading a picture ----------------------------------------------------------------------- */

int vdm_pattern_read_number(uint32_t fourcc, const uint8_t *data, uint32_t stride_bytes,
                            uint32_t *number)
{
    int format = vdm_window_format(fourcc);
    uint32_t value = 0;

    if (format < 0) {
        return -1;
    }
    for (uint32_t cell = 0; cell < 32; cell++) {
        const uint8_t *line = data + (size_t)stride_bytes * (cell / 16u * 8u + 3u);
        uint32_t bit = 2;

        for (uint32_t x = cell % 16u * 4u; x < cell % 16u * 4u + 4u; x++) {
            uint8_t level = line[vdm_window_line_bytes((enum vdm_format)format, x) +
                                 (format == VDM_UYVY ? 1u : 0u)];
            uint32_t seen = level >= 230 ? 1 : level <= 20 ? 0 : 2;

            if (seen == 2 || (bit != 2 && seen != bit)) {
                return -1;
            }
            bit = seen;
        }
        value = value << 1 | bit;
    }
    *number = value;
    return 0;
}
