/* SPDX-License-Identifier: MIT */
/* Any bytes as a Y4M file: what is accepted must describe frames that lie in the file. */
#include "vdm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Bytes of a frame by the layouts that Y4M has; 0 for any other. */
static uint64_t frame_bytes(const struct vdm_clip *clip)
{
    uint64_t pixels = (uint64_t)clip->width * clip->height;
    uint64_t half = (clip->width + 1u) / 2u;

    switch (clip->layout) {
    case VDM_CLIP_420:
        return pixels + 2 * half * ((clip->height + 1u) / 2u);
    case VDM_CLIP_422:
        return pixels + 2 * half * clip->height;
    case VDM_CLIP_444:
        return 3 * pixels;
    case VDM_CLIP_MONO:
        return pixels;
    default:
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);
    struct vdm_clip clip;
    const char *what = NULL;

    if (!bytes) {
        return 0;
    }
    if (size != 0) {
        memcpy(bytes, data, size);
    }
    if (vdm_clip_parse_y4m(&clip, bytes, size, &what) == 0) {
        uint64_t frame = frame_bytes(&clip);

        require(clip.bytes == bytes && clip.size == size);
        require(frame != 0 && clip.frame_count != 0 && clip.first_frame <= size);
        require(frame <= size - clip.first_frame);
        require(clip.frame_count == 1 || clip.frame_stride >= frame);
        require((clip.frame_count - 1) <=
                (size - clip.first_frame - frame) / (clip.frame_stride ? clip.frame_stride : 1));
    } else {
        require(what != NULL && what[0] != '\0');
    }
    free(bytes);
    return 0;
}
