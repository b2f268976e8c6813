/* SPDX-License-Identifier: MIT */
/* A fault at every single call of the system, in the whole life of a device: nothing hangs, leaks or is left open. */
#include <cstdio>
#include <cstring>

#include "fixture.h"

namespace {

struct Fault {
    const char *name;
    uint32_t result;
    bool once;
};

class KsFault : public KsTest {
  protected:
    /* The whole of it; how many steps went well. GONE must stay GONE, as far as it was said at all. */
    int life(bool card)
    {
        int good = 0, gone = 0;
        auto note = [&](int status) {
            EXPECT_FALSE(gone && status == VDC_OK) << "came back from the dead";
            good += status == VDC_OK;
            return status;
        };
        if (note(vdc_device_open(&device_, context_, "ks:", VDC_OPEN_REGISTERS)) != VDC_OK)
            return good;
        vdc_list *list = nullptr;
        if (note(vdc_device_list_formats(&list, device_)) == VDC_OK)
            vdc_list_destroy(list);
        list = nullptr;
        int status = note(vdc_device_list_controls(&list, device_));
        gone |= status == VDC_E_GONE;
        if (status == VDC_OK)
            vdc_list_destroy(list);
        int64_t value = 0;
        gone |= note(vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS)) == VDC_E_GONE;
        gone |= note(vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 3)) == VDC_E_GONE;
        if (card) {
            vdc_signal signal = VDC_SIGNAL_INIT;
            uint32_t word = 0;
            uint8_t image[64] = {0};
            gone |= note(vdc_device_get_signal(&signal, device_)) == VDC_E_GONE;
            gone |= note(vdc_device_select_input(device_, 0)) == VDC_E_GONE;
            gone |= note(vdc_device_read_register(&word, device_, "SCRATCH", 0)) == VDC_E_GONE;
            gone |= note(vdc_device_load_firmware(device_, image, sizeof(image), nullptr,
                                                  nullptr)) == VDC_E_GONE;
        }
        if (note(vdc_stream_open(&stream_, device_, nullptr)) == VDC_OK &&
            note(vdc_stream_start(stream_)) == VDC_OK)
            capture(&good);
        close();
        return good;
    }

    void capture(int *good)
    {
        const vdc_frame *got = nullptr;
        for (int i = 0; i < 6; i++) {
            int status = vdc_stream_wait(&got, stream_, 2000);
            EXPECT_NE(VDC_E_TIMEOUT, status) << "frame " << i;
            if (status != VDC_OK)
                break;
            ++*good;
            vdc_stream_release(stream_, got);
        }
        int status = vdc_stream_stop(stream_);
        *good += status == VDC_OK;
        vdc_stats now = stats();
        uint64_t sum = now.delivered + now.in_flight;
        for (uint64_t dropped : now.dropped)
            sum += dropped;
        EXPECT_EQ(0u, now.in_flight);
        if (now.produced_basis != VDC_BASIS_UNKNOWN) {
            EXPECT_EQ(now.produced, sum);
        }
    }

    void plug(bool card)
    {
        fake_.reset();
        if (card)
            fake_.plug_card();
        else
            fake_.plug_camera();
        fake_.levels[{false, 0}] = {16, 0, 255, 1, 128};
    }

    void everywhere(bool card)
    {
        const Fault faults[] = {
            {"unplug",    KS_DEVICE_REMOVED,      false},
            {"not there", KS_FILE_NOT_FOUND,      false},
            {"failure",   KS_GEN_FAILURE,         true },
            {"denied",    KS_ACCESS_DENIED,       true },
            {"busy",      KS_BUSY,                true },
            {"resources", KS_NO_SYSTEM_RESOURCES, true },
            {"more",      KS_MORE_DATA,           true },
            {"aborted",   KS_OPERATION_ABORTED,   true },
            {"dead",      KS_IO_DEVICE,           false},
        };
        plug(card);
        int whole = life(card);
        uint64_t calls = fake_.calls, injected = 0;
        ASSERT_GT(calls, 30u);
        for (const Fault &fault : faults) {
            int least = whole;
            for (uint64_t at = 0; at < calls; at++) {
                plug(card);
                fake_.fail_after = static_cast<int64_t>(at);
                fake_.fail_with = fault.result;
                fake_.fail_once = fault.once;
                int good = life(card);
                injected += fake_.injected != 0;
                least = good < least ? good : least;
                ASSERT_EQ(0, fake_.open_handles) << fault.name << " at call " << at;
                ASSERT_EQ("", fake_.breaches) << fault.name << " at call " << at;
            }
            EXPECT_LT(least, whole) << fault.name << " was never felt";
        }
        std::printf("%llu calls, %llu injections\n", static_cast<unsigned long long>(calls),
                    static_cast<unsigned long long>(injected));
        EXPECT_GE(injected * 10, calls * 9 * 9); /* some lives end before the call comes */
    }
};

TEST_F(KsFault, AtEveryCallOfACamera)
{
    everywhere(false);
}

TEST_F(KsFault, AtEveryCallOfACard)
{
    everywhere(true);
}

/* A driver that claims to have written more or less than there was: nothing of it is believed, nothing is read past. */
TEST_F(KsFault, SizesThatLie)
{
    for (bool card : {false, true}) {
        plug(card);
        int whole = life(card);
        for (int64_t lie :
             {INT64_C(-1), INT64_C(1), INT64_C(-4), INT64_C(100000), INT64_C(0x7fffffff)}) {
            plug(card);
            fake_.lie_about_bytes = lie;
            EXPECT_LT(life(card), whole) << lie;
            EXPECT_EQ(0, fake_.open_handles);
        }
    }
}

/* The control of this whole suite: what the backend must not do is noticed. */
TEST_F(KsFault, TheFilterNoticesBreaches)
{
    plug(false);
    ks_handle *filter = nullptr, *pin = nullptr;
    ks_connect connect = {};
    ks_read read = {};
    ks_stream_header header = {};
    uint32_t returned = 0, state = KS_STATE_PAUSE;
    ks_property request = {ks_set_connection, KS_CONNECTION_STATE, KS_TYPE_SET};
    ASSERT_EQ(KS_OK, fake_.open(&filter, fake_.interfaces[0].path));
    ASSERT_EQ(KS_OK, fake_.create_pin(&pin, &connect, sizeof(connect)));
    read.header = &header;
    ASSERT_EQ(KS_OK, fake_.submit(&read));
    EXPECT_NE(std::string::npos, fake_.breaches.find("stands"));
    EXPECT_NE(std::string::npos, fake_.breaches.find("header"));
    ASSERT_EQ(KS_OK, fake_.property(&request, sizeof(request), &state, sizeof(state), &returned));
    EXPECT_NE(std::string::npos, fake_.breaches.find("left out"));
    fake_.close(pin);
    EXPECT_NE(std::string::npos, fake_.breaches.find("in flight"));
    EXPECT_EQ(1, fake_.open_handles);
    fake_.reset();
}

/* The range list of a camera, cut at every length and with every byte flipped. */
TEST_F(KsFault, RangesOfAnyShape)
{
    plug(false);
    Bytes whole = fake_.pins[0].ranges[0];
    for (size_t at = 0; at < whole.size(); at++) {
        for (int how = 0; how < 2; how++) {
            plug(false);
            Bytes bad = whole;
            if (how)
                bad.resize(at);
            else
                bad[at] ^= 0xff;
            fake_.pins[0].ranges[0] = bad;
            (void)life(false);
            ASSERT_EQ("", fake_.breaches);
        }
    }
}

} // namespace
