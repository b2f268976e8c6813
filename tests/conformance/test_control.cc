/* SPDX-License-Identifier: MIT */
/*
 * Controls: what the list says must hold when they are read and set. What a program sets itself is no
 * event; what the device changes is one.
 */
#include "suite.h"

class Controls : public Case {
  protected:
    void OpenList()
    {
        MUST(Open());
        ASSERT_VDC_OK(vdc_device_list_controls(&list_, device));
        if (vdc_list_count(list_) == 0)
            NOT_APPLICABLE("the device has no controls");
    }
    void TearDown() override
    {
        vdc_list_destroy(list_);
        Case::TearDown();
    }
    const vdc_control_info *At(size_t index) { return vdc_list_control_at(list_, index); }
    bool Settable(const vdc_control_info *control)
    {
        return !(control->flags & VDC_CONTROL_READ_ONLY) && control->type != VDC_CONTROL_BUTTON;
    }
    int64_t Get(const vdc_control_info *control)
    {
        int64_t value = INT64_MIN;
        EXPECT_VDC_OK(vdc_device_get_control(&value, device, control->id)) << control->name;
        return value;
    }
    vdc_list *list_ = nullptr;
};

#define OPEN_LIST()                           \
    do {                                      \
        OpenList();                           \
        if (HasFatalFailure() || IsSkipped()) \
            return;                           \
    } while (0)

TEST_F(Controls, ListIsSound)
{
    OPEN_LIST();
    for (size_t i = 0; i < vdc_list_count(list_); ++i) {
        const vdc_control_info *control = At(i);
        ASSERT_NE(control, nullptr);
        SCOPED_TRACE(control->name);
        EXPECT_STRNE(control->name, "");
        EXPECT_NE(control->id, 0u);
        EXPECT_GE(control->type, static_cast<uint32_t>(VDC_CONTROL_INTEGER));
        EXPECT_LE(control->type, static_cast<uint32_t>(VDC_CONTROL_BUTTON));
        EXPECT_GE(control->step, 1);
        EXPECT_LE(control->minimum, control->default_value);
        EXPECT_LE(control->default_value, control->maximum);
        EXPECT_EQ((control->default_value - control->minimum) % control->step, 0);
        if (control->type == VDC_CONTROL_BOOLEAN) {
            EXPECT_EQ(control->minimum, 0);
            EXPECT_EQ(control->maximum, 1);
        }
        EXPECT_EQ(control->type == VDC_CONTROL_MENU, control->menu_count > 0);
        for (size_t k = 0; k < control->menu_count; ++k) {
            EXPECT_STRNE(control->menu[k].name, "");
            EXPECT_GE(control->menu[k].value, control->minimum);
            EXPECT_LE(control->menu[k].value, control->maximum);
        }
        for (size_t k = 0; k < i; ++k)
            EXPECT_NE(At(k)->id, control->id) << "twice";
    }
    EXPECT_EQ(At(vdc_list_count(list_)), nullptr);
}

TEST_F(Controls, StartAtTheirDefaults)
{
    OPEN_LIST();
    if (!(Info().caps & VDC_CAP_SIMULATED))
        NOT_APPLICABLE("another program may have set them");
    for (size_t i = 0; i < vdc_list_count(list_); ++i)
        if (At(i)->type != VDC_CONTROL_BUTTON)
            EXPECT_EQ(Get(At(i)), At(i)->default_value) << At(i)->name;
}

TEST_F(Controls, ReadBackWhatWasSet)
{
    OPEN_LIST();
    for (size_t i = 0; i < vdc_list_count(list_); ++i) {
        const vdc_control_info *control = At(i);
        SCOPED_TRACE(control->name);
        if (!Settable(control) || (control->flags & VDC_CONTROL_INACTIVE))
            continue;
        int64_t before = Get(control);
        std::vector<int64_t> values = {control->minimum,
                                       control->maximum -
                                           (control->maximum - control->minimum) % control->step,
                                       control->default_value};
        if (control->type == VDC_CONTROL_MENU) {
            values.clear();
            for (size_t k = 0; k < control->menu_count; ++k)
                values.push_back(control->menu[k].value);
        }
        for (int64_t value : values) {
            EXPECT_VDC_OK(vdc_device_set_control(device, control->id, value));
            if (!(control->flags & VDC_CONTROL_VOLATILE))
                EXPECT_EQ(Get(control), value);
        }
        EXPECT_VDC_OK(vdc_device_set_control(device, control->id, before));
    }
}

TEST_F(Controls, OutOfRangeIsRefused)
{
    OPEN_LIST();
    for (size_t i = 0; i < vdc_list_count(list_); ++i) {
        const vdc_control_info *control = At(i);
        SCOPED_TRACE(control->name);
        if (control->type == VDC_CONTROL_BUTTON)
            continue;
        if (control->flags & VDC_CONTROL_READ_ONLY) {
            EXPECT_STATUS(VDC_E_PERMISSION,
                          vdc_device_set_control(device, control->id, control->default_value));
            continue;
        }
        int64_t before = Get(control);
        std::vector<int64_t> values;
        if (control->minimum > INT64_MIN)
            values.insert(values.end(), {control->minimum - 1, INT64_MIN});
        if (control->maximum < INT64_MAX)
            values.insert(values.end(), {control->maximum + 1, INT64_MAX});
        for (int64_t value : values)
            EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_control(device, control->id, value)) << value;
        if (control->step > 1)
            EXPECT_STATUS(VDC_E_RANGE,
                          vdc_device_set_control(device, control->id, control->minimum + 1));
        if (!(control->flags & VDC_CONTROL_VOLATILE))
            EXPECT_EQ(Get(control), before) << "a refusal changes nothing";
    }
    int64_t value = 0;
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_get_control(&value, device, 0x7ffffff0));
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_set_control(device, 0x7ffffff0, 0));
}

