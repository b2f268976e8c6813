/* SPDX-License-Identifier: MIT */
/*
 * A peer: buffers of a pool through `appsrc ! appsink`, as fast as they go. Prints the process's CPU time a
 * frame, in seconds. A producer's thread fills nothing: only the passing on is measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#define FRAME_BYTES (64 * 64 * 2)

struct producer {
    GstAppSrc *source;
    GstBufferPool *pool;
    long frames;
};

static double cpu_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static gpointer produce(gpointer argument)
{
    struct producer *own = argument;

    for (long i = 0; i < own->frames; i++) {
        GstBuffer *buffer = NULL;

        if (gst_buffer_pool_acquire_buffer(own->pool, &buffer, NULL) != GST_FLOW_OK)
            break;
        GST_BUFFER_PTS(buffer) = (GstClockTime)i * GST_SECOND / 60;
        if (gst_app_src_push_buffer(own->source, buffer) != GST_FLOW_OK)
            break;
    }
    (void)gst_app_src_end_of_stream(own->source);
    return NULL;
}

int main(int argc, char **argv)
{
    struct producer producer;
    GstElement *pipeline;
    GstElement *sink;
    GstElement *source;
    GstStructure *config;
    GThread *thread;
    long frames = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    long warm_up = frames / 10;
    double begun = 0;

    gst_init(&argc, &argv);
    pipeline = gst_parse_launch("appsrc name=source format=time block=true max-bytes=65536 "
                                "caps=video/x-raw,format=YUY2,width=64,height=64,framerate=60/1 ! "
                                "appsink name=sink sync=false max-buffers=8",
                                NULL);
    if (!pipeline)
        return 1;
    source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    producer.source = GST_APP_SRC(source);
    producer.frames = warm_up + frames;
    producer.pool = gst_buffer_pool_new();
    config = gst_buffer_pool_get_config(producer.pool);
    gst_buffer_pool_config_set_params(config, NULL, FRAME_BYTES, 8, 0);
    if (!gst_buffer_pool_set_config(producer.pool, config) ||
        !gst_buffer_pool_set_active(producer.pool, TRUE))
        return 1;
    (void)gst_element_set_state(pipeline, GST_STATE_PLAYING);
    thread = g_thread_new("producer", produce, &producer);
    for (long i = 0; i < warm_up + frames; i++) {
        GstSample *sample;

        if (i == warm_up)
            begun = cpu_s();
        sample = gst_app_sink_pull_sample(GST_APP_SINK(sink));
        if (!sample)
            return 1;
        gst_sample_unref(sample);
    }
    (void)printf("%.9f\n", (cpu_s() - begun) / (double)frames);
    (void)g_thread_join(thread);
    (void)gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    gst_object_unref(producer.pool);
    return 0;
}
