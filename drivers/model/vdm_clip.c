/* SPDX-License-Identifier: MIT */
/*
 * Pictures from a clip. Lines that need no change go out where they lie; all others pass through
 * one line of Y, U and V per pixel, which keeps nine layouts and five formats from multiplying.
 */
#include "vdm_private.h"

#define SIDE_MAX 32768u /* so that no size of a frame overflows 64 bits, nor a line 32 */

static uint64_t chroma_side(uint64_t side)
{
    return (side + 1u) / 2u;
}

uint64_t vdm_clip_frame_bytes(enum vdm_clip_layout layout, uint32_t width, uint32_t height)
{
    uint64_t pixels = (uint64_t)width * height;

    switch (layout) {
    case VDM_CLIP_420:
    case VDM_CLIP_NV12:
        return pixels + 2u * chroma_side(width) * chroma_side(height);
    case VDM_CLIP_422:
        return pixels + 2u * chroma_side(width) * height;
    case VDM_CLIP_444:
    case VDM_CLIP_RGB24:
        return 3u * pixels;
    case VDM_CLIP_YUYV:
    case VDM_CLIP_UYVY:
        return 4u * chroma_side(width) * height;
    case VDM_CLIP_MONO:
    case VDM_CLIP_GREY:
        return pixels;
    }
    return 0;
}

/* 0 if every frame of the clip lies inside its bytes. */
int vdm_clip_wrong(const struct vdm_clip *clip, const char **what)
{
    uint64_t frame;

    *what = "width and height must be 1 to 32768";
    if (clip->width == 0 || clip->width > SIDE_MAX || clip->height == 0 ||
        clip->height > SIDE_MAX) {
        return -1;
    }
    *what = "unknown layout";
    frame = vdm_clip_frame_bytes(clip->layout, clip->width, clip->height);
    if (frame == 0) {
        return -1;
    }
    *what = "no complete frame";
    if (clip->bytes == NULL || clip->frame_count == 0 || clip->first_frame > clip->size ||
        frame > clip->size - clip->first_frame) {
        return -1;
    }
    *what = "frames leave the file";
    if (clip->frame_count > 1 &&
        (clip->frame_stride < frame ||
         clip->frame_count - 1u >
             (clip->size - clip->first_frame - (size_t)frame) / clip->frame_stride)) {
        return -1;
    }
    *what = NULL;
    return 0;
}

int vdm_clip_raw(struct vdm_clip *out, const uint8_t *bytes, size_t size,
                 enum vdm_clip_layout layout, uint32_t width, uint32_t height, const char **what)
{
    uint64_t frame = vdm_clip_frame_bytes(layout, width, height);

    memset(out, 0, sizeof *out);
    out->bytes = bytes;
    out->size = size;
    out->layout = layout;
    out->width = width;
    out->height = height;
    if (frame != 0 && frame <= size) {
        out->frame_stride = (size_t)frame;
        out->frame_count = size / (size_t)frame;
    }
    return vdm_clip_wrong(out, what);
}