TEST_F(Controls, ButtonsAct)
{
    OPEN_LIST();
    int buttons = 0;
    for (size_t i = 0; i < vdc_list_count(list_); ++i) {
        if (At(i)->type != VDC_CONTROL_BUTTON)
            continue;
        ++buttons;
        for (int64_t value : {0, 1, -5})
            EXPECT_VDC_OK(vdc_device_set_control(device, At(i)->id, value)) << At(i)->name;
        EXPECT_EQ(Get(At(i)), 0);
    }
    if (!buttons)
        NOT_APPLICABLE("the device has no button");
}

TEST_F(Controls, SetWhileStreaming)
{
    OPEN_LIST();
    MUST(OpenStream(SmallConfig()));
    MUST(Start());
    for (int round = 0; round < Times(5, 50); ++round)
        for (size_t i = 0; i < vdc_list_count(list_); ++i) {
            if (!Settable(At(i)))
                continue;
            int64_t value = round % 2 ? At(i)->default_value : At(i)->minimum;
            EXPECT_VDC_OK(vdc_device_set_control(device, At(i)->id, value)) << At(i)->name;
            MUST(TakeAndGive(1));
        }
    for (size_t i = 0; i < vdc_list_count(list_); ++i)
        if (Settable(At(i)))
            EXPECT_VDC_OK(vdc_device_set_control(device, At(i)->id, At(i)->default_value));
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Controls, OwnChangesAreNoEvents)
{
    OPEN_LIST();
    for (size_t i = 0; i < vdc_list_count(list_); ++i)
        if (Settable(At(i)) && !(At(i)->flags & VDC_CONTROL_VOLATILE))
            EXPECT_VDC_OK(vdc_device_set_control(device, At(i)->id, At(i)->minimum));
    vdc_event event;
    while (WaitForEvent(VDC_EVENT_CONTROL_CHANGED, &event, 50))
        for (size_t i = 0; i < vdc_list_count(list_); ++i)
            if (At(i)->id == event.control && !(At(i)->flags & VDC_CONTROL_VOLATILE))
                ADD_FAILURE() << At(i)->name << ": an event for a change of one's own";
}

TEST_F(Controls, DeviceChangesAreEvents)
{
    OPEN_LIST();
    const vdc_control_info *control = nullptr;
    std::string
        number; /* fault scripts count controls as the card's table does, which is the list's */
    for (size_t i = 0; i < vdc_list_count(list_); ++i)
        if (At(i)->id == VDC_CONTROL_CONTRAST) {
            control = At(i);
            number = std::to_string(i);
        }
    if (!control)
        NOT_APPLICABLE("the device has no contrast");
    int64_t first = control->minimum + control->step, second = first + control->step;
    uint32_t id = control->id;
    Close();

    ARM("control-change@frame=5,control=" + number + ",value=" + std::to_string(first) +
        ";control-change@frame=12,control=" + number + ",value=" + std::to_string(second));
    MUST(OpenSmall());
    vdc_handle events = 0;
    ASSERT_VDC_OK(vdc_context_get_handle(&events, context));
    MUST(Start());
    vdc_event event = VDC_EVENT_INIT;
    for (int64_t wanted : {first, second}) {
        Stopwatch watch;
        while (!Ready(events, 0) && watch.Ms() < kPatienceMs)
            MUST(TakeAndGive(1));
        ASSERT_TRUE(WaitForEvent(VDC_EVENT_CONTROL_CHANGED, &event, 3000)) << "wanted " << wanted;
        EXPECT_STREQ(event.device_id, Info().id);
        EXPECT_EQ(event.control, id);
        /* In real time both may have happened before a busy machine looked: then one event tells the last. */
        if (!TheRig().OnDemand() && event.value == second)
            break;
        EXPECT_EQ(event.value, wanted);
    }
    int64_t value = 0;
    EXPECT_VDC_OK(vdc_device_get_control(&value, device, id));
    EXPECT_EQ(value, second);
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Controls, AutomaticOnesTell)
{
    OPEN_LIST();
    bool has = false;
    for (size_t i = 0; i < vdc_list_count(list_); ++i)
        has = has || At(i)->id == VDC_CONTROL_EXPOSURE_AUTO;
    if (!has)
        NOT_APPLICABLE("the device has no automatic exposure");
    ASSERT_VDC_OK(vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, 1));
    MUST(OpenStream(SmallConfig()));
    MUST(Start());
    vdc_event event;
    bool came = false;
    for (int i = 0; i < 100 && !came; ++i) {
        MUST(TakeAndGive(1));
        came = WaitForEvent(VDC_EVENT_CONTROL_CHANGED, &event, 0);
    }
    ASSERT_TRUE(came);
    EXPECT_EQ(event.control, static_cast<uint32_t>(VDC_CONTROL_EXPOSURE));
    MUST(Stop());
    ASSERT_VDC_OK(vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, 0));
}
