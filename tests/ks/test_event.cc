/* SPDX-License-Identifier: MIT */
/* What is heard without a stream: events of the driver, arrival and removal, each loss told once; and reads that belong to a
 * thread. */
#include <chrono>
#include <thread>

#include "fixture.h"

namespace {

class KsEvent : public KsTest {
  protected:
    /* No event, and from now on the context hears them. */
    void listen()
    {
        vdc_event event = VDC_EVENT_INIT;
        EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    }
    void expect(uint32_t kind, const char *id, int64_t value = 0)
    {
        vdc_event event = VDC_EVENT_INIT;
        ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 2000));
        EXPECT_EQ(kind, event.kind);
        EXPECT_STREQ(id, event.device_id);
        EXPECT_EQ(value, event.value);
    }
    void expect_nothing()
    {
        vdc_event event = VDC_EVENT_INIT;
        EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    }
    /* The listener has read how things are. */
    void settled(uint32_t id = VDW_EVENT_ERROR) { ASSERT_TRUE(fake_.happen(ks_set_own, id)); }
    std::string id() { return vdc_device_get_info(device_)->id; }
    template <class F> void change(F how)
    {
        std::lock_guard<std::mutex> guard(fake_.mutex);
        how();
    }
};

TEST_F(KsEvent, ControlsAndSignalWithoutAStream)
{
    fake_.plug_card();
    listen();
    open();
    settled();
    std::string card = id();
    change([&] { fake_.card.values[0] = 44; });
    expect_nothing();
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_CONTROL));
    expect(VDC_EVENT_CONTROL_CHANGED, card.c_str(), 44);
    change([&] { fake_.card.signal.changes++; });
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_SIGNAL));
    expect(VDC_EVENT_SIGNAL_CHANGED, card.c_str());
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 7));
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_CONTROL));
    expect_nothing();
    EXPECT_FALSE(fake_.happen(ks_set_camera, 3)) << "the control: nobody listens for that";
}

/* Who never asks for events pays for none; who asks late hears what comes from then on. */
TEST_F(KsEvent, ListensFromTheFirstQuestionOn)
{
    fake_.plug_card();
    open();
    EXPECT_EQ(0, fake_.listeners);
    change([&] { fake_.card.values[0] = 1; });
    listen();
    EXPECT_EQ(1, fake_.listeners);
    settled();
    expect_nothing();
    change([&] { fake_.card.values[0] = 2; });
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_CONTROL));
    expect(VDC_EVENT_CONTROL_CHANGED, id().c_str(), 2);
    close();
    EXPECT_EQ(0, fake_.listeners);
    EXPECT_FALSE(fake_.happen(ks_set_own, VDW_EVENT_CONTROL));
}

TEST_F(KsEvent, OtherFirmwareByItself)
{
    fake_.plug_card();
    listen();
    open();
    settled();
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_FIRMWARE));
    expect_nothing();
    change([&] {
        fake_.card.firmware.version = 0x01010000;
        fake_.card.controls.pop_back();
        fake_.card.identity.control_count--;
    });
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_FIRMWARE));
    expect(VDC_EVENT_FIRMWARE_CHANGED, id().c_str());
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
    EXPECT_EQ(3u, vdc_list_count(list)) << "read anew";
    vdc_list_destroy(list);
    uint8_t image[100] = {1};
    ASSERT_STATUS(VDC_OK,
                  vdc_device_load_firmware(device_, image, sizeof(image), nullptr, nullptr));
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_FIRMWARE));
    expect(VDC_EVENT_FIRMWARE_CHANGED, id().c_str());
    expect_nothing();
}

