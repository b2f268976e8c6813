// SPDX-License-Identifier: MIT
// The camera's server as QEMU would meet it: a peer that speaks usb-redir negotiates, streams and compares what comes.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <usbredirparser.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera.h"

extern "C" {
#include "uvc_payload.h"

extern const char CAMERA_SERVER[];
}

namespace {

constexpr uint32_t WIDTH = 320, HEIGHT = 240, FRAME = WIDTH * HEIGHT * 2;

class Peer {
  public:
    Peer(const std::vector<std::string> &options)
    {
        int out[2];

        folder_ = ::testing::TempDir() + "vidicon-camera.XXXXXX";
        EXPECT_NE(nullptr, mkdtemp(folder_.data()));
        path_ = folder_ + "/s";
        EXPECT_EQ(0, pipe2(out, O_CLOEXEC));
        child_ = fork();
        if (child_ == 0) {
            std::vector<char *> words = {const_cast<char *>(CAMERA_SERVER),
                                         const_cast<char *>(path_.c_str()),
                                         const_cast<char *>("20")};

            for (const std::string &option : options) {
                words.push_back(const_cast<char *>(option.c_str()));
            }
            words.push_back(nullptr);
            dup2(out[1], 1);
            execv(CAMERA_SERVER, words.data());
            _exit(127);
        }
        close(out[1]);
        output_ = out[0];
        connect_to();
        begin();
    }
    ~Peer()
    {
        usbredirparser_destroy(parser);
        close(socket_);
        int status = 0;
        waitpid(child_, &status, 0); // it ends with its peer, or by its own alarm
        char text[512];
        ssize_t count = read(output_, text, sizeof(text) - 1);
        report.assign(text, count > 0 ? static_cast<size_t>(count) : 0);
        EXPECT_EQ(0, status) << report;
        EXPECT_NE(std::string::npos, report.find("finished=")) << report;
        close(output_);
        unlink(path_.c_str());
        rmdir(folder_.c_str());
    }

    // Lets things happen until `done`, for 15 s at most.
    template <typename Done> bool until(Done done)
    {
        for (int turns = 0; turns < 15000; turns++) {
            struct pollfd ready = {socket_, POLLIN, 0};

            if (usbredirparser_has_data_to_write(parser)) {
                usbredirparser_do_write(parser);
            }
            if (done()) {
                return true;
            }
            poll(&ready, 1, 1);
            if ((ready.revents & POLLIN) && usbredirparser_do_read(parser) != 0) {
                return false;
            }
        }
        return false;
    }
    void control(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
                 std::vector<uint8_t> data, uint16_t length)
    {
        struct usb_redir_control_packet_header header = {};

        header.endpoint = type & 0x80;
        header.requesttype = type;
        header.request = request;
        header.value = value;
        header.index = index;
        header.length = length;
        answered = false;
        usbredirparser_send_control_packet(parser, 1, &header, data.empty() ? nullptr : data.data(),
                                           static_cast<int>(data.size()));
    }
    void commit()
    {
        std::vector<uint8_t> probe(34);

        probe[2] = CAMERA_YUYV;
        probe[3] = 2;
        control(0x21, 0x01, 0x0200, 0x0001, probe, 34);
        ASSERT_TRUE(until([this] { return answered; }));
        ASSERT_EQ(usb_redir_success, control_status);
        control(0xa1, 0x81, 0x0200, 0x0001, {}, 34);
        ASSERT_TRUE(until([this] { return answered; }));
        ASSERT_EQ(34u, answer.size());
        uvc_assembler_config config = {};
        config.kind = UVC_KIND_UNCOMPRESSED;
        config.exact_bytes = FRAME;
        config.max_payload_bytes = answer[22] + answer[23] * 256u + answer[24] * 65536u;
        uvc_assembler_init(&assembler, &config);
        uvc_assembler_set_buffer(&assembler, buffer.data(), buffer.size());
    }
    void ask_bulk(size_t bytes)
    {
        struct usb_redir_bulk_packet_header header = {};

        header.endpoint = CAMERA_VIDEO_ENDPOINT;
        header.length = static_cast<uint16_t>(bytes);
        usbredirparser_send_bulk_packet(parser, ++bulk_id, &header, nullptr, 0);
    }
    void take(const uint8_t *bytes, size_t count, bool bulk, bool ends)
    {
        uvc_step step;

        do {
            uvc_result result;

            step = bulk ? uvc_assembler_transfer(&assembler, &result, bytes, count, ends, 0, 1)
                        : uvc_assembler_packet(&assembler, &result, bytes, count, 0, 1);
            if (step != UVC_GOES_ON) {
                if (result.fault == UVC_FAULT_NONE) {
                    good.push_back(buffer);
                }
                uvc_assembler_set_buffer(&assembler, buffer.data(), buffer.size());
            }
        } while (step == UVC_ENDED_BEFORE);
    }
    // Each good frame is one that the camera made, in their order.
    void check_frames()
    {
        std::vector<uint8_t> made(FRAME);
        uint32_t number = 0;

        for (const auto &frame : good) {
            do {
                camera_picture(made.data(), made.size(), CAMERA_YUYV, WIDTH, HEIGHT, number++, 0);
            } while (made != frame && number < 600);
            ASSERT_LT(number, 600u) << "a frame that the camera did not make";
        }
    }

