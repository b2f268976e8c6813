/* SPDX-License-Identifier: MIT */
/* The server's message layer against what a hostile or broken other side may send. */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

extern "C" {
#include "pci_config.h"
#include "vfu.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

template <typename T> void put(Bytes &bytes, T value)
{
    size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

Bytes words(std::initializer_list<uint32_t> values)
{
    Bytes bytes;
    for (uint32_t value : values)
        put(bytes, value);
    return bytes;
}

Bytes region(uint64_t offset, uint32_t index, uint32_t count, size_t data = 0)
{
    Bytes bytes;
    put(bytes, offset);
    put(bytes, index);
    put(bytes, count);
    bytes.resize(bytes.size() + data, 0xab);
    return bytes;
}

Bytes map_request(uint64_t address, uint64_t size, uint64_t offset = 0, uint32_t flags = 3)
{
    Bytes bytes = words({32, flags});
    put(bytes, offset);
    put(bytes, address);
    put(bytes, size);
    return bytes;
}

Bytes irq_request(uint32_t flags, uint32_t index, uint32_t start, uint32_t count)
{
    return words({20, flags, index, start, count});
}

int sealed_memory(size_t size, bool sealed = true)
{
    int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(ftruncate(fd, static_cast<off_t>(size)), 0);
    if (sealed) {
        EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    }
    return fd;
}

class Vfu : public testing::Test {
  protected:
    static constexpr int kEnd = -1; /* the connection has to end */

    void SetUp() override
    {
        vfu_.ops = &ops_;
        vfu_.context = this;
        vfu_.region_bytes[0] = 4096;
        vfu_.region_bytes[1] = 256;
        vfu_.region_bytes[VFU_CONFIG_REGION] = 256;
        vfu_begin(&vfu_);
    }

    void TearDown() override { vfu_end(&vfu_); }

    /* The errno of the answer, or kEnd. */
    int send(uint32_t command, const Bytes &payload, std::vector<int> *fds = nullptr,
             uint32_t flags = 0, int32_t size_off = 0)
    {
        Bytes message;
        std::vector<int> none;
        std::vector<int> &passed = fds ? *fds : none;

        put<uint16_t>(message, 7);
        put<uint16_t>(message, static_cast<uint16_t>(command));
        put<uint32_t>(message,
                      static_cast<uint32_t>(16 + static_cast<int64_t>(payload.size()) + size_off));
        put<uint32_t>(message, flags);
        put<uint32_t>(message, 0);
        message.insert(message.end(), payload.begin(), payload.end());
        reply_.assign(VFU_MESSAGE_MOST, 0xee);
        int length = vfu_handle(&vfu_, message.data(), message.size(), passed.data(), passed.size(),
                                reply_.data());
        if (length <= 0)
            return length;
        struct vfu_header header;
        EXPECT_LE(length, static_cast<int>(VFU_MESSAGE_MOST));
        std::memcpy(&header, reply_.data(), sizeof header);
        EXPECT_EQ(header.size, static_cast<uint32_t>(length));
        EXPECT_EQ(header.id, 7);
        EXPECT_EQ(header.error != 0, (header.flags & VFU_FLAG_ERROR) != 0);
        reply_.resize(static_cast<size_t>(length));
        return static_cast<int>(header.error);
    }

    void greet() { ASSERT_EQ(send(VFU_VERSION, words({0x00010000})), 0); }

    static void read(void *context, uint32_t, uint32_t offset, uint8_t *bytes, uint32_t count)
    {
        auto *self = static_cast<Vfu *>(context);
        self->reads_++;
        for (uint32_t n = 0; n < count; n++)
            bytes[n] = static_cast<uint8_t>(offset + n);
    }

    static void write(void *context, uint32_t, uint32_t, const uint8_t *bytes, uint32_t count)
    {
        auto *self = static_cast<Vfu *>(context);
        self->writes_++;
        self->written_.assign(bytes, bytes + count);
    }

    static void reset(void *context) { static_cast<Vfu *>(context)->resets_++; }

    static constexpr struct vfu_ops ops_ = {read, write, reset};
    struct vfu vfu_ = {};
    Bytes reply_, written_;
    unsigned reads_ = 0, writes_ = 0, resets_ = 0;
};

constexpr struct vfu_ops Vfu::ops_;

TEST_F(Vfu, VersionComesFirstAndOnce)
{
    EXPECT_EQ(send(VFU_DEVICE_INFO, words({16, 0, 0, 0})), kEnd);
    EXPECT_EQ(send(VFU_VERSION, {}), EINVAL);
    EXPECT_EQ(send(VFU_VERSION, words({0x00000001})), EINVAL) << "another major version";
    greet();
    EXPECT_EQ(send(VFU_VERSION, words({0x00010000})), kEnd);
}

TEST_F(Vfu, TheHeadersLengthIsTheMessages)
{
    greet();
    EXPECT_EQ(send(VFU_DEVICE_INFO, words({16, 0, 0, 0}), nullptr, 0, 1), kEnd);
    EXPECT_EQ(send(VFU_DEVICE_INFO, words({16, 0, 0, 0}), nullptr, 0, -1), kEnd);
    EXPECT_EQ(send(VFU_DEVICE_INFO, words({16, 0, 0, 0}), nullptr, VFU_FLAG_REPLY), kEnd)
        << "an answer to nothing";
    uint8_t few[15] = {};
    EXPECT_EQ(vfu_handle(&vfu_, few, sizeof few, nullptr, 0, reply_.data()), kEnd);
    EXPECT_EQ(send(VFU_DEVICE_INFO, words({16, 0, 0, 0})), 0) << "the control";
}

TEST_F(Vfu, ShortPayloadsAreRefused)
{
    greet();
    auto shorten = [&](uint32_t command, const Bytes &whole) {
        for (size_t length = 0; length < whole.size(); length++) {
            /* Memory of just this size, so that a sanitizer sees the first byte beyond. */
            Bytes part(whole.begin(), whole.begin() + static_cast<long>(length));
            EXPECT_EQ(send(command, part), EINVAL) << command << " of " << length;
        }
        EXPECT_EQ(send(command, whole), 0) << command;
    };
    shorten(VFU_DMA_MAP, map_request(0x1000, 0x1000));
    shorten(VFU_DEVICE_INFO, words({16, 0, 0, 0}));
    shorten(VFU_REGION_INFO, words({32, 0, 0, 0, 0, 0, 0, 0}));
    shorten(VFU_IRQ_INFO, words({16, 0, 0, 0}));
    shorten(VFU_SET_IRQS, irq_request(0x21, 1, 0, 0));
    shorten(VFU_REGION_READ, region(0, 0, 4));
    shorten(VFU_REGION_WRITE, region(0, 0, 4, 4));
    EXPECT_EQ(writes_, 1u);
    EXPECT_EQ(reads_, 1u);
}

TEST_F(Vfu, AccessesStayInTheirRegion)
{
    const struct {
        uint64_t offset;
        uint32_t index, count;
        int error;
    } cases[] = {
        {0,              0,          4096,       0     },
        {4092,           0,          4,          0     },
        {4093,           0,          4,          EINVAL},
        {4096,           0,          0,          0     },
        {4096,           0,          1,          EINVAL},
        {UINT64_MAX,     0,          1,          EINVAL},
        {UINT64_MAX - 3, 0,          4,          EINVAL},
        {UINT64_MAX,     0,          UINT32_MAX, EINVAL},
        {0,              0,          4097,       EINVAL},
        {0,              0,          UINT32_MAX, EINVAL},
        {0,              1,          256,        0     },
        {0,              1,          257,        EINVAL},
        {0,              2,          1,          EINVAL},
        {0,              7,          256,        0     },
        {256,            7,          4,          EINVAL},
        {0,              9,          0,          EINVAL},
        {0,              UINT32_MAX, 4,          EINVAL},
    };
    greet();
    for (const auto &one : cases) {
        EXPECT_EQ(send(VFU_REGION_READ, region(one.offset, one.index, one.count)), one.error)
            << one.offset << " " << one.index << " " << one.count;
        if (!one.error) {
            EXPECT_EQ(reply_.size(), 32u + one.count);
        }
    }
}

TEST_F(Vfu, AWriteBringsItsBytes)
{
    greet();
    EXPECT_EQ(send(VFU_REGION_WRITE, region(0, 0, 8, 7)), EINVAL);
    EXPECT_EQ(send(VFU_REGION_WRITE, region(0, 0, UINT32_MAX, 7)), EINVAL);
    EXPECT_EQ(writes_, 0u);
    EXPECT_EQ(send(VFU_REGION_WRITE, region(0, 0, 8, 8)), 0);
    EXPECT_EQ(written_, Bytes(8, 0xab));
    EXPECT_EQ(send(VFU_REGION_WRITE, region(0, 0, 4, 4), nullptr, VFU_FLAG_NO_REPLY), 0);
    EXPECT_EQ(writes_, 2u);
}

TEST_F(Vfu, MapsAreChecked)
{
    int memory = sealed_memory(0x4000);
    int loose = sealed_memory(0x4000, false);
    auto map = [&](int fd, uint64_t address, uint64_t size, uint64_t offset = 0) {
        std::vector<int> fds;
        if (fd >= 0)
            fds.push_back(fd);
        return send(VFU_DMA_MAP, map_request(address, size, offset), &fds);
    };

    greet();
    EXPECT_EQ(map(loose, 0, 0x1000), EPERM) << "a file that can shrink under the server";
    EXPECT_EQ(map(memory, 0, 0), EINVAL);
    EXPECT_EQ(map(memory, UINT64_MAX - 0xfff, 0x2000), EINVAL);
    EXPECT_EQ(map(memory, 0, UINT64_MAX), EINVAL);
    EXPECT_EQ(map(memory, 0, 0x5000), EINVAL) << "longer than the file";
    EXPECT_EQ(map(memory, 0, 0x1000, 0x4000), EINVAL);
    EXPECT_EQ(map(memory, 0, 0x1000, UINT64_MAX - 0xfff), EINVAL);
    EXPECT_EQ(map(memory, 0x10000, 0x4000), 0);
    EXPECT_EQ(map(memory, 0x13fff, 1), EINVAL) << "overlaps";
    EXPECT_EQ(map(memory, 0xf000, 0x1001), EINVAL) << "overlaps";
    EXPECT_EQ(map(-1, 0x20000, 0x1000), 0) << "known, not to be reached";
    std::vector<int> two = {memory, memory};
    EXPECT_EQ(send(VFU_DMA_MAP, map_request(0x30000, 0x1000), &two), EINVAL);

    EXPECT_NE(vfu_dma(&vfu_, 0x10000, 0x4000, 1), nullptr);
    EXPECT_NE(vfu_dma(&vfu_, 0x13fff, 1, 1), nullptr);
    EXPECT_EQ(vfu_.refused, 0u);
    EXPECT_EQ(vfu_dma(&vfu_, 0x10000, 0x4001, 1), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0x13fff, 2, 1), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0xffff, 1, 0), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0x14000, 1, 0), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0x13fff, UINT32_MAX, 0), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0x20000, 1, 0), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, UINT64_MAX, UINT32_MAX, 0), nullptr);
    EXPECT_EQ(vfu_.refused, 7u);
    close(memory);
    close(loose);
}

