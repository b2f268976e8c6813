/* SPDX-License-Identifier: MIT */
/* The fixture of card.h. */
#include "card.h"

void Card::TearDown()
{
    if (h) {
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
        EXPECT_EQ(h->intruded, 0u) << "the card touched memory after stop";
    }
    host_destroy(h);
}

void Card::script(const std::string &text)
{
    size_t at = 0;
    const char *what = "";
    ASSERT_EQ(vdm_fault_script(h->card, text.data(), text.size(), &at, &what), 0)
        << text << " at " << at << ": " << what;
}

void Card::power(host_body body, const std::string &faults, bool flash)
{
    if (h) {
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
    host_destroy(h);
    h = host_create(body);
    h->config.target = vdh_get_u32(vdh_default_image + VDH_O_IMAGE_TARGET);
    h->config.version_min = 0x01000000;
    h->config.version_max = 0x01ffffff;
    h->config.flash = flash ? h->flash : nullptr;
    ASSERT_EQ(host_power_on(h), 0);
    ASSERT_EQ(host_attach(h), VDH_OK);
    script(faults);
}

int Card::boot(uint32_t flags)
{
    return host_boot(h, vdh_default_image, vdh_default_image_bytes, flags, &last_boot);
}

void Card::ready(host_body body, const std::string &faults)
{
    power(body);
    ASSERT_EQ(boot(), VDH_OK);
    script(faults);
}

uint64_t Card::injected(const std::string &kind)
{
    for (uint32_t i = 0; vdm_fault_name(i); i++) {
        if (kind == vdm_fault_name(i)) {
            return vdm_get_ledger(h->card)->injected[i];
        }
    }
    ADD_FAILURE() << "no fault " << kind;
    return 0;
}

uint64_t Card::injected_in_all()
{
    uint64_t sum = 0;
    for (uint64_t count : vdm_get_ledger(h->card)->injected) {
        sum += count;
    }
    return sum;
}

vdh_format Card::format(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t den)
{
    vdh_format asked = {
        fourcc, 0, width, height, 0, 0, 0, {1, den}
    };
    uint32_t changed = 99;
    guard_enter(&h->guard, GUARD_PURE, 0, 0);
    EXPECT_EQ(vdh_format_adjust(&h->device, &asked, &changed), VDH_OK);
    guard_leave(&h->guard);
    EXPECT_EQ(changed, 0u);
    return asked;
}

void Card::take(const vdh_format &asked, unsigned frames, uint64_t timeout_us)
{
    uint32_t bytes = vdh_format_frame_bytes(asked.fourcc, asked.stride_bytes, asked.height);
    std::vector<uint8_t> picture(bytes);
    const uint64_t end = host_now_us(h) + timeout_us;
    unsigned wanted = good + frames;

    while (good < wanted && host_now_us(h) < end) {
        uint64_t left = end - host_now_us(h);
        int result = h->body == HOST_USB ? host_usb_frame(h, picture.data(), bytes, &last, left)
                                         : host_complete(h, &last, left);
        if (result == VDH_E_IO) { /* torn: ask again a little later; USB: lost on the bus */
            torn += h->body != HOST_USB;
            lost_on_bus += h->body == HOST_USB;
            host_advance(h, 20);
            continue;
        }
        if (result != VDH_OK) {
            return;
        }
        dropped[0] += last.dropped_fifo;
        dropped[1] += last.dropped_no_buffer;
        dropped[2] += last.dropped_no_signal;
        dropped[3] += last.dropped_dma;
        next_sequence = last.sequence + 1;
        if (last.flags &
            (VDH_B_COMPLETION_FLAGS_DMA_ERROR | VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR)) {
            failed++;
        } else {
            if (h->body != HOST_USB) {
                host_buffer_read(h->buffers[last.tag], 0, picture.data(), bytes);
            }
            EXPECT_EQ(last.bytes, bytes);
            EXPECT_EQ(host_compare(h, &asked, picture.data(), last.sequence), -1)
                << "frame " << last.sequence;
            good++;
        }
        if (h->body != HOST_USB) {
            EXPECT_EQ(host_queue(h, last.tag), VDH_OK);
        }
    }
}

void Card::stop_and_reconcile(int expected)
{
    int result;
    vdh_completion late;
    ASSERT_EQ(host_stop(h), expected);
    if (expected != VDH_OK) {
        return;
    }
    if (h->body != HOST_USB) { /* completions that were on their way */
        HOST_ANY_LEVEL(result, h, 0, vdh_capture_complete(&h->capture, &late));
        while (result == VDH_OK) {
            dropped[0] += late.dropped_fifo;
            dropped[1] += late.dropped_no_buffer;
            dropped[2] += late.dropped_no_signal;
            dropped[3] += late.dropped_dma;
            if (late.flags & 3) {
                failed++;
            } else {
                good++;
            }
            next_sequence = late.sequence + 1;
            HOST_ANY_LEVEL(result, h, 0, vdh_capture_complete(&h->capture, &late));
        }
    }
    HOST_ANY_LEVEL(result, h, 6, vdh_capture_read_counts(&h->capture, &counts));
    ASSERT_EQ(result, VDH_OK);
    const auto &ledger = vdm_get_ledger(h->card)->capture;
    EXPECT_EQ(counts.produced, ledger.produced);
    /* What is lost on the bus was good for the card. */
    EXPECT_EQ(counts.good, ledger.by_cause[VDM_CAUSE_GOOD] + ledger.by_cause[VDM_CAUSE_USB]);
    EXPECT_EQ(counts.dropped_fifo, ledger.by_cause[VDM_CAUSE_FIFO]);
    EXPECT_EQ(counts.dropped_no_buffer, ledger.by_cause[VDM_CAUSE_NO_BUFFER]);
    EXPECT_EQ(counts.dropped_no_signal, ledger.by_cause[VDM_CAUSE_NO_SIGNAL]);
    EXPECT_EQ(counts.dropped_dma, ledger.by_cause[VDM_CAUSE_DMA]);
    EXPECT_EQ(counts.produced, counts.good + counts.dropped_fifo + counts.dropped_no_buffer +
                                   counts.dropped_no_signal + counts.dropped_dma);
    if (h->body != HOST_USB) {
        EXPECT_EQ(good, counts.good);
        EXPECT_GE(counts.produced, next_sequence);
        EXPECT_LE(dropped[0], counts.dropped_fifo);
        EXPECT_LE(dropped[1], counts.dropped_no_buffer);
        EXPECT_LE(dropped[2], counts.dropped_no_signal);
        EXPECT_LE(failed + dropped[3], counts.dropped_dma);
        /* What came after the last completion is told by the counters alone. */
        EXPECT_EQ(uint64_t(good) + failed + dropped[0] + dropped[1] + dropped[2] + dropped[3],
                  next_sequence);
    }
}
