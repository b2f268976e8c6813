/* SPDX-License-Identifier: MIT */
/* Making a camera, its faults, and its controls. */
#include "inside.h"

#include <stdlib.h>
#include <string.h>

#define SET_CUR  0x01
#define GET_CUR  0x81
#define GET_MIN  0x82
#define GET_MAX  0x83
#define GET_RES  0x84
#define GET_LEN  0x85
#define GET_INFO 0x86
#define GET_DEF  0x87

/* Codes of VC_REQUEST_ERROR_CODE_CONTROL. */
enum { NOT_REFUSED = 0, OUT_OF_RANGE = 4, NO_UNIT = 5, NO_CONTROL = 6, NO_REQUEST = 7 };

struct camera *camera_create(const struct camera_config *config)
{
    struct camera *camera = calloc(1, sizeof(*camera));

    if (!camera) {
        return NULL;
    }
    camera->frame = malloc(CAMERA_FRAME_MAX);
    if (!camera->frame) {
        free(camera);
        return NULL;
    }
    camera->config = *config;
    camera->config.serial[sizeof(camera->config.serial) - 1] = '\0';
    camera->values = (struct camera_values){
        0, 2, 8, 156, {1, 2, 3, 4}
    };
    camera_build(camera);
    camera->probe[2] = CAMERA_YUYV;
    camera->probe[3] = 1;
    camera_settle(camera, camera->probe);
    memcpy(camera->commit, camera->probe, sizeof(camera->commit));
    return camera;
}

void camera_destroy(struct camera *camera)
{
    if (camera) {
        free(camera->frame);
        free(camera);
    }
}

const struct camera_ledger *camera_get_ledger(const struct camera *camera)
{
    return &camera->ledger;
}

/* ---- Faults ---- */

int camera_plant(struct camera *camera, enum camera_fault fault, uint64_t at, uint64_t count)
{
    if (camera->planted_count == CAMERA_PLANTED_MAX) {
        return 0;
    }
    camera->planted[camera->planted_count++] = (struct camera_planted){fault, at, count};
    return 1;
}

int camera_due(struct camera *camera, enum camera_fault fault, uint64_t at)
{
    for (uint32_t i = 0; i < camera->planted_count; i++) {
        const struct camera_planted *one = &camera->planted[i];

        if (one->fault == fault && at >= one->at && at - one->at < one->count) {
            camera->ledger.injected[fault]++;
            return 1;
        }
    }
    return 0;
}

/* ---- Values: each control as a range of numbers ---- */

struct value {
    uint8_t unit, selector, bytes, info;
    int32_t least, most, step, normal;
};

static const struct value values[] = {
    {CAMERA_UNIT,      0x02, 2, 3,     -64, 64,         1, 0         },
    {CAMERA_UNIT,      0x05, 1, 3,     0,   2,          1, 2         },
    {CAMERA_TERMINAL,  0x02, 1, 3,     0,   0,          9, 8         }, /* its step is a bitmap */
    {CAMERA_TERMINAL,  0x04, 4, 3 | 8, 1,   10000,      1, 156       },
    {CAMERA_EXTENSION, 0x01, 4, 3,     0,   0x7fffffff, 1, 0x04030201},
};
#define VALUES (sizeof(values) / sizeof(values[0]))

static int32_t current(const struct camera *camera, const struct value *value)
{
    if (value->unit == CAMERA_EXTENSION) {
        return (int32_t)camera_get32(camera->values.extension);
    }
    if (value->unit == CAMERA_UNIT) {
        return value->selector == 0x02 ? camera->values.brightness : camera->values.power_line;
    }
    return value->selector == 0x02 ? camera->values.exposure_mode
                                   : (int32_t)camera->values.exposure;
}