TEST_F(Vfu, ReadOnlyMemoryIsNotWritten)
{
    int memory = sealed_memory(0x1000);
    std::vector<int> fds = {memory};

    greet();
    ASSERT_EQ(send(VFU_DMA_MAP, map_request(0, 0x1000, 0, VFIO_DMA_MAP_FLAG_READ), &fds), 0);
    EXPECT_NE(vfu_dma(&vfu_, 0, 4, 0), nullptr);
    EXPECT_EQ(vfu_dma(&vfu_, 0, 4, 1), nullptr);
    close(memory);
}

TEST_F(Vfu, UnmapsAreExactAndTheTableIsFinite)
{
    auto unmap = [&](uint64_t address, uint64_t size, uint32_t flags = 0) {
        Bytes bytes = words({24, flags});
        put(bytes, address);
        put(bytes, size);
        return send(VFU_DMA_UNMAP, bytes);
    };

    greet();
    for (uint32_t n = 0; n < VFU_MAPS_MOST; n++)
        ASSERT_EQ(send(VFU_DMA_MAP, map_request(n * 0x1000u, 0x1000)), 0);
    EXPECT_EQ(send(VFU_DMA_MAP, map_request(0x10000000, 0x1000)), ENOSPC);
    EXPECT_EQ(unmap(0, 0x800), ENOENT);
    EXPECT_EQ(unmap(0x800, 0x1000), ENOENT);
    EXPECT_EQ(unmap(0, 0x1000, 1), ENOTSUP);
    EXPECT_EQ(unmap(0, 0x1000), 0);
    EXPECT_EQ(unmap(0, 0x1000), ENOENT);
    EXPECT_EQ(unmap(0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
    EXPECT_EQ(vfu_.map_count, 0u);
}

TEST_F(Vfu, InterruptsAreChecked)
{
    const uint32_t trigger = VFIO_IRQ_SET_ACTION_TRIGGER;

    greet();
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_EVENTFD | trigger, 5, 0, 1)),
              EINVAL);
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_EVENTFD | trigger, 1, 1, 1)),
              EINVAL);
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_EVENTFD | trigger, 1, 0, 2)),
              EINVAL);
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_EVENTFD | trigger, 2, 0, 1)), EINVAL)
        << "there is no MSI-X";
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_BOOL | trigger, 1, 0, 1)), EINVAL)
        << "without its byte";
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(trigger, 1, 0, 1)), EINVAL) << "no kind of data";
    EXPECT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_NONE | 0x38, 0, 0, 1)), EINVAL);
    EXPECT_EQ(vfu_.msi_fd, -1);
    EXPECT_EQ(vfu_.intx_fd, -1);

    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int kept = dup(event);
    std::vector<int> fds = {event};
    uint64_t count = 0;
    ASSERT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_EVENTFD | trigger, 1, 0, 1), &fds),
              0);
    EXPECT_EQ(fds[0], -1) << "it is the server's now";
    vfu_send_msi(&vfu_);
    vfu_send_msi(&vfu_);
    ASSERT_EQ(::read(kept, &count, sizeof count), 8);
    EXPECT_EQ(count, 2u);
    ASSERT_EQ(send(VFU_SET_IRQS, irq_request(VFIO_IRQ_SET_DATA_NONE | trigger, 1, 0, 0)), 0);
    vfu_send_msi(&vfu_);
    EXPECT_EQ(::read(kept, &count, sizeof count), -1);
    close(kept);
}

