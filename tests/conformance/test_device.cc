/* SPDX-License-Identifier: MIT */
/*
 * Lists, opening, closing, and what an open device says of itself. A device id must be the same in
 * every list and open the same device.
 */
#include <cstring>
#include <set>

#include "suite.h"

class Devices : public Case {
  protected:
    std::vector<std::string> Ids(vdc_context *of, uint32_t caps_not = 0)
    {
        std::vector<std::string> ids;
        vdc_list *list = nullptr;
        EXPECT_VDC_OK(vdc_context_list_devices(&list, of));
        for (size_t i = 0; i < vdc_list_count(list); ++i) {
            const vdc_device_info *item = vdc_list_device_at(list, i);
            EXPECT_NE(item, nullptr);
            if (item && !(item->caps & caps_not))
                ids.push_back(item->id);
        }
        vdc_list_destroy(list);
        return ids;
    }
};

TEST_F(Devices, ListIsStable)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.simulated_cards = 3;
    vdc_context *other = nullptr;
    ASSERT_VDC_OK(vdc_context_create(&other, &config));
    std::vector<std::string> first = Ids(other);
    std::vector<std::string> second = Ids(other);
    EXPECT_EQ(first, second);
    std::set<std::string> unique(first.begin(), first.end());
    EXPECT_EQ(unique.size(), first.size()) << "ids are unique";
    for (const std::string &id : first) {
        EXPECT_NE(id.find(':'), std::string::npos) << id << " has no backend";
        EXPECT_LT(id.size(), sizeof(vdc_event{}.device_id));
    }
    vdc_context_destroy(other);
}

TEST_F(Devices, ListItemsAreWhole)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.simulated_cards = 2;
    vdc_context *other = nullptr;
    ASSERT_VDC_OK(vdc_context_create(&other, &config));
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_context_list_devices(&list, other));
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_device_info *item = vdc_list_device_at(list, i);
        ASSERT_NE(item, nullptr);
        for (const char *text :
             {item->id, item->name, item->serial, item->location, item->backend, item->state_text})
            ASSERT_NE(text, nullptr);
        EXPECT_STRNE(item->id, "");
        EXPECT_STRNE(item->name, "");
        EXPECT_EQ(std::strncmp(item->id, item->backend, std::strlen(item->backend)), 0);
        EXPECT_EQ(item->state, static_cast<uint32_t>(VDC_DEVICE_PRESENT)) << item->id;
    }
    EXPECT_EQ(vdc_list_device_at(list, vdc_list_count(list)), nullptr);
    EXPECT_EQ(vdc_list_format_at(list, 0), nullptr) << "a list of devices has no formats";
    vdc_list_destroy(list);
    vdc_context_destroy(other);
}

TEST_F(Devices, SimulatedOnlyWhenAsked)
{
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_context_list_devices(&list, context));
    for (size_t i = 0; i < vdc_list_count(list); ++i)
        EXPECT_EQ(vdc_list_device_at(list, i)->caps & VDC_CAP_SIMULATED, 0u)
            << vdc_list_device_at(list, i)->id;
    vdc_list_destroy(list);

    int status = vdc_device_open(&device, context, nullptr, 0);
    if (status == VDC_OK) {
        EXPECT_EQ(Info().caps & VDC_CAP_SIMULATED, 0u) << "nobody asked for " << Info().id;
    } else {
        EXPECT_STATUS(VDC_E_NOT_FOUND, status);
        EXPECT_NE(std::string(vdc_error_text()).find("sim:0"), std::string::npos)
            << vdc_error_text();
    }
}

TEST_F(Devices, UnknownIdsAreRefused)
{
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device, context, "nosuchbackend:0", 0));
    EXPECT_EQ(device, nullptr) << "out-parameters are written only on success";
    EXPECT_STRNE(vdc_error_text(), "");
    for (const char *id : {"", ":", "::", "nosuchbackend", "\xff\xfe:0"}) {
        int status = vdc_device_open(&device, context, id, 0);
        EXPECT_TRUE(status == VDC_E_NOT_FOUND || status == VDC_E_INVALID)
            << id << ": " << vdc_status_name(status);
        EXPECT_EQ(device, nullptr);
    }
    EXPECT_STATUS(VDC_E_INVALID,
                  vdc_device_open(&device, context, TheRig().Id().c_str(), 1u << 31));
}

TEST_F(Devices, OpensAndCloses)
{
    std::string id;
    for (int i = 0; i < Times(20, 100); ++i) {
        MUST(Open());
        if (id.empty())
            id = Info().id;
        EXPECT_EQ(id, Info().id);
        Close();
    }
}

TEST_F(Devices, OpensWithContextsOfItsOwn)
{
    for (int i = 0; i < Times(5, 25); ++i) {
        vdc_context *own = nullptr;
        ASSERT_VDC_OK(vdc_context_create(&own, nullptr));
        vdc_device *opened = nullptr;
        ASSERT_VDC_OK(vdc_device_open(&opened, own, TheRig().Id().c_str(), 0));
        vdc_device_close(opened);
        vdc_context_destroy(own);
    }
}

TEST_F(Devices, InfoIsWhole)
{
    MUST(Open());
    const vdc_device_info &own = Info();
    for (const char *text :
         {own.id, own.name, own.serial, own.location, own.backend, own.state_text})
        ASSERT_NE(text, nullptr);
    EXPECT_EQ(std::string(own.id).compare(0, std::strlen(own.backend), own.backend), 0);
    EXPECT_EQ(own.state, static_cast<uint32_t>(VDC_DEVICE_READY)) << own.state_text;
    EXPECT_STREQ(own.state_text, "");
    EXPECT_EQ((own.caps & VDC_CAP_DEVICE_TIME) != 0, own.time_hz != 0);
    EXPECT_EQ((own.caps & VDC_CAP_SIMULATED) != 0, std::string(own.backend) == "sim");
    if (own.caps & VDC_CAP_TIMINGS)
        EXPECT_NE(own.caps & VDC_CAP_INPUTS, 0u);
    EXPECT_EQ(vdc_device_get_info(nullptr), nullptr);
}

TEST_F(Devices, NullsAreRefused)
{
    MUST(OpenSmall());
    vdc_list *list = nullptr;
    EXPECT_STATUS(VDC_E_INVALID, vdc_context_list_devices(nullptr, context));
    EXPECT_STATUS(VDC_E_INVALID, vdc_context_list_devices(&list, nullptr));
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_list_formats(&list, nullptr));
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_wait(nullptr, stream, 0));
    const vdc_frame *frame = nullptr;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_wait(&frame, nullptr, 0));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, stream, 0)) << "it has not been started";
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream, nullptr));
    vdc_stats wrong = VDC_STATS_INIT;
    wrong.size = 0;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_get_stats(&wrong, stream));
    EXPECT_EQ(vdc_list_count(nullptr), 0u);
    vdc_list_destroy(nullptr);
    vdc_stream_close(nullptr);
    vdc_device_close(nullptr);
    vdc_context_destroy(nullptr);
    EXPECT_EQ(list, nullptr);
}
