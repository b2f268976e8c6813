/* SPDX-License-Identifier: MIT */
/*
 * Frames into payloads. A sensor makes a frame in each interval, whole at its beginning; one that comes while the one before is
 * still being sent is skipped, and counted.
 */
#include "inside.h"

#include <string.h>

#define HEADER_BYTES 12u
#define BULK_PAYLOAD 16384u

static const struct camera_mode *find_mode(const struct camera *camera, uint8_t format,
                                           uint8_t frame)
{
    const struct camera_mode *first = NULL;

    for (uint32_t i = 0; i < camera_mode_count; i++) {
        const struct camera_mode *mode = &camera_modes[i];

        if (!camera_has_mode(camera, mode) || mode->format != format) {
            continue;
        }
        if (mode->frame == frame) {
            return mode;
        }
        first = first ? first : mode;
    }
    return first ? first : &camera_modes[0];
}

static uint32_t nearest(const uint32_t *intervals, uint32_t wished)
{
    uint32_t best = intervals[0];

    for (uint32_t i = 0; wished != 0 && i < CAMERA_INTERVALS; i++) {
        uint32_t apart = wished > intervals[i] ? wished - intervals[i] : intervals[i] - wished;
        uint32_t least = wished > best ? wished - best : best - wished;

        best = apart < least ? intervals[i] : best;
    }
    return best;
}

void camera_settle(const struct camera *camera, uint8_t probe[34])
{
    const struct camera_mode *mode = find_mode(camera, probe[2], probe[3]);
    uint32_t interval = nearest(camera_intervals(camera, mode), camera_get32(probe + 4));
    uint32_t bytes = camera_most_bytes(mode);
    uint64_t a_second = (uint64_t)bytes * 10000000 / interval;
    uint32_t most = camera->config.speed == CAMERA_SUPER ? 49152 : 3072;
    /* In each of 8000 microframes, and a quarter more than just enough. */
    uint64_t payload = a_second / 8000 * 5 / 4 + 64;

    if (camera->config.bulk) {
        payload = BULK_PAYLOAD;
    } else if (payload > most || camera->config.greedy) {
        payload = most;
    }
    memset(probe + 8, 0, 26);
    probe[0] = 1;
    probe[1] = 0;
    probe[2] = mode->format;
    probe[3] = mode->frame;
    camera_put32(probe + 4, interval);
    camera_put32(probe + 18, bytes);
    camera_put32(probe + 22, (uint32_t)payload);
    camera_put32(probe + 26, CAMERA_HZ);
    probe[30] = 3;
    probe[31] = probe[32] = probe[33] = 1;
}

void camera_stream_begin(struct camera *camera)
{
    camera->mode = *find_mode(camera, camera->commit[2], camera->commit[3]);
    camera->interval_ns = (int64_t)camera_get32(camera->commit + 4) * 100;
    camera->payload_bytes = camera_get32(camera->commit + 22);
    camera->start_ns = -1;
    camera->sensor_frame = 0;
    camera->number = 0;
    camera->sending = 0;
    camera->fid = 0;
    camera->stalled = 0;
    camera->bulk_left = 0;
    camera->bulk_zero = 0;
    camera->streaming = !camera->config.bulk;
}

void camera_stream_end(struct camera *camera)
{
    camera->streaming = 0;
    camera->sending = 0;
}

int camera_set_alternate(struct camera *camera, uint8_t interface_id, uint8_t alternate)
{
    if (interface_id > 1 || (alternate > 0 && (interface_id == 0 || camera->config.bulk)) ||
        alternate > 4) {
        return 0;
    }
    if (interface_id == 1) {
        camera_stream_end(camera);
        camera->alternate = alternate;
        if (alternate > 0 || camera->config.bulk) {
            camera_stream_begin(camera);
        }
    }
    return 1;
}

void camera_clear_halt(struct camera *camera)
{
    camera->stalled = 0;
    if (camera->sending) {
        camera->sending = 0;
        camera->number++;
        camera->ledger.given_up++;
    }
    camera->bulk_left = 0;
    camera->bulk_zero = 0;
}

/* ---- Frames ---- */

static void load_frame(struct camera *camera, int64_t due_ns)
{
    camera->frame_bytes =
        camera_picture(camera->frame, CAMERA_FRAME_MAX, (enum camera_format)camera->mode.format,
                       camera->mode.width, camera->mode.height, (uint32_t)camera->number,
                       camera->values.brightness);
    camera->sent = 0;
    camera->payload_index = 0;
    camera->empties = 0;
    camera->sending = 1;
    camera->pts = (uint32_t)((uint64_t)due_ns / 1000 * (CAMERA_HZ / 1000000));
    if (camera->number > 0 && !camera_due(camera, CAMERA_FID_STUCK, camera->number)) {
        camera->fid ^= 1;
    }
    if (camera_due(camera, CAMERA_SHORT_FRAME, camera->number)) {
        camera->frame_bytes /= 2;
    }
    if (camera_due(camera, CAMERA_LONG_FRAME, camera->number)) {
        memset(camera->frame + camera->frame_bytes, 0xee, 64);
        camera->frame_bytes += 64;
    }
    if (camera_due(camera, CAMERA_ZERO_PACKETS, camera->number)) {
        camera->empties = 8;
    }
    camera->ledger.begun++;
}