TEST_F(Vfu, ALineInterruptsOnceUntilUnmasked)
{
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int kept = dup(event);
    std::vector<int> fds = {event};
    uint64_t count = 0;
    auto unmask = [&] {
        return send(VFU_SET_IRQS,
                    irq_request(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 0, 0, 1));
    };

    greet();
    ASSERT_EQ(send(VFU_SET_IRQS,
                   irq_request(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 1),
                   &fds),
              0);
    vfu_set_line(&vfu_, 1);
    vfu_set_line(&vfu_, 1);
    ASSERT_EQ(::read(kept, &count, sizeof count), 8);
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(unmask(), 0);
    ASSERT_EQ(::read(kept, &count, sizeof count), 8) << "still high";
    vfu_set_line(&vfu_, 0);
    EXPECT_EQ(unmask(), 0);
    EXPECT_EQ(::read(kept, &count, sizeof count), -1);
    close(kept);
}

TEST_F(Vfu, NoRandomMessageDoesHarm)
{
    std::mt19937 random(20);
    int memory = sealed_memory(0x4000);
    unsigned answered = 0, refused = 0;

    greet();
    for (unsigned n = 0; n < 100000; n++) {
        Bytes payload(random() % 48);
        for (uint8_t &byte : payload)
            byte = random() % 3 ? 0 : static_cast<uint8_t>(random());
        std::vector<int> fds;
        if (random() % 4 == 0)
            fds.push_back(dup(memory));
        int error = send(1 + random() % 15, payload, &fds, random() % 8 ? 0 : VFU_FLAG_NO_REPLY);
        (error == 0 ? answered : refused)++;
        for (int fd : fds) {
            if (fd >= 0)
                close(fd);
        }
    }
    EXPECT_GT(answered, 1000u) << "the control: some of them must have meant something";
    EXPECT_GT(refused, 1000u);
    close(memory);
}

