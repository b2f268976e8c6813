/* SPDX-License-Identifier: MIT */
/*
 * Pictures of the camera differ in every byte from one number to the next: by 17 in a sample of brightness, by 29 in one of colour, modulo
 * 256. So the number is in the first byte, and a frame is compared with the first picture and that difference, without being drawn anew.
 */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#define LUMA_STEP   17u
#define CHROMA_STEP 29u
#define LUMA_BACK   241u /* times 17 it is 1, modulo 256 */
#define PROOF       7u   /* a picture that is drawn to see whether the above is true */
#define AHEAD_PLAIN 128u /* beyond that it is no gap: numbers went back */
#define AHEAD_MOST  32u  /* compressed frames that may be missing in a row */

static int is_plain(const struct judge *judge)
{
    return judge->format == CAMERA_YUYV || judge->format == CAMERA_NV12;
}

/* Within a loop that a compiler makes wide, as a guest's processor is slow. */
static int differs(const uint8_t *bytes, const uint8_t *from, size_t count, const uint8_t step[2])
{
    uint8_t apart = 0;

    for (size_t i = 0; i + 1 < count; i += 2) {
        apart |= (uint8_t)(bytes[i] - from[i] - step[0]);
        apart |= (uint8_t)(bytes[i + 1] - from[i + 1] - step[1]);
    }
    return apart != 0;
}

static int is_picture(const struct judge *judge, const uint8_t *bytes, uint32_t number)
{
    const uint8_t luma = (uint8_t)(number * LUMA_STEP), chroma = (uint8_t)(number * CHROMA_STEP);
    const uint8_t mixed[2] = {luma, chroma}, plain[2] = {luma, luma}, colour[2] = {chroma, chroma};
    size_t pixels = (size_t)judge->width * judge->height;

    if (judge->format == CAMERA_YUYV)
        return !differs(bytes, judge->picture, judge->bytes, mixed);
    return !differs(bytes, judge->picture, pixels, plain) &&
           !differs(bytes + pixels, judge->picture + pixels, judge->bytes - pixels, colour);
}

int judge_init(struct judge *judge, const char *code, uint32_t width, uint32_t height)
{
    static const char *const codes[] = {[CAMERA_YUYV] = "YUYV",
                                        [CAMERA_NV12] = "NV12",
                                        [CAMERA_MJPEG] = "MJPG",
                                        [CAMERA_H264] = "H264"};
    size_t most = (size_t)width * height * 2;
    uint8_t *proof;
    int proven = 1;

    memset(judge, 0, sizeof(*judge));
    for (size_t n = CAMERA_YUYV; n < sizeof(codes) / sizeof(codes[0]); n++) {
        if (strcmp(codes[n], code) == 0)
            judge->format = (enum camera_format)n;
    }
    judge->width = width;
    judge->height = height;
    judge->picture = judge->format && most && width <= 1920 && height <= 1080 ? malloc(most) : NULL;
    if (!judge->picture)
        return -1;
    judge->bytes = camera_picture(judge->picture, most, judge->format, width, height, 0, 0);
    proof = is_plain(judge) ? malloc(most) : NULL;
    if (proof) {
        (void)camera_picture(proof, most, judge->format, width, height, PROOF, 0);
        proven = is_picture(judge, proof, PROOF) && !is_picture(judge, proof, PROOF + 1);
        proof[judge->bytes - 1] ^= 1;
        proven = proven && !is_picture(judge, proof, PROOF);
        free(proof);
    }
    return proven ? 0 : -1;
}

void judge_end(struct judge *judge)
{
    free(judge->picture);
    judge->picture = NULL;
}

/* The number that it has if it is good; the next one if it cannot be told. */
static uint32_t number_of(struct judge *judge, const uint8_t *bytes, size_t count)
{
    size_t most = (size_t)judge->width * judge->height * 2;

    if (is_plain(judge)) {
        uint32_t low = (uint8_t)(bytes[0] - judge->picture[0]) * LUMA_BACK;

        return judge->next + ((low - judge->next) & 0xffu);
    }
    for (uint32_t n = judge->next; n < judge->next + AHEAD_MOST; n++) {
        size_t length =
            camera_picture(judge->picture, most, judge->format, judge->width, judge->height, n, 0);

        if (length == count && memcmp(judge->picture, bytes, count) == 0)
            return n;
    }
    judge->bytes = 0; /* equal to none */
    return judge->next;
}

int judge_frame(struct judge *judge, const uint8_t *bytes, size_t count, uint32_t *number)
{
    int good;

    if (count == 0 || (is_plain(judge) && count != judge->bytes)) {
        judge->shorts++;
        judge->bad++;
        return 0;
    }
    if (!is_plain(judge))
        judge->bytes = 1;
    *number = number_of(judge, bytes, count);
    good = is_plain(judge) ? is_picture(judge, bytes, *number) : judge->bytes != 0;
    if (!good) {
        judge->bad++;
        return 0;
    }
    if (judge->good++ == 0)
        judge->first = *number;
    else if (*number - judge->next > AHEAD_PLAIN)
        judge->again++;
    else
        judge->lost += *number - judge->next;
    judge->next = *number + 1;
    return 1;
}