/* 1 if a frame is being sent. */
static int have_frame(struct camera *camera, int64_t now_ns)
{
    uint64_t newest;

    if (camera->start_ns < 0) {
        camera->start_ns = now_ns;
    }
    newest = (uint64_t)((now_ns - camera->start_ns) / camera->interval_ns);
    if (camera->sending || newest < camera->sensor_frame) {
        return camera->sending;
    }
    camera->ledger.skipped += newest - camera->sensor_frame;
    load_frame(camera, camera->start_ns + (int64_t)newest * camera->interval_ns);
    camera->sensor_frame = newest + 1;
    return 1;
}

static void end_frame(struct camera *camera)
{
    camera->sending = 0;
    camera->number++;
    camera->ledger.finished++;
}

/* A payload's header; `last`: it is the frame's last one. */
static void write_header(struct camera *camera, int64_t now_ns, int last, uint8_t *out)
{
    uint64_t microseconds = (uint64_t)now_ns / 1000;
    uint64_t back = 0;

    if (camera->payload_index == 0 && camera_due(camera, CAMERA_SCR_BACK, camera->number)) {
        back = 10000000;
    }
    out[0] = HEADER_BYTES;
    out[1] = (uint8_t)(0x8c | camera->fid);
    if (last && !camera_due(camera, CAMERA_NO_EOF, camera->number)) {
        out[1] |= 2;
    }
    if (camera->payload_index == 1 && camera_due(camera, CAMERA_ERROR_BIT, camera->number)) {
        out[1] |= 0x40;
    }
    camera_put32(out + 2, camera->pts);
    camera_put32(out + 6, (uint32_t)((microseconds - back) * (CAMERA_HZ / 1000000)));
    out[10] = (uint8_t)(microseconds / 1000);
    out[11] = (uint8_t)(microseconds / 1000 >> 8 & 7);
    if (camera->payload_index == 2 && camera_due(camera, CAMERA_BAD_HEADER, camera->number)) {
        out[0] = 1;
    }
    camera->payload_index += camera->payload_index < 255;
}

static size_t count_out(struct camera *camera, size_t bytes)
{
    camera->ledger.packets++;
    camera->ledger.bytes += bytes;
    return bytes;
}

size_t camera_iso_packet(struct camera *camera, int64_t now_ns, uint8_t *out, size_t max)
{
    size_t room = camera->payload_bytes < max ? camera->payload_bytes : max;
    size_t left, count;

    if (!camera->streaming || camera->config.bulk || room <= HEADER_BYTES ||
        !have_frame(camera, now_ns)) {
        return 0;
    }
    if (camera->empties != 0 && camera->sent > camera->frame_bytes / 2) {
        camera->empties--;
        return 0;
    }
    left = camera->frame_bytes - camera->sent;
    count = left < room - HEADER_BYTES ? left : room - HEADER_BYTES;
    write_header(camera, now_ns, count == left, out);
    memcpy(out + HEADER_BYTES, camera->frame + camera->sent, count);
    camera->sent += count;
    if (count == left) {
        end_frame(camera);
        return count_out(camera, HEADER_BYTES + count);
    }
    if (camera->payload_index == 3 && camera_due(camera, CAMERA_LOST_PACKET, camera->number)) {
        return 0;
    }
    return count_out(camera, HEADER_BYTES + count);
}

/* ---- Bulk: a payload over as many requests as it takes, ended by a short packet ---- */

int camera_bulk(struct camera *camera, int64_t now_ns, uint8_t *out, size_t max)
{
    size_t count = 0, data;

    if (camera->stalled) {
        return CAMERA_STALLS;
    }
    if (max == 0) {
        return 0;
    }
    if (camera->bulk_zero) {
        camera->bulk_zero = 0;
        return 0;
    }
    if (!have_frame(camera, now_ns)) {
        return CAMERA_SILENT;
    }
    if (camera->bulk_left == 0) {
        size_t left = camera->frame_bytes - camera->sent;
        size_t room = camera->payload_bytes - HEADER_BYTES;

        if (max < HEADER_BYTES) {
            return CAMERA_STALLS;
        }
        if (camera->payload_index == 1 && camera_due(camera, CAMERA_STALL_STREAM, camera->number)) {
            camera->stalled = 1;
            return CAMERA_STALLS;
        }
        camera->bulk_left = left < room ? left : room;
        camera->bulk_full = left >= room;
        write_header(camera, now_ns, camera->bulk_left == left, out);
        count = HEADER_BYTES;
    }
    data = camera->bulk_left < max - count ? camera->bulk_left : max - count;
    memcpy(out + count, camera->frame + camera->sent, data);
    camera->sent += data;
    camera->bulk_left -= data;
    count += data;
    if (camera->bulk_left == 0 && count == max) {
        camera->bulk_zero = !camera->bulk_full;
    }
    if (camera->bulk_left == 0 && camera->sent == camera->frame_bytes) {
        end_frame(camera);
    }
    return (int)count_out(camera, count);
}
