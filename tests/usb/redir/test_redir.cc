// SPDX-License-Identifier: MIT
//
// The wire from its other end: a peer that behaves as QEMU does, and one that does not.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <random>

#include <usbredirparser.h>

#include "../../model/image_maker.h"

extern "C" {
#include "redir.h"
}

namespace {

constexpr uint64_t MS = 1000000;

struct Answer {
    int status = -1;
    maker::Bytes data;
};

class Wire : public ::testing::Test {
  protected:
    void *memory = nullptr;
    vdm_card *model = nullptr;
    vdm_host host{};
    vdm_config config{};
    std::vector<uint8_t> flash = std::vector<uint8_t>(VDM_FLASH_BYTES, 0xff);
    redir *wire = nullptr;
    int sockets[2] = {-1, -1};
    usbredirparser *peer = nullptr;
    bool listens = true;
    // What the peer saw.
    int connects = 0, disconnects = 0, speed = -1, product = -1, interrupt_status = -1;
    std::map<uint64_t, Answer> controls, bulks;
    std::vector<uint64_t> order;
    std::vector<maker::Bytes> events;
    uint64_t next_id = 1;

    static Wire *self(void *context) { return static_cast<Wire *>(context); }
    static maker::Bytes bytes(void *context, uint8_t *data, int count)
    {
        maker::Bytes out(data, data + count);
        usbredirparser_free_packet_data(self(context)->peer, data);
        return out;
    }

