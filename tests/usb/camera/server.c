/* SPDX-License-Identifier: MIT */
/*
 * camera_server SOCKET SECONDS [ss] [bulk] [limit=BYTES] [patient] [FAULT:AT[:COUNT]]...: the camera as a usb-redir device, in real
 * time, which QEMU shows to a guest; bulk carries at most so many bytes a second. Of a patient one the time stands still while
 * nobody asks for bulk data, so that a slow guest misses no picture. One peer, then the end. What the camera did is printed when the
 * peer goes. Isochronous packets are pushed, not asked for:
 * only those with data, and large ones, because QEMU's queue holds few.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "camera.h"

#define PACKET_MAX  49152
#define ASKED_MAX   64
#define REQUEST_MAX (1u << 20)
#define NS_PER_S    INT64_C(1000000000)
#define MICROFRAME  125000
#define BURST_NS    5000000 /* of what the limit lets pass */
#define WINDOW      264u    /* microframes: 33 ms */
#define FEW         32u
#define STEP_NS     2000000

struct asked {
    uint64_t id;
    struct usb_redir_bulk_packet_header header;
};

struct server {
    int socket;
    int super, bulk;
    struct usbredirparser *parser;
    struct camera *camera;
    uint8_t alternate;
    int iso;
    int64_t next_ns; /* the next microframe */
    uint32_t ticks;  /* microframes of the stream */
    uint32_t lately; /* packets with data in this window */
    int few;         /* there were few in the last one */
    uint64_t limit;  /* bulk bytes a second; 0: none */
    int patient;
    int64_t clock_ns; /* of a patient one: its time, */
    int64_t seen_ns;  /* and when that was looked at; */
    int waits;        /* since then a request has been waiting for it */
    int64_t free_ns;  /* with a limit: when what was sent has passed */
    struct asked asked[ASKED_MAX];
    uint32_t asked_count;
    struct asked status; /* of the interrupt endpoint */
    int wants_status;
    uint8_t *bytes;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The camera's own. */
static int64_t time_ns(const struct server *server)
{
    return server->patient ? server->clock_ns : now_ns();
}

/* Patient also with a host that is elsewhere for a while. */
static void go_on(struct server *server)
{
    int64_t now = now_ns();
    int64_t step = now - server->seen_ns;

    server->seen_ns = now;
    if (server->waits) {
        server->clock_ns += step < STEP_NS ? step : STEP_NS;
    }
}

/* ---- What the parser needs ---- */

static void write_log(void *user, int level, const char *text)
{
    (void)user;
    if (level <= usbredirparser_warning) {
        fprintf(stderr, "usbredir: %s\n", text);
    }
}

static int read_socket(void *user, uint8_t *data, int count)
{
    struct server *server = user;
    ssize_t got = read(server->socket, data, (size_t)count);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    return got == 0 ? -1 : (int)got;
}

static int write_socket(void *user, uint8_t *data, int count)
{
    struct server *server = user;
    ssize_t put = send(server->socket, data, (size_t)count, MSG_NOSIGNAL);

    return put >= 0 ? (int)put : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

/* ---- Being there ---- */

static void send_endpoints(struct server *server)
{
    static const uint16_t sizes[] = {0, 512, 1024, 800 | 2 << 11, 1024 | 2 << 11};
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_ep_info_header endpoints;
    uint32_t video = 16 + (CAMERA_VIDEO_ENDPOINT & 15);
    uint32_t status = 16 + (CAMERA_STATUS_ENDPOINT & 15);

    memset(&interfaces, 0, sizeof(interfaces));
    interfaces.interface_count = 2;
    interfaces.interface[1] = 1;
    for (int i = 0; i < 2; i++) {
        interfaces.interface_class[i] = 14;
        interfaces.interface_subclass[i] = (uint8_t)(i + 1);
    }
    usbredirparser_send_interface_info(server->parser, &interfaces);
    memset(&endpoints, 0, sizeof(endpoints));
    memset(endpoints.type, usb_redir_type_invalid, sizeof(endpoints.type));
    endpoints.type[0] = endpoints.type[16] = usb_redir_type_control;
    endpoints.max_packet_size[0] = endpoints.max_packet_size[16] = server->super ? 512 : 64;
    endpoints.type[status] = usb_redir_type_interrupt;
    endpoints.interval[status] = 7;
    endpoints.max_packet_size[status] = 16;
    if (server->bulk || server->alternate != 0) {
        endpoints.type[video] = server->bulk ? usb_redir_type_bulk : usb_redir_type_iso;
        endpoints.interval[video] = server->bulk ? 0 : 1;
        endpoints.interface[video] = 1;
        endpoints.max_packet_size[video] = server->super  ? 1024
                                           : server->bulk ? 512
                                                          : sizes[server->alternate];
    }
    usbredirparser_send_ep_info(server->parser, &endpoints);
}

static void take_hello(void *user, struct usb_redir_hello_header *hello)
{
    struct server *server = user;
    struct usb_redir_device_connect_header device;

    (void)hello;
    memset(&device, 0, sizeof(device));
    device.speed = server->super ? usb_redir_speed_super : usb_redir_speed_high;
    device.device_class = 0xef;
    device.device_subclass = 2;
    device.device_protocol = 1;
    device.vendor_id = 0x6666;
    device.product_id = 0x0003;
    device.device_version_bcd = 0x0100;
    send_endpoints(server);
    usbredirparser_send_device_connect(server->parser, &device);
}

static void take_reset(void *user)
{
    struct server *server = user;

    server->alternate = 0;
    server->iso = 0;
    camera_set_alternate(server->camera, 1, 0);
}

static void take_configuration(void *user, uint64_t id,
                               struct usb_redir_set_configuration_header *wanted)
{
    struct server *server = user;
    struct usb_redir_configuration_status_header status = {usb_redir_success,
                                                           wanted->configuration};

    take_reset(server);
    send_endpoints(server);
    usbredirparser_send_configuration_status(server->parser, id, &status);
}

static void tell_configuration(void *user, uint64_t id)
{
    struct server *server = user;
    struct usb_redir_configuration_status_header status = {usb_redir_success, 1};

    usbredirparser_send_configuration_status(server->parser, id, &status);
}

static void take_alternate(void *user, uint64_t id, struct usb_redir_set_alt_setting_header *wanted)
{
    struct server *server = user;
    struct usb_redir_alt_setting_status_header status = {usb_redir_success, wanted->interface,
                                                         wanted->alt};

    if (!camera_set_alternate(server->camera, wanted->interface, wanted->alt)) {
        status.status = usb_redir_stall;
    } else if (wanted->interface == 1) {
        server->alternate = wanted->alt;
        server->iso = 0;
        send_endpoints(server); /* before the answer, or QEMU takes the old ones */
    }
    usbredirparser_send_alt_setting_status(server->parser, id, &status);
}

static void tell_alternate(void *user, uint64_t id, struct usb_redir_get_alt_setting_header *wanted)
{
    struct server *server = user;
    struct usb_redir_alt_setting_status_header status = {
        usb_redir_success, wanted->interface,
        (uint8_t)(wanted->interface == 1 ? server->alternate : 0)};

    usbredirparser_send_alt_setting_status(server->parser, id, &status);
}

/* ---- Control ---- */

static int answer_control(struct server *server,
                          const struct usb_redir_control_packet_header *header, uint8_t *data)
{
    const uint8_t setup[8] = {header->requesttype,     header->request,
                              (uint8_t)header->value,  (uint8_t)(header->value >> 8),
                              (uint8_t)header->index,  (uint8_t)(header->index >> 8),
                              (uint8_t)header->length, (uint8_t)(header->length >> 8)};

    if (header->requesttype == 0x80 && header->request == 6) {
        size_t count = camera_descriptor(server->camera, (uint8_t)(header->value >> 8),
                                         (uint8_t)header->value, data, header->length);

        return count == 0 ? CAMERA_STALLS : (int)count;
    }
    if ((header->requesttype & 0x7f) <= 2 && header->request == 0) { /* GET_STATUS */
        memset(data, 0, 2);
        return 2;
    }
    if (header->requesttype == 0x02 && header->request == 1) { /* CLEAR_FEATURE(halt) */
        camera_clear_halt(server->camera);
        return 0;
    }
    return camera_control(server->camera, setup, data);
}

static void take_control(void *user, uint64_t id, struct usb_redir_control_packet_header *header,
                         uint8_t *data, int count)
{
    struct server *server = user;
    int in = header->requesttype & 0x80;
    int result;

    memset(server->bytes, 0, 65536);
    if (data && count > 0) {
        memcpy(server->bytes, data, (size_t)count);
    }
    result = answer_control(server, header, server->bytes);
    usbredirparser_free_packet_data(server->parser, data);
    if (result == CAMERA_SILENT) {
        return;
    }
    header->status = result < 0 ? usb_redir_stall : usb_redir_success;
    header->length = result < 0 ? 0 : in ? (uint16_t)result : header->length;
    usbredirparser_send_control_packet(server->parser, id, header,
                                       in && result > 0 ? server->bytes : NULL,
                                       in && result > 0 ? result : 0);
}

/* ---- Data ---- */

static void start_iso(void *user, uint64_t id, struct usb_redir_start_iso_stream_header *wanted)
{
    struct server *server = user;
    struct usb_redir_iso_stream_status_header status = {usb_redir_success, wanted->endpoint};

    usbredirparser_send_iso_stream_status(server->parser, id, &status);
    if (!server->iso) {
        server->iso = 1;
        server->next_ns = now_ns();
        server->ticks = 0;
        server->lately = 0;
        server->few = 0;
    }
}

static void stop_iso(void *user, uint64_t id, struct usb_redir_stop_iso_stream_header *wanted)
{
    struct server *server = user;
    struct usb_redir_iso_stream_status_header status = {usb_redir_success, wanted->endpoint};

    server->iso = 0;
    usbredirparser_send_iso_stream_status(server->parser, id, &status);
}

/* QEMU's queue lets nothing out until it holds 60 ms of packets, which those of small pictures alone would fill in many
 * seconds: then an empty one each millisecond goes with them. */
static int empty_too(struct server *server, size_t count)
{
    server->lately += count != 0;
    if (++server->ticks % WINDOW == 0) {
        server->few = server->lately < FEW;
        server->lately = 0;
    }
    return server->few && server->ticks % 8 == 0;
}

/* The microframes up to now; what the peer does not take in time is the bus' loss, not ours to catch up. */
static void push_iso(struct server *server)
{
    int64_t now = now_ns();

    if (now - server->next_ns > NS_PER_S / 4) {
        server->next_ns = now;
    }
    for (; server->iso && server->next_ns <= now; server->next_ns += MICROFRAME) {
        struct usb_redir_iso_packet_header header = {CAMERA_VIDEO_ENDPOINT, usb_redir_success, 0};
        size_t count =
            camera_iso_packet(server->camera, server->next_ns, server->bytes, PACKET_MAX);

        if (empty_too(server, count) || count != 0) {
            header.length = (uint16_t)count;
            usbredirparser_send_iso_packet(server->parser, 0, &header, server->bytes, (int)count);
        }
    }
}

static void answer_bulk(struct server *server, struct asked *asked, int count, int status)
{
    asked->header.status = (uint8_t)status;
    asked->header.length = (uint16_t)count;
    asked->header.length_high = (uint16_t)((uint32_t)count >> 16);
    usbredirparser_send_bulk_packet(server->parser, asked->id, &asked->header,
                                    count > 0 ? server->bytes : NULL, count);
}

/* Has the bus room for more? What was sent takes its time, and up to BURST_NS of it may be ahead. */
static int has_room(const struct server *server)
{
    return server->limit == 0 || server->free_ns - time_ns(server) < BURST_NS;
}

static void take_room(struct server *server, int count)
{
    int64_t now = time_ns(server);

    if (server->limit == 0 || count <= 0) {
        return;
    }
    server->free_ns = (server->free_ns > now ? server->free_ns : now) +
                      (int64_t)((uint64_t)count * NS_PER_S / server->limit);
}

/* In the order of the requests, or QEMU aborts. */
static void settle_bulk(struct server *server)
{
    while (server->asked_count != 0 && has_room(server)) {
        struct asked *first = &server->asked[0];
        uint32_t most = first->header.length | (uint32_t)first->header.length_high << 16;
        int count = camera_bulk(server->camera, time_ns(server), server->bytes,
                                most < REQUEST_MAX ? most : REQUEST_MAX);

        if (count == CAMERA_SILENT) {
            return;
        }
        take_room(server, count);
        answer_bulk(server, first, count < 0 ? 0 : count,
                    count < 0 ? usb_redir_stall : usb_redir_success);
        server->asked_count--;
        memmove(first, first + 1, server->asked_count * sizeof(*first));
    }
}

static void take_bulk(void *user, uint64_t id, struct usb_redir_bulk_packet_header *header,
                      uint8_t *data, int count)
{
    struct server *server = user;
    struct asked asked = {id, *header};

    (void)count;
    usbredirparser_free_packet_data(server->parser, data);
    if (header->endpoint != CAMERA_VIDEO_ENDPOINT || server->asked_count == ASKED_MAX) {
        answer_bulk(server, &asked, 0, usb_redir_stall);
        return;
    }
    server->asked[server->asked_count++] = asked;
}

static void take_cancel(void *user, uint64_t id)
{
    struct server *server = user;

    for (uint32_t i = 0; i < server->asked_count; i++) {
        if (server->asked[i].id == id) {
            answer_bulk(server, &server->asked[i], 0, usb_redir_cancelled);
            server->asked_count--;
            memmove(&server->asked[i], &server->asked[i + 1],
                    (server->asked_count - i) * sizeof(server->asked[0]));
            return;
        }
    }
}

static void start_interrupt(void *user, uint64_t id,
                            struct usb_redir_start_interrupt_receiving_header *wanted)
{
    struct server *server = user;
    struct usb_redir_interrupt_receiving_status_header status = {usb_redir_success,
                                                                 wanted->endpoint};

    server->wants_status = 1;
    usbredirparser_send_interrupt_receiving_status(server->parser, id, &status);
}

static void stop_interrupt(void *user, uint64_t id,
                           struct usb_redir_stop_interrupt_receiving_header *wanted)
{
    struct server *server = user;
    struct usb_redir_interrupt_receiving_status_header status = {usb_redir_success,
                                                                 wanted->endpoint};

    server->wants_status = 0;
    usbredirparser_send_interrupt_receiving_status(server->parser, id, &status);
}

static void push_status(struct server *server)
{
    struct usb_redir_interrupt_packet_header header = {CAMERA_STATUS_ENDPOINT, usb_redir_success,
                                                       0};
    size_t count;

    while (server->wants_status &&
           (count = camera_status(server->camera, server->bytes, 16)) != 0) {
        header.length = (uint16_t)count;
        usbredirparser_send_interrupt_packet(server->parser, 0, &header, server->bytes, (int)count);
    }
}

/* ---- The run ---- */

static int begin(struct server *server)
{
    uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
    struct usbredirparser *parser = usbredirparser_create();

    if (!parser) {
        return 0;
    }
    server->parser = parser;
    parser->priv = server;
    parser->log_func = write_log;
    parser->read_func = read_socket;
    parser->write_func = write_socket;
    parser->hello_func = take_hello;
    parser->reset_func = take_reset;
    parser->set_configuration_func = take_configuration;
    parser->get_configuration_func = tell_configuration;
    parser->set_alt_setting_func = take_alternate;
    parser->get_alt_setting_func = tell_alternate;
    parser->control_packet_func = take_control;
    parser->start_iso_stream_func = start_iso;
    parser->stop_iso_stream_func = stop_iso;
    parser->start_interrupt_receiving_func = start_interrupt;
    parser->stop_interrupt_receiving_func = stop_interrupt;
    parser->bulk_packet_func = take_bulk;
    parser->cancel_data_packet_func = take_cancel;
    usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(parser, "camera", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
    return 1;
}

static void serve(struct server *server, int64_t end_ns)
{
    while (now_ns() < end_ns) {
        struct pollfd ready = {server->socket, POLLIN, 0};

        if (usbredirparser_has_data_to_write(server->parser)) {
            ready.events |= POLLOUT;
        }
        poll(&ready, 1, server->iso || server->asked_count ? 1 : 50);
        if ((ready.revents & (POLLIN | POLLHUP)) && usbredirparser_do_read(server->parser) != 0) {
            return;
        }
        go_on(server);
        push_iso(server);
        settle_bulk(server);
        server->waits = server->asked_count != 0;
        push_status(server);
        if (usbredirparser_has_data_to_write(server->parser) &&
            usbredirparser_do_write(server->parser) != 0) {
            return;
        }
    }
}

static void report(const struct server *server)
{
    const struct camera_ledger *ledger = camera_get_ledger(server->camera);

    printf(
        "begun=%llu finished=%llu given_up=%llu skipped=%llu packets=%llu bytes=%llu controls=%llu",
        (unsigned long long)ledger->begun, (unsigned long long)ledger->finished,
        (unsigned long long)ledger->given_up, (unsigned long long)ledger->skipped,
        (unsigned long long)ledger->packets, (unsigned long long)ledger->bytes,
        (unsigned long long)ledger->controls);
    for (int fault = 0; fault < CAMERA_FAULTS; fault++) {
        if (ledger->injected[fault] != 0) {
            printf(" fault%d=%llu", fault, (unsigned long long)ledger->injected[fault]);
        }
    }
    printf("\n");
}

static int take_peer(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int size = 4 << 20;
    int peer;

    /* Who finds it finds somebody who listens. */
    snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
    unlink(address.sun_path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 1) != 0 || rename(address.sun_path, path) != 0) {
        return -1;
    }
    peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    close(listener);
    if (peer >= 0) {
        setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
    return peer;
}

int main(int argc, char **argv)
{
    struct camera_config config = {CAMERA_HIGH, 0, 1, 0x6666, 0x0003, "CAM1", 0};
    struct server server;
    long seconds;

    if (argc < 3) {
        fprintf(stderr, "usage: camera_server SOCKET SECONDS [ss] [bulk] [limit=BYTES] [patient] "
                        "[FAULT:AT[:COUNT]]...\n");
        return 2;
    }
    memset(&server, 0, sizeof(server));
    for (int i = 3; i < argc; i++) {
        server.super |= strcmp(argv[i], "ss") == 0;
        server.bulk |= strcmp(argv[i], "bulk") == 0;
        server.patient |= strcmp(argv[i], "patient") == 0;
        if (strncmp(argv[i], "limit=", 6) == 0) {
            server.limit = strtoull(argv[i] + 6, NULL, 10);
        }
    }
    config.speed = server.super ? CAMERA_SUPER : CAMERA_HIGH;
    config.bulk = (uint32_t)server.bulk;
    server.camera = camera_create(&config);
    server.bytes = malloc(REQUEST_MAX);
    seconds = strtol(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++) {
        unsigned fault;
        unsigned long long at, count = 1;

        if (sscanf(argv[i], "%u:%llu:%llu", &fault, &at, &count) >= 2 && fault < CAMERA_FAULTS &&
            server.camera) {
            camera_plant(server.camera, (enum camera_fault)fault, at, count);
        }
    }
    alarm((unsigned)seconds + 5); /* also ends a wait for a peer that never comes */
    server.socket = take_peer(argv[1]);
    if (!server.camera || !server.bytes || server.socket < 0 || !begin(&server)) {
        fprintf(stderr, "camera_server: %s\n", strerror(errno));
        return 1;
    }
    serve(&server, now_ns() + seconds * NS_PER_S);
    report(&server);
    usbredirparser_destroy(server.parser);
    close(server.socket);
    camera_destroy(server.camera);
    free(server.bytes);
    return 0;
}
