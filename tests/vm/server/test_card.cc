/* SPDX-License-Identifier: MIT */
/* A card's socket, as QEMU comes and goes. */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

extern "C" {
#include "card.h"
#include "vfu.h"
}

namespace {

class CardSocket : public testing::Test {
  protected:
    void SetUp() override
    {
        folder_ = testing::TempDir() + "vidicon-card.XXXXXX";
        ASSERT_NE(mkdtemp(folder_.data()), nullptr);
        path_ = folder_ + "/card.sock";
        card_ = card_start(0, path_.c_str());
        ASSERT_NE(card_, nullptr);
    }

    void TearDown() override
    {
        card_end(card_);
        unlink(path_.c_str());
        rmdir(folder_.c_str());
    }

    int Connect()
    {
        struct sockaddr_un address = {};
        const struct timeval patience = {5, 0};
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sun_family = AF_UNIX;
        memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
        EXPECT_EQ(0, setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
        EXPECT_EQ(0,
                  connect(client, reinterpret_cast<struct sockaddr *>(&address), sizeof address));
        return client;
    }

    /* The first message of any client, and an answer. */
    static bool IsGreeted(int client)
    {
        struct {
            struct vfu_header header;
            uint32_t version;
        } hello = {};
        struct vfu_header answer = {};

        hello.header.command = VFU_VERSION;
        hello.header.size = sizeof hello;
        hello.version = 0x00010000;
        return send(client, &hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello &&
               recv(client, &answer, sizeof answer, MSG_WAITALL) == sizeof answer &&
               answer.error == 0;
    }

    std::string folder_, path_;
    struct card *card_ = nullptr;
};

/* A machine takes a card out and puts it in again at once: whoever comes waits for the one before to be gone. */
TEST_F(CardSocket, TheNextOneMayComeAsTheLastOneLeaves)
{
    int before = Connect();
    ASSERT_TRUE(IsGreeted(before));
    for (int turn = 0; turn < 300; turn++) {
        int client = Connect();
        close(before);
        ASSERT_TRUE(IsGreeted(client)) << "turn " << turn;
        before = client;
    }
    close(before);
}

/* The control of the one above: a card that is not in answers nobody. */
TEST_F(CardSocket, AnswersNobodyWhilePulled)
{
    card_pull(card_);
    int client = Connect();
    EXPECT_FALSE(IsGreeted(client));
    close(client);
    card_plug_in(card_);
    client = Connect();
    EXPECT_TRUE(IsGreeted(client));
    close(client);
}

} // namespace
