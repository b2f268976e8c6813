/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a frame. Bars of twice the raster's width are kept ready, so that a line of any
 * phase and crop is one copy out of them. For each frame that line is put where a copy of it runs
 * fastest, and only the rows of number cells are made.
 */
#include "vdm_private.h"

#define BARS 8u

static const uint8_t colours[BARS][3] = {
    {180, 128, 128},
    {162, 44,  142},
    {131, 156, 44 },
    {112, 72,  58 },
    {84,  184, 198},
    {65,  100, 212},
    {35,  212, 114},
    {16,  128, 128},
};

static uint32_t pixel_bytes(const struct vdm_window *window)
{
    return vdm_window_line_bytes(window->format, 1);
}

/* The bars of two rasters side by side, graded, in the window's format. */
static void make_bars(struct vdm_cache *cache)
{
    const struct vdm_window *window = &cache->window;
    uint32_t width = window->raster_width;
    uint32_t bytes = pixel_bytes(window);
    uint8_t yuv[BARS][3];
    uint8_t rgb[BARS][3];

    for (uint32_t bar = 0; bar < BARS; bar++) {
        memcpy(yuv[bar], colours[bar], sizeof yuv[bar]);
        yuv[bar][0] = cache->luma_of[yuv[bar][0]];
        vdm_grade_uv(cache, &yuv[bar][1], &yuv[bar][2]);
        vdm_grade_rgb(rgb[bar], yuv[bar][0], yuv[bar][1], yuv[bar][2]);
    }
    for (uint32_t x = 0; x < width; x++) {
        uint32_t bar = x / (width / BARS);
        uint32_t even = (x & ~1u) / (width / BARS);
        uint8_t *to = cache->bars + (size_t)x * bytes;
        uint8_t chroma;

        bar = bar < BARS ? bar : BARS - 1u;
        even = even < BARS ? even : BARS - 1u;
        chroma = yuv[even][1u + x % 2u];
        switch (window->format) {
        case VDM_YUYV:
            to[0] = yuv[bar][0];
            to[1] = chroma;
            break;
        case VDM_UYVY:
            to[0] = chroma;
            to[1] = yuv[bar][0];
            break;
        case VDM_RGB24:
            memcpy(to, rgb[bar], sizeof rgb[bar]);
            break;
        default:
            to[0] = yuv[bar][0];
            break;
        }
        cache->bars_uv[x] = chroma;
    }
    memcpy(cache->bars + (size_t)width * bytes, cache->bars, (size_t)width * bytes);
    memcpy(cache->bars_uv + width, cache->bars_uv, width);
}

/* Half of the frame number as cells, on a full strip of 64 pixels. */
static void make_cells(uint8_t *out, enum vdm_format format, uint32_t bits)
{
    uint32_t cell_bytes = vdm_window_line_bytes(format, 4);
    uint8_t cells[2][12];

    memset(cells[0], format == VDM_RGB24 ? 0 : 16, sizeof cells[0]);
    memset(cells[1], format == VDM_RGB24 ? 255 : 235, sizeof cells[1]);
    if (format == VDM_YUYV || format == VDM_UYVY) {
        for (uint32_t n = format == VDM_YUYV ? 1 : 0; n < 8; n += 2) {
            cells[0][n] = 128;
            cells[1][n] = 128;
        }
    }
    for (uint32_t n = 0; n < 16; n++) {
        memcpy(out + (size_t)n * cell_bytes, cells[bits >> (15u - n) & 1u], cell_bytes);
    }
}

/* The window's lines that the number crosses. */
static void make_numbers(struct vdm_cache *cache)
{
    const struct vdm_window *window = &cache->window;
    uint32_t bytes = pixel_bytes(window);
    uint32_t shown = 0;
    uint8_t strip[3u * VDM_NUMBER_WIDTH];

    if (window->left < VDM_NUMBER_WIDTH) {
        shown = VDM_NUMBER_WIDTH - window->left;
        shown = shown < window->width ? shown : window->width;
    }
    for (uint32_t row = 0; row < 2; row++) {
        make_cells(strip, window->format, row == 0 ? cache->number >> 16 : cache->number);
        memcpy(cache->numbers[row], cache->bars + (size_t)cache->offset * bytes,
               (size_t)window->width * bytes);
        memcpy(cache->numbers[row], strip + (size_t)window->left * bytes, (size_t)shown * bytes);
    }
    memcpy(cache->numbers_uv, cache->bars_uv + cache->offset, window->width);
    memset(cache->numbers_uv, 128, shown);
}