    struct usbredirparser *parser = nullptr;
    std::vector<uint8_t> buffer = std::vector<uint8_t>(FRAME), answer;
    std::vector<std::vector<uint8_t>> good;
    uvc_assembler assembler;
    bool connected = false, answered = false, alternate_set = false;
    int control_status = -1, stalls = 0;
    uint64_t bulk_id = 0, bulk_answers = 0;
    struct usb_redir_device_connect_header device = {};
    std::string report;

  private:
    void connect_to()
    {
        struct sockaddr_un address = {};

        address.sun_family = AF_UNIX;
        strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
        socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        for (int turns = 0; turns < 5000; turns++) {
            if (connect(socket_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0) {
                fcntl(socket_, F_SETFL, O_NONBLOCK);
                return;
            }
            usleep(1000);
        }
        ADD_FAILURE() << "the server does not listen";
    }
    static Peer *of(void *user) { return static_cast<Peer *>(user); }
    void begin()
    {
        uint32_t caps[USB_REDIR_CAPS_SIZE] = {};

        parser = usbredirparser_create();
        parser->priv = this;
        parser->log_func = [](void *, int, const char *) {};
        parser->read_func = [](void *user, uint8_t *data, int count) {
            ssize_t got = read(of(user)->socket_, data, static_cast<size_t>(count));

            return got < 0 && errno == EAGAIN ? 0 : got <= 0 ? -1 : static_cast<int>(got);
        };
        parser->write_func = [](void *user, uint8_t *data, int count) {
            ssize_t put = send(of(user)->socket_, data, static_cast<size_t>(count), MSG_NOSIGNAL);

            return put < 0 && errno == EAGAIN ? 0 : static_cast<int>(put);
        };
        parser->hello_func = [](void *, struct usb_redir_hello_header *) {};
        parser->device_connect_func = [](void *user,
                                         struct usb_redir_device_connect_header *header) {
            of(user)->connected = true;
            of(user)->device = *header;
        };
        parser->device_disconnect_func = [](void *) {};
        parser->interface_info_func = [](void *, struct usb_redir_interface_info_header *) {};
        parser->ep_info_func = [](void *, struct usb_redir_ep_info_header *) {};
        parser->configuration_status_func = [](void *, uint64_t,
                                               struct usb_redir_configuration_status_header *) {};
        parser->alt_setting_status_func = [](void *user, uint64_t,
                                             struct usb_redir_alt_setting_status_header *header) {
            of(user)->alternate_set = header->status == usb_redir_success;
        };
        parser->iso_stream_status_func = [](void *, uint64_t,
                                            struct usb_redir_iso_stream_status_header *) {};
        parser->control_packet_func = [](void *user, uint64_t,
                                         struct usb_redir_control_packet_header *header,
                                         uint8_t *data, int count) {
            of(user)->answered = true;
            of(user)->control_status = header->status;
            of(user)->answer.assign(data, data + count);
            usbredirparser_free_packet_data(of(user)->parser, data);
        };
        parser->iso_packet_func = [](void *user, uint64_t, struct usb_redir_iso_packet_header *,
                                     uint8_t *data, int count) {
            of(user)->take(data, static_cast<size_t>(count), false, true);
            usbredirparser_free_packet_data(of(user)->parser, data);
        };
        parser->bulk_packet_func = [](void *user, uint64_t id,
                                      struct usb_redir_bulk_packet_header *header, uint8_t *data,
                                      int count) {
            EXPECT_EQ(++of(user)->bulk_answers, id) << "answers come in the order of the requests";
            of(user)->stalls += header->status == usb_redir_stall;
            of(user)->take(data, static_cast<size_t>(count), true, count < 4096);
            usbredirparser_free_packet_data(of(user)->parser, data);
        };
        usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
        usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
        usbredirparser_init(parser, "test", caps, USB_REDIR_CAPS_SIZE, 0);
    }

    std::string folder_, path_;
    pid_t child_ = -1;
    int socket_ = -1, output_ = -1;
};

TEST(Server, Isochronous)
{
    Peer peer({});
    struct usb_redir_set_alt_setting_header alternate = {1, 4};
    struct usb_redir_start_iso_stream_header start = {CAMERA_VIDEO_ENDPOINT, 32, 15};

    ASSERT_TRUE(peer.until([&] { return peer.connected; }));
    EXPECT_EQ(usb_redir_speed_high, peer.device.speed);
    peer.commit();
    usbredirparser_send_set_alt_setting(peer.parser, 2, &alternate);
    ASSERT_TRUE(peer.until([&] { return peer.alternate_set; }));
    usbredirparser_send_start_iso_stream(peer.parser, 3, &start);
    usbredirparser_send_start_iso_stream(peer.parser, 4, &start); // QEMU does that, too
    ASSERT_TRUE(peer.until([&] { return peer.good.size() >= 5; }));
    peer.check_frames();
}

TEST(Server, BulkInOrder)
{
    Peer peer({"bulk", "ss"});

    ASSERT_TRUE(peer.until([&] { return peer.connected; }));
    EXPECT_EQ(usb_redir_speed_super, peer.device.speed);
    peer.commit();
    ASSERT_TRUE(peer.until([&] {
        while (peer.bulk_id < peer.bulk_answers + 8) {
            peer.ask_bulk(4096);
        }
        return peer.good.size() >= 5;
    }));
    peer.check_frames();
    EXPECT_EQ(0, peer.stalls);
}

TEST(Server, PlantedFaultsArrive)
{
    Peer peer({"bulk", "3:1", "10:2:1"}); // a short frame, a refused request

    ASSERT_TRUE(peer.until([&] { return peer.connected; }));
    peer.commit();
    peer.control(0xa1, 0x81, 0x0200, 0x0200, {}, 2);
    ASSERT_TRUE(peer.until([&] { return peer.answered; }));
    EXPECT_EQ(usb_redir_stall, peer.control_status);
    ASSERT_TRUE(peer.until([&] {
        while (peer.bulk_id < peer.bulk_answers + 8) {
            peer.ask_bulk(4096);
        }
        return peer.assembler.counts.frames >= 4;
    }));
    EXPECT_EQ(1u, peer.assembler.counts.faults[UVC_FAULT_SHORT]);
    peer.check_frames();
}

} // namespace
