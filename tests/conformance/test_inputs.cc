/* SPDX-License-Identifier: MIT */
/*
 * Inputs, timings, the signal and its changes, before and while a stream runs. A signal that goes must
 * be told by an event and explain every frame that is missing.
 */
#include "suite.h"

class Inputs : public Case {
  protected:
    vdc_signal Signal()
    {
        vdc_signal signal = VDC_SIGNAL_INIT;
        EXPECT_VDC_OK(vdc_device_get_signal(&signal, device));
        return signal;
    }
};

TEST_F(Inputs, ListAndSelect)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_INPUTS, "inputs");
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_inputs(&list, device));
    ASSERT_GT(vdc_list_count(list), 0u);
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_input_info *input = vdc_list_input_at(list, i);
        ASSERT_NE(input, nullptr);
        EXPECT_STRNE(input->name, "");
        EXPECT_LE(input->kind, static_cast<uint32_t>(VDC_INPUT_CAMERA));
        ASSERT_VDC_OK(vdc_device_select_input(device, input->id));
        EXPECT_EQ(Signal().input, input->id);
        vdc_list *formats = nullptr;
        ASSERT_VDC_OK(vdc_device_list_formats(&formats, device));
        EXPECT_GT(vdc_list_count(formats), 0u) << input->name;
        vdc_list_destroy(formats);
    }
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_select_input(device, 0x7fffffff));
    EXPECT_VDC_OK(vdc_device_select_input(device, vdc_list_input_at(list, 0)->id));
    vdc_list_destroy(list);
}

TEST_F(Inputs, TimingsListAndSet)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_TIMINGS, "timings");
    uint32_t before = Signal().selected_timing;
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_timings(&list, device));
    ASSERT_GT(vdc_list_count(list), 0u);
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_timing_info *timing = vdc_list_timing_at(list, i);
        ASSERT_NE(timing, nullptr);
        EXPECT_STRNE(timing->name, "");
        EXPECT_GT(timing->width_px, 0u);
        EXPECT_GT(timing->interval_s.num, 0u);
        ASSERT_VDC_OK(vdc_device_set_timing(device, timing->id));
        EXPECT_EQ(Signal().selected_timing, timing->id);
    }
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_timing(device, 0x7fffffff));
    EXPECT_VDC_OK(vdc_device_set_timing(device, before));
    vdc_list_destroy(list);
}

TEST_F(Inputs, BusyWhileAStreamIsOpen)
{
    MUST(OpenSmall());
    NEEDS_CAP(VDC_CAP_INPUTS, "inputs");
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_select_input(device, Signal().input));
    if (Info().caps & VDC_CAP_TIMINGS)
        EXPECT_STATUS(VDC_E_BUSY, vdc_device_set_timing(device, Signal().selected_timing));
}

TEST_F(Inputs, WithoutInputsUnsupported)
{
    MUST(Open());
    if (Info().caps & VDC_CAP_INPUTS)
        NOT_APPLICABLE("the device has inputs");
    vdc_signal signal = VDC_SIGNAL_INIT;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_get_signal(&signal, device));
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_select_input(device, 0));
}

TEST_F(Inputs, SignalLossIsExplained)
{
    ARM("signal-loss@frame=5,ms=100");
    MUST(OpenSmall());
    ASSERT_EQ(Signal().state, static_cast<uint32_t>(VDC_SIGNAL_LOCKED));
    uint32_t changes = Signal().changes;
    MUST(Start());
    Stopwatch watch;
    while (!account.dropped[VDC_DROP_NO_SIGNAL] && watch.Ms() < kPatienceMs)
        MUST(TakeAndGive(1));
    EXPECT_GT(account.dropped[VDC_DROP_NO_SIGNAL], 0u);
    MUST(TakeAndGive(5));
    vdc_event event;
    ASSERT_TRUE(WaitForEvent(VDC_EVENT_SIGNAL_CHANGED, &event));
    EXPECT_STREQ(event.device_id, Info().id);
    EXPECT_EQ(Signal().state, static_cast<uint32_t>(VDC_SIGNAL_LOCKED)) << "it came back";
    EXPECT_NE(Signal().changes, changes);
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Inputs, SourceChangeMidStream)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_TIMINGS, "timings");
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_timings(&list, device));
    uint32_t selected = Signal().selected_timing, other = VDC_TIMING_NONE;
    for (size_t i = 0; i < vdc_list_count(list); ++i)
        if (vdc_list_timing_at(list, i)->id != selected)
            other = vdc_list_timing_at(list, i)->id;
    vdc_list_destroy(list);
    if (other == VDC_TIMING_NONE)
        NOT_APPLICABLE("the input has one timing only");
    Close();

    ARM("source-change@frame=5,timing=" + std::to_string(other));
    MUST(OpenSmall());
    MUST(Start());
    vdc_event event;
    const vdc_frame *frame = nullptr;
    Stopwatch watch;
    while (Signal().state != VDC_SIGNAL_MISMATCH && watch.Ms() < kPatienceMs)
        if (vdc_stream_wait(&frame, stream, 10) == VDC_OK) {
            account.Frame(frame);
            MUST(Give(frame));
        }
    EXPECT_EQ(Signal().state, static_cast<uint32_t>(VDC_SIGNAL_MISMATCH));
    EXPECT_EQ(Signal().detected_timing, other);
    if (TheRig().OnDemand()) /* in real time some may have found no buffer */
        EXPECT_EQ(account.delivered, 5u);
    EXPECT_LE(account.delivered, 5u);
    ASSERT_TRUE(WaitForEvent(VDC_EVENT_SIGNAL_CHANGED, &event));
    MUST(Stop());
    vdc_stream_close(stream);
    stream = nullptr;

    /* What the header advises: set the timing that arrives, and capture it. */
    ASSERT_VDC_OK(vdc_device_set_timing(device, Signal().detected_timing));
    EXPECT_EQ(Signal().state, static_cast<uint32_t>(VDC_SIGNAL_LOCKED));
    MUST(OpenStream(SmallConfig()));
    MUST(Start());
    MUST(TakeAndGive(5));
    MUST(Stop());
    MUST(CompareWithLedger());
}
