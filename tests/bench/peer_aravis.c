/* SPDX-License-Identifier: MIT */
/*
 * A peer: Aravis and its fake camera, 64 x 64 grey at the 1000 frames a second that it gives at most. Prints
 * the process's CPU time a frame, in seconds; the camera's own picture is part of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <arv.h>

static double cpu_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    long frames = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    ArvCamera *camera;
    ArvStream *stream;
    size_t bytes;
    double begun = 0;

    arv_enable_interface("Fake");
    camera = arv_camera_new("Fake_1", NULL);
    if (!camera)
        return 1;
    arv_camera_set_region(camera, 0, 0, 64, 64, NULL);
    arv_camera_set_exposure_time(camera, 10, NULL);
    arv_camera_set_frame_rate(camera, 1000, NULL);
    stream = arv_camera_create_stream(camera, NULL, NULL, NULL);
    if (!stream)
        return 1;
    bytes = arv_camera_get_payload(camera, NULL);
    for (int i = 0; i < 8; i++)
        arv_stream_push_buffer(stream, arv_buffer_new(bytes, NULL));
    arv_camera_start_acquisition(camera, NULL);
    for (long i = -20; i < frames; i++) {
        ArvBuffer *buffer;

        if (i == 0)
            begun = cpu_s();
        buffer = arv_stream_timeout_pop_buffer(stream, 3000000);
        if (!buffer)
            return 1;
        arv_stream_push_buffer(stream, buffer);
    }
    (void)printf("%.9f\n", (cpu_s() - begun) / (double)frames);
    arv_camera_stop_acquisition(camera, NULL);
    g_object_unref(stream);
    g_object_unref(camera);
    return 0;
}
