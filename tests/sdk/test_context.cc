// SPDX-License-Identifier: MIT
// Contexts: configs, the log, lists that outlive their makers, events and their handle.
#include "fixture.h"

#include <cstring>

namespace {

class Context : public SdkTest {
  protected:
    vdc_event event_ = VDC_EVENT_INIT;
};

TEST_F(Context, Configs)
{
    vdc_context *context = nullptr;
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.log_level = 5;
    EXPECT_STATUS(VDC_E_INVALID, vdc_context_create(&context, &config));
    config.log_level = 0;
    config.simulated_cards = 17;
    EXPECT_STATUS(VDC_E_INVALID, vdc_context_create(&context, &config));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "is 17; ask for 16 at most")) << vdc_error_text();
    config.simulated_cards = 16;
    ASSERT_STATUS(VDC_OK, vdc_context_create(&context, &config));
    vdc_context_destroy(context);
    context = nullptr;
    config.reserved = 1;
    EXPECT_STATUS(VDC_E_INVALID, vdc_context_create(&context, &config));
    EXPECT_EQ(nullptr, context);
    EXPECT_EQ(VDC_VERSION, vdc_version());
    EXPECT_NE(nullptr, strstr(vdc_version_text(), "0.1.0"));
}

TEST_F(Context, LogLevels)
{
    std::vector<LogLine> lines;
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.log = [](int level, const char *line, void *user) {
        static_cast<std::vector<LogLine> *>(user)->push_back({level, line});
    };
    config.log_user = &lines;
    for (uint32_t wanted = VDC_LOG_NONE; wanted <= VDC_LOG_DEBUG; wanted++) {
        vdc_context *context;
        vdc_device *device;
        config.log_level = wanted;
        lines.clear();
        ASSERT_STATUS(VDC_OK, vdc_context_create(&context, &config));
        ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context, Fake::table()));
        ASSERT_STATUS(VDC_OK, vdc_device_open(&device, context, "fake:0", 0));
        lines.clear();
        for (int level = VDC_LOG_ERROR; level <= VDC_LOG_DEBUG; level++) {
            vdi_log(fake_.context, level, "level %d\nsecond", level);
        }
        ASSERT_EQ(wanted, lines.size());
        for (size_t at = 0; at < lines.size(); at++) {
            EXPECT_EQ(static_cast<int>(at) + 1, lines[at].level);
            EXPECT_EQ(std::string::npos, lines[at].text.find('\n'));
        }
        vdc_device_close(device);
        vdc_context_destroy(context);
    }
}

TEST_F(Context, ALogCallbackMustNotCallTheDevice)
{
    struct Probe {
        vdc_device *device = nullptr;
        int status = VDC_OK;
        int lines = 0;
    } probe;
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.log_level = VDC_LOG_DEBUG;
    config.log_user = &probe;
    config.log = [](int, const char *, void *user) {
        Probe *seen = static_cast<Probe *>(user);
        seen->lines++;
        if (seen->device != nullptr) {
            seen->status = vdc_device_set_control(seen->device, 1, 0);
            vdc_device_close(seen->device); /* does nothing, and its complaint is not logged */
        }
    };
    vdc_context *context;
    ASSERT_STATUS(VDC_OK, vdc_context_create(&context, &config));
    ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context, Fake::table()));
    ASSERT_STATUS(VDC_OK, vdc_device_open(&probe.device, context, "fake:0", 0));
    probe.lines = 0;
    vdi_log(fake_.context, VDC_LOG_INFO, "hello");
    EXPECT_STATUS(VDC_E_STATE, probe.status);
    EXPECT_EQ(1, probe.lines);
    vdc_device *device = probe.device;
    probe.device = nullptr;
    vdc_device_close(device);
    vdc_context_destroy(context);
}

TEST_F(Context, DestroyRefusesWhileADeviceIsOpen)
{
    open_device();
    vdc_context_destroy(context_);
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "vdc_context_destroy: 1 of its devices"));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
}

TEST_F(Context, ListsDevices)
{
    vdc_list *list;
    fake_.ids = {"fake:0", "fake:b", ""};
    ASSERT_STATUS(VDC_OK, vdc_context_list_devices(&list, context_));
    ASSERT_EQ(6u, vdc_list_count(list)) << "no simulated ones";
    EXPECT_STREQ("fake:b", vdc_list_device_at(list, 1)->id);
    EXPECT_STREQ("fake", vdc_list_device_at(list, 1)->backend);
    EXPECT_STREQ("", vdc_list_device_at(list, 1)->serial);
    EXPECT_EQ(uint32_t{VDC_DEVICE_PRESENT}, vdc_list_device_at(list, 1)->state);
    EXPECT_EQ(nullptr, vdc_list_device_at(list, 6));
    EXPECT_EQ(nullptr, vdc_list_format_at(list, 0)) << "it lists something else";
    vdc_list_destroy(list);
    EXPECT_EQ(0u, vdc_list_count(list)) << "destroyed";
    EXPECT_EQ(nullptr, vdc_list_device_at(list, 0));
    vdc_list_destroy(list);
}

