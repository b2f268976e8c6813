/* SPDX-License-Identifier: MIT */
/*
 * The device at the end of the wire: control requests, coming and going, the interrupt endpoint.
 * The peer (QEMU, and behind it a guest) may send anything at all.
 */
#include "redir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redir_private.h"

#include "vdh_layouts.h"
#include "vdh_regs.h"

#define VERSION         "vidicon-redir"
#define INTERRUPT_IN    0x82u
#define EVENTS_MOST     64
#define COMPLAINTS_MOST 16u

/* ---- The wire ---- */

static int receive(void *context, uint8_t *data, int count)
{
    struct redir *redir = context;
    ssize_t got = recv(redir->socket, data, (size_t)count, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got > 0 ? (int)got : -1;
}

static int transmit(void *context, uint8_t *data, int count)
{
    struct redir *redir = context;
    ssize_t sent = send(redir->socket, data, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return sent < 0 ? -1 : (int)sent;
}

static void note(void *context, int level, const char *message)
{
    struct redir *redir = context;

    if (level > usbredirparser_warning)
        return;
    if (redir->report.refused++ < COMPLAINTS_MOST)
        (void)fprintf(stderr, "usb-redir: %s\n", message);
}

/* ---- Coming and going ---- */

static uint32_t ask(struct redir *redir, uint16_t value, uint8_t *out, uint16_t length)
{
    const uint8_t setup[8] = {0x80, 6, (uint8_t)(value & 0xffu),  (uint8_t)(value >> 8),
                              0,    0, (uint8_t)(length & 0xffu), (uint8_t)(length >> 8)};
    int got = vdm_usb_control(redir->model, setup, out);

    return got > 0 ? (uint32_t)got : 0;
}

static void send_endpoints(struct redir *redir)
{
    struct usb_redir_ep_info_header info;
    uint16_t control = redir->speed == VDM_USB_SUPER ? 512 : 64;

    memset(&info, 0, sizeof info);
    memset(info.type, usb_redir_type_invalid, sizeof info.type);
    info.type[0] = info.type[16] = usb_redir_type_control;
    info.max_packet_size[0] = info.max_packet_size[16] = control;
    info.type[17] = usb_redir_type_bulk;
    info.max_packet_size[17] = redir->speed == VDM_USB_SUPER ? 1024 : 512;
    info.type[18] = usb_redir_type_interrupt;
    info.max_packet_size[18] = 64;
    info.interval[18] = 4;
    usbredirparser_send_ep_info(redir->parser, &info);
}

static void send_interfaces(struct redir *redir)
{
    struct usb_redir_interface_info_header info;

    memset(&info, 0, sizeof info);
    info.interface_count = 1;
    info.interface_class[0] = 0xff;
    usbredirparser_send_interface_info(redir->parser, &info);
}

static void connect_device(struct redir *redir)
{
    struct usb_redir_device_connect_header header;
    uint8_t device[18];

    if (ask(redir, 0x0100, device, sizeof device) != sizeof device)
        return;
    memset(&header, 0, sizeof header);
    header.speed = redir->speed == VDM_USB_SUPER ? usb_redir_speed_super : usb_redir_speed_high;
    header.device_class = device[4];
    header.vendor_id = (uint16_t)(device[8] | device[9] << 8);
    header.product_id = (uint16_t)(device[10] | device[11] << 8);
    header.device_version_bcd = (uint16_t)(device[12] | device[13] << 8);
    send_endpoints(redir);
    send_interfaces(redir);
    usbredirparser_send_device_connect(redir->parser, &header);
    redir->announced = 1;
    redir->report.connects++;
}

/* It left: what was asked of it is never answered, as the peer knows. */
static void forget_peer(struct redir *redir)
{
    redir_bulk_forget(redir);
    redir->interrupts = 0;
    redir->hangs = 0;
}

static void announce(struct redir *redir)
{
    if (redir->announced && (redir->rejoined || !redir->attached)) {
        redir->announced = 0;
        forget_peer(redir);
        usbredirparser_send_device_disconnect(redir->parser);
        redir->awaits_ack =
            usbredirparser_peer_has_cap(redir->parser, usb_redir_cap_device_disconnect_ack);
    }
    redir->rejoined = 0;
    if (!redir->announced && redir->greeted && !redir->awaits_ack && redir->attached)
        connect_device(redir);
}

void redir_attachment(struct redir *redir, int attached)
{
    redir->rejoined = redir->rejoined || !attached;
    redir->attached = attached;
    if (!attached)
        redir->captures = 0;
}

static void on_hello(void *context, struct usb_redir_hello_header *hello)
{
    struct redir *redir = context;

    (void)hello;
    redir->greeted = 1;
}

static void on_disconnect_ack(void *context)
{
    struct redir *redir = context;

    redir->awaits_ack = 0;
}

static void on_reset(void *context)
{
    struct redir *redir = context;

    forget_peer(redir);
    vdm_usb_reset(redir->model);
}

static void on_reject(void *context)
{
    struct redir *redir = context;

    redir->report.refused++;
}

/* ---- Control requests ---- */

static void answer_control(struct redir *redir, uint64_t id,
                           struct usb_redir_control_packet_header *header, int result,
                           uint8_t *data)
{
    int in = (header->requesttype & 0x80u) != 0;

    header->status = result >= 0               ? usb_redir_success
                     : result == VDM_USB_STALL ? usb_redir_stall
                                               : usb_redir_ioerror;
    header->length = (uint16_t)(result > 0 ? result : 0);
    usbredirparser_send_control_packet(redir->parser, id, header, in && result > 0 ? data : NULL,
                                       in && result > 0 ? result : 0);
}

/* What the card is told about capturing, to know when its time may hurry. */
static void look_at(struct redir *redir, const struct usb_redir_control_packet_header *header,
                    const uint8_t *data)
{
    uint32_t at = header->index;

    if (header->requesttype == VDH_L_USB_REQUEST_TYPE_OUT &&
        header->request == VDH_L_USB_REQUEST_REQUEST_WRITE && at <= VDH_R_CAPTURE_CONTROL &&
        VDH_R_CAPTURE_CONTROL + 4 <= at + header->length)
        redir->captures = (data[VDH_R_CAPTURE_CONTROL - at] & 1) != 0;
}

static void on_control(void *context, uint64_t id, struct usb_redir_control_packet_header *header,
                       uint8_t *data, int count)
{
    struct redir *redir = context;
    static uint8_t answer[65536];
    const uint8_t setup[8] = {header->requesttype,
                              header->request,
                              (uint8_t)(header->value & 0xffu),
                              (uint8_t)(header->value >> 8),
                              (uint8_t)(header->index & 0xffu),
                              (uint8_t)(header->index >> 8),
                              (uint8_t)(header->length & 0xffu),
                              (uint8_t)(header->length >> 8)};
    int out = (header->requesttype & 0x80u) == 0;
    int vendor = (header->requesttype & 0x60u) == 0x40u;

    if ((out ? header->length : 0) != count || !redir->announced) {
        redir->report.refused += redir->announced != 0;
        answer_control(redir, id, header, VDM_USB_GONE, NULL);
    } else if (vendor && redir->hang && --redir->hang == 0) {
        redir->hangs = 1;
        redir->hung_id = id;
        redir->report.hung++;
    } else {
        if (out)
            look_at(redir, header, data);
        redir->report.controls++;
        answer_control(redir, id, header, vdm_usb_control(redir->model, setup, out ? data : answer),
                       answer);
    }
    usbredirparser_free_packet_data(redir->parser, data);
}

static int standard(struct redir *redir, uint8_t type, uint8_t request, uint16_t value,
                    uint16_t length, uint8_t *data)
{
    const uint8_t setup[8] = {type, request, (uint8_t)(value & 0xffu), (uint8_t)(value >> 8),
                              0,    0,       (uint8_t)length,          0};

    return redir->announced ? vdm_usb_control(redir->model, setup, data) : VDM_USB_GONE;
}

static uint8_t status_of(int result)
{
    return result >= 0 ? usb_redir_success : usb_redir_stall;
}

static void on_set_configuration(void *context, uint64_t id,
                                 struct usb_redir_set_configuration_header *header)
{
    struct redir *redir = context;
    struct usb_redir_configuration_status_header status = {.configuration = header->configuration};

    forget_peer(redir);
    status.status = status_of(standard(redir, 0x00, 9, header->configuration, 0, NULL));
    send_endpoints(redir);
    send_interfaces(redir);
    usbredirparser_send_configuration_status(redir->parser, id, &status);
}

static void on_get_configuration(void *context, uint64_t id)
{
    struct redir *redir = context;
    struct usb_redir_configuration_status_header status = {.status = usb_redir_success};

    status.status = status_of(standard(redir, 0x80, 8, 0, 1, &status.configuration));
    usbredirparser_send_configuration_status(redir->parser, id, &status);
}

static void on_set_alt_setting(void *context, uint64_t id,
                               struct usb_redir_set_alt_setting_header *header)
{
    struct redir *redir = context;
    struct usb_redir_alt_setting_status_header status = {.interface = header->interface,
                                                         .alt = header->alt};

    status.status = header->interface ? usb_redir_inval
                                      : status_of(standard(redir, 0x01, 11, header->alt, 0, NULL));
    usbredirparser_send_alt_setting_status(redir->parser, id, &status);
}

static void on_get_alt_setting(void *context, uint64_t id,
                               struct usb_redir_get_alt_setting_header *header)
{
    struct redir *redir = context;
    struct usb_redir_alt_setting_status_header status = {.interface = header->interface};

    status.status = header->interface ? usb_redir_inval : usb_redir_success;
    usbredirparser_send_alt_setting_status(redir->parser, id, &status);
}

/* ---- Endpoints ---- */

static void on_bulk(void *context, uint64_t id, struct usb_redir_bulk_packet_header *header,
                    uint8_t *data, int count)
{
    struct redir *redir = context;

    (void)count;
    if (header->endpoint != 0x81u || !redir->announced) {
        struct usb_redir_bulk_packet_header answer = *header;

        redir->report.refused += redir->announced != 0;
        answer.status = redir->announced ? usb_redir_inval : usb_redir_ioerror;
        answer.length = answer.length_high = 0;
        usbredirparser_send_bulk_packet(redir->parser, id, &answer, NULL, 0);
    } else {
        redir_bulk_ask(redir, id, header->length | (uint32_t)header->length_high << 16);
    }
    usbredirparser_free_packet_data(redir->parser, data);
}

static void interrupt_status(struct redir *redir, uint64_t id, uint8_t endpoint, uint8_t status)
{
    struct usb_redir_interrupt_receiving_status_header header = {.status = status,
                                                                 .endpoint = endpoint};

    usbredirparser_send_interrupt_receiving_status(redir->parser, id, &header);
}

static void on_start_interrupts(void *context, uint64_t id,
                                struct usb_redir_start_interrupt_receiving_header *header)
{
    struct redir *redir = context;
    int right = header->endpoint == INTERRUPT_IN && redir->announced;

    redir->interrupts = redir->interrupts || right;
    interrupt_status(redir, id, header->endpoint, right ? usb_redir_success : usb_redir_inval);
}

static void on_stop_interrupts(void *context, uint64_t id,
                               struct usb_redir_stop_interrupt_receiving_header *header)
{
    struct redir *redir = context;

    if (header->endpoint == INTERRUPT_IN)
        redir->interrupts = 0;
    interrupt_status(redir, id, header->endpoint, usb_redir_success);
}

static void on_interrupt(void *context, uint64_t id,
                         struct usb_redir_interrupt_packet_header *header, uint8_t *data, int count)
{
    struct redir *redir = context;

    (void)count;
    redir->report.refused++;
    header->status = usb_redir_inval;
    header->length = 0;
    usbredirparser_send_interrupt_packet(redir->parser, id, header, NULL, 0);
    usbredirparser_free_packet_data(redir->parser, data);
}

static void on_cancel(void *context, uint64_t id)
{
    struct redir *redir = context;

    if (redir_bulk_cancel(redir, id)) {
        redir->report.cancelled++;
    } else if (redir->hangs && redir->hung_id == id) {
        struct usb_redir_control_packet_header header;

        memset(&header, 0, sizeof header);
        header.status = usb_redir_cancelled;
        redir->hangs = 0;
        redir->report.cancelled++;
        usbredirparser_send_control_packet(redir->parser, id, &header, NULL, 0);
    }
}

static void move_events(struct redir *redir)
{
    for (int n = 0; n < EVENTS_MOST && redir->interrupts && redir->announced; n++) {
        struct usb_redir_interrupt_packet_header header = {.endpoint = INTERRUPT_IN,
                                                           .status = usb_redir_success};
        uint8_t packet[64];
        int got = vdm_usb_interrupt_in(redir->model, packet);

        if (got == VDM_USB_STALL) {
            redir->interrupts = 0;
            interrupt_status(redir, redir->interrupt_id++, INTERRUPT_IN, usb_redir_stall);
        }
        if (got < 0)
            return;
        header.length = (uint16_t)got;
        redir->report.events++;
        usbredirparser_send_interrupt_packet(redir->parser, redir->interrupt_id++, &header, packet,
                                             got);
    }
}

/* ---- Its life ---- */

struct redir *redir_create(enum vdm_usb_speed speed)
{
    struct redir *redir = calloc(1, sizeof *redir);

    if (!redir)
        return NULL;
    redir->speed = speed;
    redir->socket = -1;
    redir->attached = 1;
    redir->data = malloc(REDIR_REQUEST_MOST + 1024u);
    if (!redir->data) {
        free(redir);
        return NULL;
    }
    return redir;
}

void redir_destroy(struct redir *redir)
{
    redir_end(redir);
    free(redir->data);
    free(redir);
}

void redir_set_model(struct redir *redir, struct vdm_card *model)
{
    redir->model = model;
}

int redir_begin(struct redir *redir, int socket)
{
    uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
    struct usbredirparser *parser = usbredirparser_create();

    if (!parser)
        return -1;
    parser->priv = redir;
    parser->log_func = note;
    parser->read_func = receive;
    parser->write_func = transmit;
    parser->hello_func = on_hello;
    parser->reset_func = on_reset;
    parser->set_configuration_func = on_set_configuration;
    parser->get_configuration_func = on_get_configuration;
    parser->set_alt_setting_func = on_set_alt_setting;
    parser->get_alt_setting_func = on_get_alt_setting;
    parser->start_interrupt_receiving_func = on_start_interrupts;
    parser->stop_interrupt_receiving_func = on_stop_interrupts;
    parser->cancel_data_packet_func = on_cancel;
    parser->control_packet_func = on_control;
    parser->bulk_packet_func = on_bulk;
    parser->interrupt_packet_func = on_interrupt;
    parser->filter_reject_func = on_reject;
    parser->device_disconnect_ack_func = on_disconnect_ack;
    usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
    redir->socket = socket;
    redir->parser = parser;
    usbredirparser_init(parser, VERSION, caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
    return redir_settle(redir);
}

void redir_end(struct redir *redir)
{
    if (!redir->parser)
        return;
    usbredirparser_destroy(redir->parser);
    redir->parser = NULL;
    redir->socket = -1;
    redir->greeted = redir->announced = redir->awaits_ack = 0;
    forget_peer(redir);
    vdm_usb_reset(redir->model);
}

int redir_read(struct redir *redir)
{
    int result = usbredirparser_do_read(redir->parser);

    /* What cannot be parsed is skipped and was counted; a wire that is gone is not. */
    return result == usbredirparser_read_io_error ? -1 : 0;
}

int redir_settle(struct redir *redir)
{
    if (!redir->parser)
        return 0;
    announce(redir);
    move_events(redir);
    redir_bulk_move(redir);
    announce(redir); /* a fault may have pulled it out meanwhile */
    if (usbredirparser_has_data_to_write(redir->parser) && usbredirparser_do_write(redir->parser))
        return -1;
    return 0;
}

int redir_wants_to_write(const struct redir *redir)
{
    return redir->parser && usbredirparser_has_data_to_write(redir->parser);
}

int redir_is_asked(const struct redir *redir)
{
    return redir->count != 0;
}

int redir_captures(const struct redir *redir)
{
    return redir->captures;
}

void redir_set_hang(struct redir *redir, uint64_t nth)
{
    redir->hang = nth;
}

void redir_look(const struct redir *redir, struct redir_report *report)
{
    *report = redir->report;
    report->pending = redir->count;
}