/* ---- The socket ---- */

class Socket : public testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair_), 0); }

    void TearDown() override
    {
        close(pair_[0]);
        if (pair_[1] >= 0)
            close(pair_[1]);
    }

    void say(const Bytes &bytes) const
    {
        ASSERT_EQ(::send(pair_[1], bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    }

    int hear()
    {
        length_ = 0;
        return vfu_receive(pair_[0], message_, &length_, fds_, &fd_count_);
    }

    static Bytes header(uint32_t size)
    {
        Bytes bytes;
        put<uint16_t>(bytes, 1);
        put<uint16_t>(bytes, VFU_DEVICE_INFO);
        put<uint32_t>(bytes, size);
        put<uint64_t>(bytes, 0);
        return bytes;
    }

    void hang_up()
    {
        close(pair_[1]);
        pair_[1] = -1;
    }

    int pair_[2] = {-1, -1};
    uint8_t message_[VFU_MESSAGE_MOST];
    size_t length_ = 0;
    int fds_[VFU_FDS_MOST];
    size_t fd_count_ = 0;
};

TEST_F(Socket, WholeMessagesComeThrough)
{
    Bytes message = header(24);
    put<uint64_t>(message, 5);
    say(message);
    say(header(16));
    EXPECT_EQ(hear(), 1);
    EXPECT_EQ(length_, 24u);
    EXPECT_EQ(hear(), 1);
    EXPECT_EQ(length_, 16u);
    hang_up();
    EXPECT_EQ(hear(), 0);
}

TEST_F(Socket, ATruncatedHeaderEndsIt)
{
    for (size_t length = 1; length < 16; length++) {
        Bytes part = header(16);
        part.resize(length);
        say(part);
        hang_up();
        EXPECT_EQ(hear(), -1) << length;
        close(pair_[0]);
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair_), 0);
    }
}