TEST_F(KsEvent, ControlsOfACamera)
{
    fake_.plug_camera();
    fake_.events = {
        {ks_set_procamp.a, 0},
        {ks_set_camera.a,  4}
    };
    listen();
    open();
    std::string camera = id();
    ASSERT_TRUE(fake_.happen(ks_set_procamp, 0));
    expect_nothing();
    change([&] { fake_.levels[{false, 0}].value = 99; });
    ASSERT_TRUE(fake_.happen(ks_set_procamp, 0));
    expect(VDC_EVENT_CONTROL_CHANGED, camera.c_str(), 99);
    change([&] {
        fake_.levels[{true, 4}].value = -3;
        fake_.levels[{true, 4}].flags = KS_LEVEL_MANUAL;
    });
    ASSERT_TRUE(fake_.happen(ks_set_camera, 4));
    expect(VDC_EVENT_CONTROL_CHANGED, camera.c_str(), 1250);
    expect(VDC_EVENT_CONTROL_CHANGED, camera.c_str(), 0);
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_EXPOSURE, 312));
    ASSERT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_EXPOSURE_AUTO, 1));
    ASSERT_TRUE(fake_.happen(ks_set_camera, 4));
    expect_nothing();
}

/* ---- Removal ---- */

TEST_F(KsEvent, TheDriverSaysThatItIsLost)
{
    fake_.plug_camera();
    fake_.events = {
        {ks_event_device.a, KS_EVENT_DEVICE_LOST}
    };
    listen();
    open();
    std::string camera = id();
    ASSERT_TRUE(fake_.happen(ks_event_device, KS_EVENT_DEVICE_LOST));
    expect(VDC_EVENT_DEVICE_REMOVED, camera.c_str());
    fake_.notify();
    expect_nothing();
    fake_.interfaces.clear();
    fake_.notify();
    expect_nothing();
    fake_.plug_camera();
    fake_.notify(fake_.interfaces[0].path);
    expect(VDC_EVENT_DEVICE_ARRIVED, camera.c_str());
    EXPECT_TRUE(fake_.happen(ks_event_device, KS_EVENT_DEVICE_LOST));
    expect_nothing();
}

/* The card answers no more, and its interface is listed for a while still, or again by the time anybody looks. */
TEST_F(KsEvent, ACallFindsItGone)
{
    fake_.plug_card();
    for (bool watched : {false, true}) {
        if (watched)
            listen();
        open();
        std::string card = id();
        change([&] {
            fake_.fail_after = static_cast<int64_t>(fake_.calls);
            fake_.fail_with = KS_DEVICE_REMOVED;
        });
        int64_t value = 0;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
        expect(VDC_EVENT_DEVICE_REMOVED, card.c_str());
        change([&] { fake_.fail_after = -1; });
        fake_.notify();
        expect_nothing();
        fake_.notify(fake_.interfaces[0].path);
        expect(VDC_EVENT_DEVICE_ARRIVED, card.c_str());
        fake_.notify(fake_.interfaces[0].path);
        expect_nothing();
        close();
    }
}

TEST_F(KsEvent, AnErrorEventFindsItGone)
{
    fake_.plug_card();
    listen();
    open();
    settled();
    std::string card = id();
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_ERROR));
    expect_nothing();
    change([&] {
        fake_.fail_after = static_cast<int64_t>(fake_.calls);
        fake_.fail_with = KS_DEVICE_REMOVED;
    });
    EXPECT_TRUE(fake_.happen(ks_set_own, VDW_EVENT_ERROR));
    expect(VDC_EVENT_DEVICE_REMOVED, card.c_str());
    fake_.interfaces.clear();
    fake_.notify();
    expect_nothing();
}