static void store(struct camera *camera, const struct value *value, int32_t number)
{
    if (value->unit == CAMERA_EXTENSION) {
        camera_put32(camera->values.extension, (uint32_t)number);
    } else if (value->unit == CAMERA_UNIT && value->selector == 0x02) {
        camera->values.brightness = (int16_t)number;
    } else if (value->unit == CAMERA_UNIT) {
        camera->values.power_line = (uint8_t)number;
    } else if (value->selector == 0x02) {
        camera->values.exposure_mode = (uint8_t)number;
    } else {
        camera->values.exposure = (uint32_t)number;
    }
}

static void tell(struct camera *camera, uint8_t unit, uint8_t selector, uint8_t attribute,
                 uint32_t value, uint32_t bytes)
{
    uint8_t *packet;

    if (camera->status_count == 4) {
        return;
    }
    packet = camera->status[camera->status_count];
    camera->status_bytes[camera->status_count++] = 5 + bytes;
    packet[0] = 1;
    packet[1] = unit;
    packet[2] = 0;
    packet[3] = selector;
    packet[4] = attribute;
    camera_put32(packet + 5, value);
}

static int refuse(struct camera *camera, uint8_t error)
{
    camera->error = error;
    return CAMERA_STALLS;
}

static int set_value(struct camera *camera, const struct value *value, const uint8_t *data)
{
    int32_t number = value->bytes == 4   ? (int32_t)camera_get32(data)
                     : value->bytes == 2 ? (int16_t)camera_get16(data)
                                         : data[0];
    int mode = value->unit == CAMERA_TERMINAL && value->selector == 0x02;

    if (mode ? number != 1 && number != 8 : number < value->least || number > value->most) {
        return refuse(camera, OUT_OF_RANGE);
    }
    if (value->unit == CAMERA_TERMINAL && value->selector == 0x04 &&
        camera->values.exposure_mode != 1) {
        return refuse(camera, 2); /* not in this state */
    }
    store(camera, value, number);
    if (mode) { /* the exposure's flags change with it, and by hand it tells where it stands */
        tell(camera, CAMERA_TERMINAL, 0x04, 1, number == 8 ? 0x0f : 0x0b, 1);
        tell(camera, CAMERA_TERMINAL, 0x04, 0, camera->values.exposure, 4);
    }
    return value->bytes;
}

static int value_request(struct camera *camera, const struct value *value, uint8_t request,
                         uint16_t length, uint8_t *data)
{
    int32_t number;
    uint32_t bytes = value->bytes;
    uint8_t all[4];
    int automatic = value->selector == 0x04 && value->unit == CAMERA_TERMINAL &&
                    camera->values.exposure_mode == 8;

    switch (request) {
    case SET_CUR:
        return length < bytes ? refuse(camera, NO_REQUEST) : set_value(camera, value, data);
    case GET_CUR:
        number = current(camera, value);
        break;
    case GET_MIN:
        number = value->least;
        break;
    case GET_MAX:
        number = value->most;
        break;
    case GET_RES:
        number = value->step;
        break;
    case GET_DEF:
        number = value->normal;
        break;
    case GET_INFO:
        number = value->info | (automatic ? 4 : 0);
        bytes = 1;
        break;
    case GET_LEN:
        number = value->bytes;
        if (camera_due(camera, CAMERA_LENGTH_HUGE, camera->ledger.controls - 1)) {
            number = 0xffff;
        }
        number += camera_due(camera, CAMERA_LENGTH_WRONG, camera->ledger.controls - 1);
        bytes = 2;
        break;
    default:
        return refuse(camera, NO_REQUEST);
    }
    camera_put32(all, (uint32_t)number);
    bytes = bytes < length ? bytes : length;
    memcpy(data, all, bytes);
    return (int)bytes;
}

static int unit_request(struct camera *camera, uint8_t request, uint8_t unit, uint8_t selector,
                        uint16_t length, uint8_t *data)
{
    int known = unit == 0;

    if (unit == 0 && selector == 0x02 && request == GET_CUR && length >= 1) {
        data[0] = camera->error;
        camera->error = NOT_REFUSED;
        return 1;
    }
    for (size_t i = 0; i < VALUES; i++) {
        known |= values[i].unit == unit;
        if (values[i].unit == unit && values[i].selector == selector) {
            return value_request(camera, &values[i], request, length, data);
        }
    }
    return refuse(camera, known ? NO_CONTROL : NO_UNIT);
}