/* The first byte of `memory` at a multiple of a cache line: a processor copies from there to a line of
 * a frame, which mostly lies so, about twice as fast as from anywhere else. */
static const uint8_t *aligned(const uint8_t *memory)
{
    return memory + (VDM_LINE_ALIGNMENT - (uintptr_t)memory % VDM_LINE_ALIGNMENT);
}

/* The line of bars that most lines of this frame are. */
static void make_shown(struct vdm_cache *cache)
{
    const struct vdm_window *window = &cache->window;
    uint32_t bytes = pixel_bytes(window);
    size_t at = (size_t)(aligned(cache->shown) - cache->shown);
    size_t at_uv = (size_t)(aligned(cache->shown_uv) - cache->shown_uv);

    memcpy(cache->shown + at, cache->bars + (size_t)cache->offset * bytes,
           (size_t)window->width * bytes);
    memcpy(cache->shown_uv + at_uv, cache->bars_uv + cache->offset, window->width);
}

/* Has everything ready that lines of this frame need. */
static void prepare(struct vdm_card *card, const struct vdm_frame *frame)
{
    struct vdm_cache *cache = &card->cache;
    uint32_t width = card->window.raster_width;

    if (!cache->valid || memcmp(&cache->window, &card->window, sizeof cache->window) != 0 ||
        memcmp(&cache->grade, &frame->grade, sizeof cache->grade) != 0) {
        cache->window = card->window;
        cache->grade = frame->grade;
        vdm_grade_prepare(cache);
        make_bars(cache);
        cache->valid = 1;
        cache->number_valid = 0;
    }
    if (!cache->number_valid || cache->number != frame->sequence) {
        cache->number = frame->sequence;
        cache->offset = (uint32_t)(((uint64_t)frame->sequence * 2u + card->window.left) % width);
        make_shown(cache);
        if (card->window.top < VDM_NUMBER_HEIGHT) {
            make_numbers(cache);
        }
        cache->number_valid = 1;
    }
}

/* Line `line` of the frame in memory: its bytes without padding. */
static const uint8_t *line_at(struct vdm_card *card, const struct vdm_frame *frame, uint32_t line)
{
    const struct vdm_cache *cache = &card->cache;
    uint32_t uv = line >= card->window.height;
    uint32_t raster = card->window.top + (uv ? 2u * (line - card->window.height) : line);

    if (card->has_clip && !frame->pattern) {
        return vdm_clip_line(card, frame->sequence, raster, (int)uv);
    }
    if (raster < VDM_NUMBER_HEIGHT) {
        return uv ? cache->numbers_uv : cache->numbers[raster / 8u];
    }
    return aligned(uv ? cache->shown_uv : cache->shown);
}

/* `count` bytes of the frame from `position` on; zeros behind its end. */
void vdm_picture_read(struct vdm_card *card, const struct vdm_frame *frame, uint32_t position,
                      uint8_t *out, uint32_t count)
{
    const struct vdm_window *window = &card->window;
    uint32_t line_bytes = vdm_window_line_bytes(window->format, window->width);
    uint32_t lines = window->height + (window->format == VDM_NV12 ? window->height / 2u : 0);
    uint32_t line = position / window->stride;
    uint32_t at = position % window->stride;

    prepare(card, frame);
    while (count > 0 && line < lines) {
        uint32_t run;

        if (at < line_bytes) {
            run = line_bytes - at < count ? line_bytes - at : count;
            memcpy(out, line_at(card, frame, line) + at, run);
        } else {
            run = window->stride - at < count ? window->stride - at : count;
            memset(out, 0, run);
        }
        out += run;
        count -= run;
        at += run;
        if (at == window->stride) {
            at = 0;
            line++;
        }
    }
    memset(out, 0, count);
}