TEST_F(KsEvent, ItsInterfaceGoesFirst)
{
    fake_.plug_camera();
    listen();
    open();
    std::string camera = id();
    fake_.interfaces.clear();
    fake_.notify();
    expect(VDC_EVENT_DEVICE_REMOVED, camera.c_str());
    fake_.fail_after = static_cast<int64_t>(fake_.calls);
    fake_.fail_with = KS_FILE_NOT_FOUND;
    int64_t value = 0;
    EXPECT_STATUS(VDC_E_GONE, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
    expect_nothing();
}

/* A fault at every call of a life with a listener: nothing is left behind, and one loss is one event. */
TEST_F(KsEvent, FaultsAtEveryCall)
{
    auto life = [&](uint64_t *removed) {
        vdc_event event = VDC_EVENT_INIT;
        std::string ids;
        if (vdc_device_open(&device_, context_, "ks:", 0) == VDC_OK) {
            (void)fake_.happen(ks_set_own, VDW_EVENT_CONTROL);
            change([&] { fake_.card.values[0]++; });
            (void)fake_.happen(ks_set_own, VDW_EVENT_CONTROL);
            (void)fake_.happen(ks_set_own, VDW_EVENT_SIGNAL);
            (void)fake_.happen(ks_set_own, VDW_EVENT_FIRMWARE);
            (void)fake_.happen(ks_set_own, VDW_EVENT_ERROR);
            int64_t value = 0;
            (void)vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS);
        }
        close();
        while (vdc_context_wait_event(&event, context_, 0) == VDC_OK)
            *removed += event.kind == VDC_EVENT_DEVICE_REMOVED;
    };
    uint64_t injected = 0, losses = 0, most = 0, nothing = 0;
    fake_.plug_card();
    listen();
    uint64_t before = fake_.calls;
    life(&nothing);
    uint64_t calls = fake_.calls - before;
    EXPECT_EQ(0u, nothing) << "the control";
    ASSERT_GT(calls, 30u);
    for (uint32_t result : {KS_DEVICE_REMOVED, KS_GEN_FAILURE, KS_NO_SYSTEM_RESOURCES}) {
        for (uint64_t at = 0; at < calls; at++) {
            uint64_t removed = 0;
            fake_.injected = 0;
            fake_.fail_once = result != KS_DEVICE_REMOVED;
            fake_.fail_with = result;
            fake_.fail_after = static_cast<int64_t>(fake_.calls + at);
            life(&removed);
            fake_.fail_after = -1;
            injected += fake_.injected != 0;
            losses += removed;
            most = std::max(most, removed);
            EXPECT_EQ(0, fake_.listeners) << "at call " << at;
            EXPECT_EQ(0, fake_.open_handles) << "at call " << at;
            /* It comes again, for the next life. */
            vdc_event event = VDC_EVENT_INIT;
            fake_.notify(fake_.interfaces[0].path);
            while (vdc_context_wait_event(&event, context_, 0) == VDC_OK) {
            }
        }
    }
    std::printf("%llu calls, %llu injections, %llu losses told\n",
                static_cast<unsigned long long>(calls), static_cast<unsigned long long>(injected),
                static_cast<unsigned long long>(losses));
    EXPECT_GE(injected * 10, calls * 3 * 9);
    EXPECT_EQ(1u, most);
    EXPECT_GE(losses, calls / 3);
}

/* ---- Reads that belong to a thread ---- */

/* Frames are released by threads that end at once; one that stays has sent every read. */
TEST_F(KsEvent, ReadsThatNeedTheirThread)
{
    for (bool needed : {false, true}) {
        fake_.reset();
        fake_.plug_card();
        fake_.needs_thread = needed;
        open();
        stream();
        start();
        for (int i = 0; i < 20; i++) {
            const vdc_frame *got = nullptr;
            ASSERT_STATUS(VDC_OK, vdc_stream_wait(&got, stream_, 2000));
            std::thread([&] { vdc_stream_release(stream_, got); }).join();
            change([&] { fake_.own.sequence++; });
        }
        EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_EQ(0u, fake_.reads_in_flight());
        EXPECT_EQ(0u, fake_.submitters.count(std::this_thread::get_id()) * needed);
        EXPECT_EQ(needed, fake_.submitters.size() == 1) << fake_.submitters.size();
        close();
    }
}

/* The system takes no more reads: the wait says so, and stop ends. */
TEST_F(KsEvent, TheSenderMeetsFaults)
{
    for (uint32_t result : {KS_GEN_FAILURE, KS_DEVICE_REMOVED}) {
        fake_.reset();
        fake_.plug_card();
        fake_.needs_thread = true;
        open();
        stream();
        start();
        const vdc_frame *got = nullptr;
        change([&] { fake_.frames_left = 1; });
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&got, stream_, 2000));
        change([&] {
            fake_.fail_with = result;
            fake_.fail_after = static_cast<int64_t>(fake_.calls);
        });
        vdc_stream_release(stream_, got);
        int status = vdc_stream_wait(&got, stream_, 2000);
        EXPECT_STATUS(result == KS_DEVICE_REMOVED ? VDC_E_GONE : VDC_E_IO, status);
        (void)vdc_stream_stop(stream_);
        EXPECT_EQ(0u, fake_.reads_in_flight());
        close();
    }
}

} // namespace