TEST_F(Socket, ATruncatedBodyEndsIt)
{
    Bytes message = header(32);
    message.resize(31);
    say(message);
    hang_up();
    EXPECT_EQ(hear(), -1);
}

TEST_F(Socket, LengthsBeyondTheLimitsEndIt)
{
    const std::vector<uint32_t> sizes = {0, 15, VFU_MESSAGE_MOST + 1, 0x7fffffff, 0xffffffff};
    for (uint32_t size : sizes) {
        say(header(size));
        EXPECT_EQ(hear(), -1) << size;
    }
}

TEST_F(Socket, NoDescriptorIsLost)
{
    Bytes message = header(16);
    int event = eventfd(0, EFD_CLOEXEC);
    int many[VFU_FDS_MOST + 8];
    char control[CMSG_SPACE(sizeof many)] = {};
    struct iovec vector = {message.data(), message.size()};
    struct msghdr out = {};
    for (int &fd : many)
        fd = event;
    out.msg_iov = &vector;
    out.msg_iovlen = 1;
    out.msg_control = control;
    out.msg_controllen = sizeof control;
    struct cmsghdr *part = CMSG_FIRSTHDR(&out);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof many);
    std::memcpy(CMSG_DATA(part), many, sizeof many);

    int before = dup(event);
    close(before);
    ASSERT_EQ(sendmsg(pair_[1], &out, 0), 16);
    EXPECT_EQ(hear(), 1);
    EXPECT_LE(fd_count_, VFU_FDS_MOST);
    for (size_t n = 0; n < fd_count_; n++)
        close(fds_[n]);
    int after = dup(event);
    EXPECT_EQ(after, before) << "descriptors stayed open";
    close(after);
    close(event);
}

/* ---- Configuration space ---- */

TEST(PciConfig, BarsTellTheirSizeAndIdsStand)
{
    struct pci_config config;
    struct pci_config ones;
    uint8_t all[PCI_CONFIG_BYTES];
    uint32_t bar;

    pci_config_init(&config);
    ones = config;
    std::memset(all, 0xff, sizeof all);
    pci_config_write(&ones, 0, all, sizeof all);
    std::memcpy(&bar, ones.bytes + PCI_BASE_ADDRESS_0, 4);
    EXPECT_EQ(bar, ~(CARD_BAR0_BYTES - 1u));
    std::memcpy(&bar, ones.bytes + PCI_BASE_ADDRESS_1, 4);
    EXPECT_EQ(bar, ~(CARD_BAR1_BYTES - 1u) | 1u);
    EXPECT_EQ(std::memcmp(ones.bytes, config.bytes, 4), 0);
    EXPECT_EQ(ones.bytes[0x40], config.bytes[0x40]);
    EXPECT_FALSE(pci_config_is_master(&config));
    EXPECT_TRUE(pci_config_is_master(&ones));
    EXPECT_TRUE(pci_config_may_use_line(&config));
    EXPECT_FALSE(pci_config_may_use_line(&ones));
}

} // namespace