    void SetUp() override { create(VDM_USB_SUPER); }
    void TearDown() override { destroy(); }
    void create(vdm_usb_speed usb_speed)
    {
        wire = redir_create(usb_speed);
        ASSERT_NE(wire, nullptr);
        host.attachment = [](void *context, int attached) {
            redir_attachment(self(context)->wire, attached);
        };
        vdm_config_default(&config);
        config.body = VDM_BODY_USB;
        config.usb_speed = usb_speed;
        config.usb_vendor = 0x1234;
        config.usb_product_boot = 0xb007;
        config.usb_product_run = 0xcafe;
        config.usb_manufacturer = "Maker";
        config.usb_product = "Thing";
        config.usb_interface_guid = "{12345678-9abc-def0-1234-56789abcdef0}";
        config.flash = flash.data();
        config.host = &host;
        config.context = this;
        memory = ::operator new(vdm_card_bytes(), std::align_val_t(64));
        model = vdm_create(memory, vdm_card_bytes(), &config);
        ASSERT_NE(model, nullptr);
        redir_set_model(wire, model);
        plug();
    }
    void destroy()
    {
        hang_up();
        redir_destroy(wire);
        ::operator delete(memory, std::align_val_t(64));
    }
    void hang_up()
    {
        if (peer != nullptr) {
            usbredirparser_destroy(peer);
        }
        peer = nullptr;
        redir_end(wire);
        for (int &end : sockets) {
            if (end >= 0) {
                close(end);
            }
            end = -1;
        }
    }
    void plug()
    {
        uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};

        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
        peer = usbredirparser_create();
        peer->priv = this;
        peer->log_func = [](void *, int, const char *) {};
        peer->read_func = [](void *context, uint8_t *data, int count) {
            ssize_t got = recv(self(context)->sockets[1], data, static_cast<size_t>(count), 0);
            return got > 0 ? static_cast<int>(got) : got < 0 && errno == EAGAIN ? 0 : -1;
        };
        peer->write_func = [](void *context, uint8_t *data, int count) {
            ssize_t sent =
                send(self(context)->sockets[1], data, static_cast<size_t>(count), MSG_NOSIGNAL);
            return sent >= 0 ? static_cast<int>(sent) : errno == EAGAIN ? 0 : -1;
        };
        peer->hello_func = [](void *, usb_redir_hello_header *) {};
        peer->device_connect_func = [](void *context, usb_redir_device_connect_header *header) {
            self(context)->connects++;
            self(context)->speed = header->speed;
            self(context)->product = header->product_id;
        };
        // The parser acknowledges by itself.
        peer->device_disconnect_func = [](void *context) { self(context)->disconnects++; };
        peer->interface_info_func = [](void *, usb_redir_interface_info_header *) {};
        peer->ep_info_func = [](void *, usb_redir_ep_info_header *) {};
        peer->configuration_status_func = [](void *, uint64_t,
                                             usb_redir_configuration_status_header *) {};
        peer->alt_setting_status_func = [](void *, uint64_t,
                                           usb_redir_alt_setting_status_header *) {};
        peer->interrupt_receiving_status_func =
            [](void *context, uint64_t, usb_redir_interrupt_receiving_status_header *header) {
                self(context)->interrupt_status = header->status;
            };
        peer->control_packet_func = [](void *context, uint64_t id,
                                       usb_redir_control_packet_header *header, uint8_t *data,
                                       int count) {
            self(context)->controls[id] = {header->status, bytes(context, data, count)};
        };
        peer->bulk_packet_func = [](void *context, uint64_t id,
                                    usb_redir_bulk_packet_header *header, uint8_t *data,
                                    int count) {
            self(context)->bulks[id] = {header->status, bytes(context, data, count)};
            self(context)->order.push_back(id);
        };
        peer->interrupt_packet_func =
            [](void *context, uint64_t, usb_redir_interrupt_packet_header *, uint8_t *data,
               int count) { self(context)->events.push_back(bytes(context, data, count)); };
        usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
        usbredirparser_init(peer, "peer", caps, USB_REDIR_CAPS_SIZE, 0);
        ASSERT_EQ(redir_begin(wire, sockets[0]), 0);
        turn();
    }
    // Both ends do what they can.
    void turn(int times = 8)
    {
        for (int n = 0; n < times; n++) {
            (void)usbredirparser_do_write(peer);
            ASSERT_EQ(redir_read(wire), 0);
            ASSERT_EQ(redir_settle(wire), 0);
            if (listens) {
                (void)usbredirparser_do_read(peer);
            }
        }
    }
    void pass(uint64_t ns)
    {
        uint64_t end = vdm_now_ns(model) + ns;
        for (uint64_t next; (next = vdm_next_event_ns(model)) <= end;) {
            vdm_advance(model, next);
            turn(2);
        }
        vdm_advance(model, end);
        turn();
    }
    uint64_t ask(uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t length,
                 uint8_t *data = nullptr)
    {
        usb_redir_control_packet_header header = {};
        header.endpoint = type & 0x80;
        header.request = request;
        header.requesttype = type;
        header.value = value;
        header.index = index;
        header.length = length;
        usbredirparser_send_control_packet(peer, next_id, &header, data,
                                           data != nullptr ? length : 0);
        turn(2);
        return next_id++;
    }
    void configure()
    {
        usb_redir_set_configuration_header header = {1};
        usbredirparser_send_set_configuration(peer, next_id++, &header);
        turn();
    }
    int set(uint32_t offset, uint32_t value)
    {
        uint8_t data[4];
        map::put32(data, value);
        return controls[ask(0x40, 2, 0, static_cast<uint16_t>(offset), 4, data)].status;
    }
    uint32_t get(uint32_t offset)
    {
        Answer &answer = controls[ask(0xc0, 1, 0, static_cast<uint16_t>(offset), 4)];
        return answer.data.size() == 4 ? map::get32(answer.data.data()) : 0xdeadbeef;
    }
    uint64_t bulk(uint32_t length, uint8_t endpoint = 0x81)
    {
        usb_redir_bulk_packet_header header = {};
        header.endpoint = endpoint;
        header.length = static_cast<uint16_t>(length);
        header.length_high = static_cast<uint16_t>(length >> 16);
        usbredirparser_send_bulk_packet(peer, next_id, &header, nullptr, 0);
        turn(2);
        return next_id++;
    }
    void upload()
    {
        maker::Bytes image = maker::image(maker::full().bytes());
        configure();
        ASSERT_EQ(set(map::R_FW_LENGTH, static_cast<uint32_t>(image.size())), usb_redir_success);
        set(map::R_BOOT_COMMAND, map::V_BOOT_COMMAND_CODE_STAGE);
        for (size_t at = 0; at < image.size(); at += 4096) {
            size_t count = std::min<size_t>(4096, image.size() - at);
            ask(0x40, 3, 0, 0, static_cast<uint16_t>(count), &image[at]);
        }
    }
    void boot()
    {
        upload();
        set(map::R_BOOT_COMMAND, map::V_BOOT_COMMAND_CODE_BOOT_STAGED);
        pass(200 * MS);
    }
    void start()
    {
        boot();
        configure();
        ASSERT_EQ(set(map::R_PATTERN, 1), usb_redir_success);
        ASSERT_EQ(set(map::R_CAPTURE_CONTROL, 1), usb_redir_success);
    }
    redir_report report()
    {
        redir_report now;
        redir_look(wire, &now);
        return now;
    }
};