/* ---- Probe and commit ---- */

static int stream_request(struct camera *camera, uint8_t request, uint8_t selector, uint16_t length,
                          uint8_t *data)
{
    uint8_t *probe = selector == 1 ? camera->probe : camera->commit;
    uint8_t all[34];
    uint32_t bytes = length < sizeof(all) ? length : sizeof(all);

    if (selector == 6 && request == GET_CUR && length >= 1) {
        data[0] = 0;
        return 1;
    }
    if (selector != 1 && selector != 2) {
        return refuse(camera, NO_CONTROL);
    }
    memcpy(all, probe, sizeof(all));
    switch (request) {
    case SET_CUR:
        if (length < 26 || camera->streaming) {
            return refuse(camera, NO_REQUEST);
        }
        memset(all, 0, sizeof(all));
        memcpy(all, data, bytes);
        camera_settle(camera, all);
        memcpy(probe, all, sizeof(all));
        if (selector == 2 && camera->config.bulk) {
            camera_stream_begin(camera);
        }
        return (int)length;
    case GET_LEN:
        all[0] = sizeof(all);
        all[1] = 0;
        bytes = length < 2 ? length : 2;
        break;
    case GET_INFO:
        all[0] = 3;
        bytes = length < 1 ? length : 1;
        break;
    case GET_MIN:
    case GET_MAX:
    case GET_DEF:
        camera_put32(all + 4, request == GET_MAX ? UINT32_MAX : 1);
        camera_settle(camera, all);
        break;
    case GET_CUR:
        break;
    default:
        return refuse(camera, NO_REQUEST);
    }
    if (selector == 1 && request == GET_CUR &&
        camera_due(camera, CAMERA_PROBE_ZERO, camera->ledger.controls - 1)) {
        memset(all + 18, 0, 8);
    }
    memcpy(data, all, bytes);
    return (int)bytes;
}

int camera_control(struct camera *camera, const uint8_t setup[8], uint8_t *data)
{
    uint64_t nth = camera->ledger.controls++;
    uint16_t length = camera_get16(setup + 6);
    int result;

    if ((setup[0] != 0x21 && setup[0] != 0xa1) || (setup[1] & 0x80) != (setup[0] & 0x80)) {
        return refuse(camera, NO_REQUEST);
    }
    if (camera_due(camera, CAMERA_NO_ANSWER, nth)) {
        return CAMERA_SILENT;
    }
    if (camera_due(camera, CAMERA_STALL_CONTROL, nth)) {
        return refuse(camera, NO_REQUEST);
    }
    if (setup[4] == 0) {
        result = unit_request(camera, setup[1], setup[5], setup[3], length, data);
    } else {
        result = setup[4] == 1 ? stream_request(camera, setup[1], setup[3], length, data)
                               : refuse(camera, NO_UNIT);
    }
    if (result > 1 && (setup[0] & 0x80) && camera_due(camera, CAMERA_SHORT_ANSWER, nth)) {
        return 1;
    }
    return result;
}

size_t camera_status(struct camera *camera, uint8_t *out, size_t max)
{
    size_t count;

    if (camera->status_count == 0) {
        return 0;
    }
    count = camera->status_bytes[0] < max ? camera->status_bytes[0] : max;
    memcpy(out, camera->status[0], count);
    camera->status_count--;
    memmove(camera->status[0], camera->status[1], camera->status_count * sizeof(camera->status[0]));
    memmove(&camera->status_bytes[0], &camera->status_bytes[1],
            camera->status_count * sizeof(camera->status_bytes[0]));
    camera->ledger.events++;
    return count;
}