int vdm_set_clip(struct vdm_card *card, const struct vdm_clip *clip)
{
    const char *what;

    if (clip != NULL && vdm_clip_wrong(clip, &what) != 0) {
        return -1;
    }
    card->has_clip = clip != NULL;
    if (clip != NULL) {
        card->clip = *clip;
    }
    return 0;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static int packed_equal(enum vdm_clip_layout layout, enum vdm_format format)
{
    return (layout == VDM_CLIP_YUYV && format == VDM_YUYV) ||
           (layout == VDM_CLIP_UYVY && format == VDM_UYVY) ||
           (layout == VDM_CLIP_RGB24 && format == VDM_RGB24) ||
           (layout != VDM_CLIP_YUYV && layout != VDM_CLIP_UYVY && layout != VDM_CLIP_RGB24 &&
            (format == VDM_NV12 || format == VDM_GREY));
}

static void from_rgb(uint8_t *y, uint8_t *u, uint8_t *v, const uint8_t *rgb)
{
    int32_t r = rgb[0];
    int32_t g = rgb[1];
    int32_t b = rgb[2];

    /* 128 << 8 is added before the shift, so that nothing negative is shifted. */
    *y = (uint8_t)(((66 * r + 129 * g + 25 * b + 128) >> 8) + 16);
    *u = (uint8_t)((-38 * r - 74 * g + 112 * b + 128 + 32768) >> 8);
    *v = (uint8_t)((112 * r - 94 * g - 18 * b + 128 + 32768) >> 8);
}

/* Y, U and V of `count` pixels of clip line `line` from column `x` on. */
static void gather(struct vdm_cache *cache, const struct vdm_clip *clip, const uint8_t *frame,
                   uint32_t line, uint32_t x, uint32_t count)
{
    size_t width = clip->width;
    size_t half = (size_t)chroma_side(width);
    size_t luma = width * clip->height;
    const uint8_t *y = frame + width * line;
    const uint8_t *u = NULL;
    const uint8_t *v = NULL;
    const uint8_t *row;

    switch (clip->layout) {
    case VDM_CLIP_420:
        u = frame + luma + half * (line / 2u);
        v = u + half * (size_t)chroma_side(clip->height);
        break;
    case VDM_CLIP_422:
        u = frame + luma + half * line;
        v = u + half * clip->height;
        break;
    case VDM_CLIP_444:
        memcpy(cache->y, y + x, count);
        memcpy(cache->u, y + luma + x, count);
        memcpy(cache->v, y + 2u * luma + x, count);
        return;
    case VDM_CLIP_MONO:
    case VDM_CLIP_GREY:
        memcpy(cache->y, y + x, count);
        memset(cache->u, 128, count);
        memset(cache->v, 128, count);
        return;
    case VDM_CLIP_NV12:
        row = frame + luma + 2u * half * (line / 2u);
        memcpy(cache->y, y + x, count);
        for (uint32_t n = 0; n < count; n++) {
            cache->u[n] = row[(x + n) & ~1u];
            cache->v[n] = row[(x + n) | 1u];
        }
        return;
    case VDM_CLIP_YUYV:
    case VDM_CLIP_UYVY: {
        uint32_t y_at = clip->layout == VDM_CLIP_YUYV ? 0 : 1;

        row = frame + 4u * half * line;
        for (uint32_t n = 0; n < count; n++) {
            const uint8_t *pair = row + (size_t)4u * ((x + n) / 2u);

            cache->y[n] = pair[y_at + 2u * ((x + n) % 2u)];
            cache->u[n] = pair[1u - y_at];
            cache->v[n] = pair[3u - y_at];
        }
        return;
    }
    case VDM_CLIP_RGB24:
        row = frame + 3u * (width * line + x);
        for (uint32_t n = 0; n < count; n++) {
            from_rgb(&cache->y[n], &cache->u[n], &cache->v[n], row + (size_t)3u * n);
        }
        return;
    }
    memcpy(cache->y, y + x, count);
    for (uint32_t n = 0; n < count; n++) {
        cache->u[n] = u[(x + n) / 2u];
        cache->v[n] = v[(x + n) / 2u];
    }
}

static void grade(struct vdm_cache *cache, uint32_t count)
{
    if (cache->neutral) {
        return;
    }
    for (uint32_t n = 0; n < count; n++) {
        cache->y[n] = cache->luma_of[cache->y[n]];
        vdm_grade_uv(cache, &cache->u[n], &cache->v[n]);
    }
}

static const uint8_t *pack(struct vdm_cache *cache, enum vdm_format format, uint32_t count, int uv)
{
    uint32_t y_at = format == VDM_YUYV ? 0 : 1;

    if (uv) {
        for (uint32_t n = 0; n < count; n += 2) {
            cache->line[n] = cache->u[n];
            cache->line[n + 1] = cache->v[n];
        }
        return cache->line;
    }
    switch (format) {
    case VDM_YUYV:
    case VDM_UYVY:
        for (uint32_t n = 0; n < count; n += 2) {
            cache->line[2u * n + y_at] = cache->y[n];
            cache->line[2u * n + 1u - y_at] = cache->u[n];
            cache->line[2u * n + 2u + y_at] = cache->y[n + 1];
            cache->line[2u * n + 3u - y_at] = cache->v[n];
        }
        return cache->line;
    case VDM_RGB24:
        for (uint32_t n = 0; n < count; n++) {
            vdm_grade_rgb(cache->line + (size_t)3u * n, cache->y[n], cache->u[n], cache->v[n]);
        }
        return cache->line;
    default:
        return cache->y;
    }
}

const uint8_t *vdm_clip_line(struct vdm_card *card, uint32_t source_frame, uint32_t raster_line,
                             int uv)
{
    const struct vdm_clip *clip = &card->clip;
    const struct vdm_window *window = &card->window;
    struct vdm_cache *cache = &card->cache;
    const uint8_t *frame =
        clip->bytes + clip->first_frame + source_frame % clip->frame_count * clip->frame_stride;
    uint32_t pixel = vdm_window_line_bytes(window->format, 1);
    uint32_t covered = 0;

    if (raster_line < clip->height && window->left < clip->width) {
        covered = clip->width - window->left;
        covered = covered < window->width ? covered : window->width;
    }
    if (covered == window->width && cache->neutral && !uv &&
        packed_equal(clip->layout, window->format)) {
        size_t line_bytes = (size_t)clip->width * pixel;

        if (clip->layout == VDM_CLIP_YUYV || clip->layout == VDM_CLIP_UYVY) {
            line_bytes = 4u * (size_t)chroma_side(clip->width);
        }
        return frame + line_bytes * raster_line + (size_t)window->left * pixel;
    }
    if (covered != 0) {
        gather(cache, clip, frame, raster_line, window->left, covered);
    }
    memset(cache->y + covered, 16, window->width - covered);
    memset(cache->u + covered, 128, window->width - covered);
    memset(cache->v + covered, 128, window->width - covered);
    grade(cache, window->width);
    if (clip->layout == VDM_CLIP_RGB24 && window->format == VDM_RGB24 && cache->neutral) {
        memset(cache->line, 0, (size_t)3u * window->width);
        memcpy(cache->line, frame + 3u * ((size_t)clip->width * raster_line + window->left),
               (size_t)3u * covered);
        return cache->line;
    }
    return pack(cache, window->format, window->width, uv);
}
