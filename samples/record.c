/* SPDX-License-Identifier: MIT */
/*
 * Records a clip as Y4M, which most players and encoders read, and says at the end what became
 * of every frame. Shows a capture loop, planes and statistics.
 *
 *     record clip.y4m 120                           from the first real device
 *     record "sim:0?rate=max" clip.y4m 120          from a simulated card
 */
#include <stdio.h>
#include <stdlib.h>

#include <libyuv.h>

#include "vidicon/vidicon.h"

static int write_header(FILE *file, const vdc_format *format)
{
    /* A rate is the interval upside down. An aspect of 0:0 is not known, here as there. */
    return fprintf(file, "YUV4MPEG2 W%u H%u F%u:%u I%c A%u:%u C422\n", (unsigned)format->width_px,
                   (unsigned)format->height_px, (unsigned)format->interval_s.den,
                   (unsigned)format->interval_s.num,
                   format->field == VDC_FIELD_PROGRESSIVE ? 'p' : '?',
                   (unsigned)format->pixel_aspect.num, (unsigned)format->pixel_aspect.den) > 0;
}

/* Y4M has planes, the device's YUYV has pixels: libyuv takes them apart. */
static int write_frame(FILE *file, uint8_t *planar, const vdc_format *format,
                       const vdc_frame *frame)
{
    int width = (int)format->width_px, height = (int)format->height_px;
    size_t luma = (size_t)width * (size_t)height;

    YUY2ToI422(frame->planes[0], (int)frame->layout[0].stride_bytes, planar, width, planar + luma,
               width / 2, planar + luma + luma / 2, width / 2, width, height);
    return fputs("FRAME\n", file) >= 0 && fwrite(planar, 2, luma, file) == luma;
}

static void print_account(vdc_stream *stream)
{
    vdc_stats stats = VDC_STATS_INIT;

    if (vdc_stream_get_stats(&stats, stream) != VDC_OK) {
        return;
    }
    if (stats.produced_basis != VDC_BASIS_UNKNOWN) {
        printf("%llu produced, ", (unsigned long long)stats.produced);
    }
    printf("%llu delivered\n", (unsigned long long)stats.delivered);
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        if (stats.dropped[cause] > 0) {
            printf("%llu dropped: %s\n", (unsigned long long)stats.dropped[cause],
                   vdc_drop_name(cause));
        }
    }
}

/* 1 if all frames are in the file. */
static int record(vdc_stream *stream, const vdc_format *format, FILE *file, unsigned long count)
{
    uint8_t *planar = malloc((size_t)format->width_px * format->height_px * 2);
    int good = planar && write_header(file, format);

    int status = vdc_stream_start(stream);
    for (unsigned long i = 0; i < count && good && status == VDC_OK; i++) {
        const vdc_frame *frame = NULL;

        status = vdc_stream_wait(&frame, stream, 3000);
        if (status == VDC_OK) {
            good = write_frame(file, planar, format, frame);
            vdc_stream_release(stream, frame);
        }
    }
    if (status != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
    }
    vdc_stream_stop(stream); /* From here on nothing is in flight, so the sum below is final. */
    print_account(stream);
    free(planar);
    return good && status == VDC_OK;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    vdc_format wish = {0};
    int good = 0;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: record [ID] FILE.y4m FRAMES\n");
        return 2;
    }
    const char *path = argv[argc - 2];
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }

    wish.fourcc = VDC_FOURCC_YUYV;
    if (vdc_context_create(&context, NULL) != VDC_OK ||
        vdc_device_open(&device, context, argc > 3 ? argv[1] : NULL, 0) != VDC_OK ||
        vdc_device_negotiate(&negotiation, device, &wish) != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
    } else if (negotiation.format.fourcc != VDC_FOURCC_YUYV) {
        fprintf(stderr, "%s\n", negotiation.reason); /* What was changed, and why. */
    } else {
        config.format = negotiation.format;
        if (vdc_stream_open(&stream, device, &config) != VDC_OK) {
            fprintf(stderr, "%s\n", vdc_error_text());
        } else {
            good = record(stream, &config.format, file, strtoul(argv[argc - 1], NULL, 10));
        }
    }

    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    if (fclose(file) != 0) { /* A full disk may show only now. */
        perror(path);
        good = 0;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