TEST_F(Wire, DeviceIsThere)
{
    EXPECT_EQ(connects, 1);
    EXPECT_EQ(speed, usb_redir_speed_super);
    EXPECT_EQ(product, 0xb007);
    Answer &device = controls[ask(0x80, 6, 0x0100, 0, 18)];
    EXPECT_EQ(device.status, usb_redir_success);
    EXPECT_EQ(device.data.size(), 18u);
    EXPECT_EQ(controls[ask(0x80, 6, 0x0900, 0, 18)].status, usb_redir_stall);
    destroy();
    create(VDM_USB_HIGH);
    EXPECT_EQ(speed, usb_redir_speed_high);
}

TEST_F(Wire, FirmwareBringsItBackOnceItWasLetGo)
{
    upload();
    listens = false;
    set(map::R_BOOT_COMMAND, map::V_BOOT_COMMAND_CODE_BOOT_STAGED);
    pass(200 * MS);
    EXPECT_EQ(report().connects, 1u); // it is back, but was not let go
    listens = true;
    turn();
    EXPECT_EQ(disconnects, 1);
    EXPECT_EQ(connects, 2);
    EXPECT_EQ(product, 0xcafe);
}

TEST_F(Wire, FramesInTheOrderOfTheRequests)
{
    start();
    uint32_t bytes = get(map::R_FRAME_BYTES);
    uint64_t none = bulk(0), first = bulk(bytes), second = bulk(1024), third = bulk(65536);
    EXPECT_EQ(order, std::vector<uint64_t>({none}));
    pass(20 * MS);
    pass(20 * MS);
    EXPECT_EQ(order, std::vector<uint64_t>({none, first, second, third}));
    EXPECT_EQ(bulks[none].data.size(), 0u);
    EXPECT_EQ(bulks[first].data.size(), bytes);
    EXPECT_EQ(bulks[second].data.size(), 64u);
    EXPECT_EQ(map::get32(bulks[second].data.data()), 0u);
    EXPECT_EQ(bulks[third].data.size(), bytes + 64);
    uint32_t number = 77;
    EXPECT_EQ(vdm_pattern_read_number(map::fourcc("YUYV"), bulks[third].data.data(), 128, &number),
              0);
    EXPECT_EQ(number, 1u);
    EXPECT_EQ(report().bulk_bytes, 2u * (bytes + 64));
}

TEST_F(Wire, CancelledOnesAreAnsweredAsSuch)
{
    start();
    uint64_t first = bulk(16384), second = bulk(16384);
    usbredirparser_send_cancel_data_packet(peer, first);
    usbredirparser_send_cancel_data_packet(peer, 12345);
    turn();
    EXPECT_EQ(bulks[first].status, usb_redir_cancelled);
    EXPECT_EQ(bulks[second].status, -1);
    EXPECT_EQ(report().cancelled, 1u);
    EXPECT_EQ(report().pending, 1u);
    pass(20 * MS);
    EXPECT_EQ(bulks[second].status, usb_redir_success);
}

TEST_F(Wire, EventsOnlyWhenAsked)
{
    boot();
    configure();
    set(map::R_INT_MASK, 0x1ff);
    set(map::R_INT_TEST, 1);
    EXPECT_TRUE(events.empty());
    usb_redir_start_interrupt_receiving_header begin = {0x82};
    for (int n = 0; n < 2; n++) { // QEMU may say so more than once
        usbredirparser_send_start_interrupt_receiving(peer, next_id++, &begin);
        turn();
    }
    EXPECT_EQ(interrupt_status, usb_redir_success);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].size(), 32u);
    usb_redir_stop_interrupt_receiving_header end = {0x82};
    usbredirparser_send_stop_interrupt_receiving(peer, next_id++, &end);
    turn();
    set(map::R_INT_TEST, 1);
    EXPECT_EQ(events.size(), 1u);
}

TEST_F(Wire, StallUntilCleared)
{
    const char *what;
    size_t at;
    ASSERT_EQ(vdm_fault_script(model, "usb-stall@packet=1", 18, &at, &what), 0);
    start();
    uint64_t first = bulk(65536), second = bulk(65536);
    pass(20 * MS);
    EXPECT_EQ(bulks[first].status, usb_redir_stall);
    EXPECT_EQ(bulks[second].status, usb_redir_stall);
    EXPECT_EQ(controls[ask(0x02, 1, 0, 0x81, 0)].status, usb_redir_success);
    uint64_t third = bulk(65536);
    pass(20 * MS);
    EXPECT_EQ(bulks[third].status, usb_redir_success);
}

