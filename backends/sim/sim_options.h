/* SPDX-License-Identifier: MIT */
/*
 * What stands behind "sim:" in an id: the card's number and its options. The text may come from
 * anywhere, so the parser takes bytes and a length, calls nothing of the system, and says what is
 * wrong and where. docs/simulator.md is its manual.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define SIM_CARDS 16u

#define SIM_PATH_MAX   1024u /* of a decoded path, its final 0 included */
#define SIM_FAULTS_MAX 4096u /* of a decoded fault script, its final 0 included */
#define SIM_SERIAL_MAX 17u
#define SIM_SIDE_MAX   8192u /* of a picture */

enum sim_rate { SIM_RATE_REAL, SIM_RATE_MAX };
enum sim_body { SIM_BODY_MEMORY, SIM_BODY_PORTS };

/* Pixels of a raw source file; SIM_RAW_NONE: it is a Y4M file. */
enum sim_raw {
    SIM_RAW_NONE,
    SIM_RAW_YUYV,
    SIM_RAW_UYVY,
    SIM_RAW_NV12,
    SIM_RAW_RGB24,
    SIM_RAW_GREY,
    SIM_RAW_I420,
    SIM_RAW_I422,
    SIM_RAW_I444
};

struct sim_options {
    uint32_t card;
    enum sim_rate rate;
    enum sim_body body;
    char source[SIM_PATH_MAX]; /* "": the test pattern */
    enum sim_raw source_format;
    uint32_t source_width;
    uint32_t source_height;
    char faults[SIM_FAULTS_MAX]; /* "": none */
    char flash[SIM_PATH_MAX];    /* "": the process keeps it */
    char ledger[SIM_PATH_MAX];   /* "": not written */
    char firmware[SIM_PATH_MAX]; /* "": the embedded image */
    uint32_t no_firmware;        /* firmware=none */
    int32_t drift_ppm;
    uint32_t boot_ms;
    char serial[SIM_SERIAL_MAX];
    uint32_t segment_bytes; /* 0: a buffer is one segment */
};

/* 0, or -1 and what is wrong in `why`, with its place in the text. *out is complete after 0 only. */
int sim_options_parse(struct sim_options *out, const char *text, size_t length, char *why,
                      size_t why_size);

/* The serial number that card `card` has unless an option says otherwise. */
void sim_options_default_serial(char serial[SIM_SERIAL_MAX], uint32_t card);

#endif