TEST_F(Context, ListsSimulatedCardsOnlyIfTold)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    vdc_context *context;
    vdc_list *list;
    config.simulated_cards = 3;
    ASSERT_STATUS(VDC_OK, vdc_context_create(&context, &config));
    ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context, Fake::simulated()));
    ASSERT_STATUS(VDC_OK, vdc_context_list_devices(&list, context));
    const vdc_device_info *info = nullptr;
    for (size_t at = 0; at < vdc_list_count(list); at++) {
        if (strcmp(vdc_list_device_at(list, at)->backend, "fakesim") == 0) {
            info = vdc_list_device_at(list, at);
        }
    }
    ASSERT_NE(nullptr, info);
    EXPECT_TRUE(info->caps & VDC_CAP_SIMULATED);
    vdc_list_destroy(list);
    vdc_context_destroy(context);
}

TEST_F(Context, AListNeedsOnlyItself)
{
    vdc_list *formats, *controls;
    open_device();
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&formats, device_));
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&controls, device_));
    vdc_device_close(device_);
    device_ = nullptr;
    vdc_context_destroy(context_);
    context_ = nullptr;
    EXPECT_EQ(1u, vdc_list_format_at(formats, 0)->intervals_s[1].num);
    EXPECT_EQ(30u, vdc_list_format_at(formats, 0)->intervals_s[1].den);
    const vdc_control_info *mains = vdc_list_control_at(controls, 2);
    ASSERT_EQ(3u, mains->menu_count);
    EXPECT_STREQ("three", mains->menu[1].name);
    EXPECT_EQ(3, mains->menu[1].value);
    vdc_list_destroy(formats);
    vdc_list_destroy(controls);
}

TEST_F(Context, AFailingBackendHidesNoOther)
{
    vdc_list *list = nullptr;
    fake_.fail[FAKE_LIST] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, vdc_context_list_devices(&list, context_)) << "nothing else was found";
    EXPECT_EQ(nullptr, list);
    EXPECT_TRUE(logged(VDC_LOG_WARNING, "backend fake cannot list"));
}

/* ---- Events ---- */

TEST_F(Context, HotplugIsWatchedFromTheFirstQuestionOn)
{
    vdc_list *list;
    ASSERT_STATUS(VDC_OK, vdc_context_list_devices(&list, context_));
    vdc_list_destroy(list);
    open_device();
    EXPECT_EQ(0, fake_.watches) << "nobody asked";
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_EQ(3, fake_.watches) << "one for each backend";
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_EQ(3, fake_.watches);
    vdc_device_close(device_);
    device_ = nullptr;
    vdc_context_destroy(context_);
    context_ = nullptr;
    EXPECT_EQ(0, fake_.watches);
}

TEST_F(Context, ABackendThatCannotWatchIsNoFailure)
{
    vdc_handle handle;
    fake_.fail[FAKE_WATCH] = VDC_E_IO;
    EXPECT_STATUS(VDC_OK, vdc_context_get_handle(&handle, context_));
    EXPECT_TRUE(logged(VDC_LOG_WARNING, "tells no arrivals"));
    fake_.watches = 0;
}

TEST_F(Context, EventsComeInOrder)
{
    open_device();
    vdi_device_event(fake_.device, VDC_EVENT_CONTROL_CHANGED, VDC_CONTROL_GAIN, -5);
    vdi_context_device_event(fake_.context, VDC_EVENT_DEVICE_REMOVED, "fake:9");
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, -1));
    EXPECT_EQ(uint32_t{VDC_EVENT_CONTROL_CHANGED}, event_.kind);
    EXPECT_STREQ("fake:0", event_.device_id);
    EXPECT_EQ(uint32_t{VDC_CONTROL_GAIN}, event_.control);
    EXPECT_EQ(-5, event_.value);
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_STREQ("fake:9", event_.device_id);
    auto begin = std::chrono::steady_clock::now();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 30));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST_F(Context, OverflowIsTold)
{
    vdc_handle handle;
    ASSERT_STATUS(VDC_OK, vdc_context_get_handle(&handle, context_));
    for (int at = 0; at < 300; at++) {
        vdi_context_device_event(fake_.context, VDC_EVENT_DEVICE_ARRIVED,
                                 std::to_string(at).c_str());
    }
    for (int at = 0; at < 256; at++) {
        ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
        EXPECT_STREQ(std::to_string(at).c_str(), event_.device_id);
    }
    vdi_context_device_event(fake_.context, VDC_EVENT_DEVICE_ARRIVED, "after");
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_EQ(uint32_t{VDC_EVENT_LOST}, event_.kind) << "where the events are missing";
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_STREQ("after", event_.device_id);
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_FALSE(readable(handle));
}

TEST_F(Context, TheHandleIsReadableWhileAnEventWaits)
{
    vdc_handle handle, same;
    open_device();
    vdi_device_event(fake_.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
    ASSERT_STATUS(VDC_OK, vdc_context_get_handle(&handle, context_));
    ASSERT_STATUS(VDC_OK, vdc_context_get_handle(&same, context_));
    EXPECT_EQ(handle, same);
    EXPECT_TRUE(readable(handle)) << "it came before the handle was asked for";
    EXPECT_TRUE(readable(handle)) << "level-triggered";
    vdi_device_event(fake_.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_TRUE(readable(handle)) << "one is left";
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 0));
    EXPECT_FALSE(readable(handle));
}

TEST_F(Context, AWaiterIsWoken)
{
    open_device();
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        vdi_device_event(fake_.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
    });
    EXPECT_STATUS(VDC_OK, vdc_context_wait_event(&event_, context_, 10000));
    later.join();
}

} // namespace