TEST_F(Wire, BabbleWhereThereIsTooLittleRoom)
{
    start();
    uint64_t odd = bulk(1500);
    pass(20 * MS);
    EXPECT_EQ(bulks[odd].status, usb_redir_babble);
    EXPECT_EQ(bulks[odd].data.size(), 1500u);
}

TEST_F(Wire, LimitHolds)
{
    start();
    redir_set_limit(wire, 1000000);
    uint64_t began = vdm_now_ns(model), sent = report().bulk_bytes;
    for (int n = 0; n < 64; n++) {
        (void)bulk(16384);
    }
    for (int n = 0; n < 1000; n++) {
        pass(MS);
    }
    uint64_t rate = (report().bulk_bytes - sent) * 1000000000 / (vdm_now_ns(model) - began);
    EXPECT_LE(rate, 1000000u);
    EXPECT_GE(rate, 300000u); // frames of 100 a second are 826 kB/s, and some are lost
}

TEST_F(Wire, HungControlRequest)
{
    boot();
    configure();
    redir_set_hang(wire, 2);
    EXPECT_EQ(controls[ask(0xc0, 1, 0, 0, 4)].status, usb_redir_success);
    uint64_t hung = ask(0xc0, 1, 0, 0, 4);
    EXPECT_EQ(controls[hung].status, -1);
    usbredirparser_send_cancel_data_packet(peer, hung);
    turn();
    EXPECT_EQ(controls[hung].status, usb_redir_cancelled);
    EXPECT_EQ(controls[ask(0xc0, 1, 0, 0, 4)].status, usb_redir_success);
    EXPECT_EQ(report().hung, 1u);
}

TEST_F(Wire, UnpluggedAndPluggedInAgain)
{
    start();
    (void)bulk(16384);
    vdm_unplug(model);
    turn();
    EXPECT_EQ(disconnects, 2); // the first was its firmware's
    EXPECT_EQ(report().pending, 0u);
    vdm_power_cycle(model);
    pass(50 * MS);
    EXPECT_EQ(connects, 3);
    EXPECT_EQ(product, 0xb007);
}

// ---- A peer that means no good ----

TEST_F(Wire, LengthsAreNotBelieved)
{
    start();
    uint64_t huge = bulk(64u << 20), other = bulk(512, 0x83);
    EXPECT_EQ(bulks[huge].status, usb_redir_inval);
    EXPECT_EQ(bulks[other].status, usb_redir_inval);
    uint64_t last = 0;
    for (uint32_t n = 0; n <= REDIR_PENDING_MOST; n++) {
        last = bulk(1024);
    }
    EXPECT_EQ(bulks[last].status, usb_redir_inval);
    EXPECT_EQ(report().pending, REDIR_PENDING_MOST);
    EXPECT_EQ(report().refused, 3u);
    // Longer than any answer can be.
    EXPECT_EQ(controls[ask(0xc0, 1, 0, 0, 65532)].status, usb_redir_stall);
    EXPECT_EQ(controls[ask(0x80, 6, 0x0200, 0, 65535)].status, usb_redir_success);
}

TEST_F(Wire, NoiseDoesNoHarm)
{
    std::mt19937 random(5);
    for (int round = 0; round < 200; round++) {
        maker::Bytes noise(random() % 600);
        for (uint8_t &byte : noise) {
            byte = static_cast<uint8_t>(random());
        }
        if (noise.size() > 16 && random() % 4 != 0) {
            // A head that may pass: a type that exists and a length that is there.
            map::put32(&noise[0], random() % 2 != 0 ? random() % 28 : 100 + random() % 5);
            map::put32(&noise[4], static_cast<uint32_t>(noise.size() - 16));
        }
        (void)send(sockets[1], noise.data(), noise.size(), MSG_NOSIGNAL);
        for (int n = 0; n < 4; n++) {
            (void)redir_read(wire);
            (void)redir_settle(wire);
        }
        if (round % 10 == 9) {
            hang_up();
            plug();
        }
    }
    hang_up();
    plug();
    connects = 0;
    hang_up();
    plug();
    EXPECT_EQ(connects, 1);
}

} // namespace
