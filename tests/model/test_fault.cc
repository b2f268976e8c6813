// SPDX-License-Identifier: MIT
//
// Every fault of the data sheet: it is injected, it shows its symptom and no other, and the
// accounts still add up. Then scripts that are none.
#include "test_card.h"

namespace {

class Fault : public TestCard {
  protected:
    // Captures `frames` small frames with buffers for all of them.
    void capture(uint32_t frames)
    {
        select(maker::SMALL, fourcc("YUYV"));
        rings(32);
        make_buffers(frames);
        enable();
        pass(frames * period_ns());
    }
    uint32_t error_bits() { return read(R_ERROR_STATUS); }
};

TEST_F(Fault, Unplug)
{
    for (const char *trigger :
         {"frame=2", "time=60000", "read=40", "write=40", "boot=1", "stage=100"}) {
        create();
        attachments.clear();
        script(std::string("unplug@") + trigger);
        stage(maker::image(maker::full().bytes()));
        boot_staged();
        settle_boot();
        if (!vdm_is_gone(card)) {
            rings();
            make_buffers(4);
            enable();
            pass(100 * MS);
        }
        EXPECT_TRUE(vdm_is_gone(card)) << trigger;
        EXPECT_EQ(read(R_ARCH_ID), 0xffffffffu);
        EXPECT_EQ(injected("unplug"), 1u) << trigger;
        EXPECT_EQ(attachments, std::vector<int>({0})) << trigger;
    }
    create();
    script("unplug@flash=40");
    stage(maker::image(maker::tiny().bytes()));
    write(R_FLASH_COMMAND, V_FLASH_COMMAND_CODE_STORE);
    pass(100 * MS);
    EXPECT_TRUE(vdm_is_gone(card));
}

TEST_F(Fault, SignalLoss)
{
    boot();
    script("signal-loss@frame=3,ms=25");
    capture(10);
    EXPECT_EQ(injected("signal-loss"), 1u);
    // Frames 3 to 5 without a signal, then 20 ms to lock: 6 and 7 too.
    EXPECT_EQ(read(R_DROPPED_NO_SIGNAL), 5u);
    EXPECT_EQ(completion(3).sequence, 8u);
    EXPECT_EQ(completion(3).no_signal, 5u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_CHANGES), 3u);
    EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_SOURCE.mask(), 0u);
    check_sums();
}

TEST_F(Fault, SignalLossAtATime)
{
    boot();
    script("signal-loss@time=100000");
    vdm_advance(card, 100 * MS);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL), V_INPUT_STATUS_SIGNAL_NONE);
    pass(100 * MS);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL), V_INPUT_STATUS_SIGNAL_UNSTABLE);
    pass(20 * MS);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL), V_INPUT_STATUS_SIGNAL_LOCKED);
}

TEST_F(Fault, SourceChange)
{
    boot();
    script("source-change@frame=1,timing=2");
    capture(5);
    EXPECT_EQ(injected("source-change"), 1u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_DETECTED), 2u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_MISMATCH), 1u);
    EXPECT_EQ(read(R_FRAMES_GOOD), 1u);
    EXPECT_EQ(read(R_DROPPED_NO_SIGNAL), 4u);
    check_sums();
}

TEST_F(Fault, FifoOverflow)
{
    boot();
    script("fifo-overflow@frame=1,count=2");
    capture(5);
    EXPECT_EQ(injected("fifo-overflow"), 2u);
    EXPECT_EQ(read(R_DROPPED_FIFO), 2u);
    EXPECT_EQ(error_bits(), F_ERROR_STATUS_FIFO.mask());
    EXPECT_EQ(completion(1).sequence, 3u);
    EXPECT_EQ(completion(1).fifo, 2u);
    EXPECT_EQ(completion(1).tag, 0x1001u);
    check_sums();
}

TEST_F(Fault, DmaError)
{
    boot();
    script("dma-error@frame=2");
    capture(5);
    EXPECT_EQ(injected("dma-error"), 1u);
    EXPECT_EQ(completion(2).flags, X_COMPLETION_FLAGS_DMA_ERROR);
    EXPECT_EQ(completion(2).bytes, 4096u);
    EXPECT_EQ(read(R_ERROR_ADDRESS_LO), static_cast<uint32_t>(BUFFERS + 2 * 0x10000000ull + 4096));
    EXPECT_EQ(read(R_DROPPED_DMA), 1u);
    EXPECT_EQ(completion(3).lost_before(), 0u);
    EXPECT_EQ(error_bits(), F_ERROR_STATUS_DMA.mask());
    check_sums();
}

TEST_F(Fault, DmaNowhere)
{
    boot();
    script("dma-nowhere@frame=2");
    uint64_t before = refused;
    capture(5);
    EXPECT_EQ(injected("dma-nowhere"), 1u);
    EXPECT_GT(refused, before);
    EXPECT_EQ(completion(2).flags, X_COMPLETION_FLAGS_DMA_ERROR);
    EXPECT_EQ(completion(2).bytes, 0u);
    EXPECT_EQ(read(R_ERROR_ADDRESS_HI), 0xdeadbeefu);
    EXPECT_EQ(buffers[2][0], 0xee);
    check_sums();
}

TEST_F(Fault, RingError)
{
    boot();
    script("ring-error@frame=2");
    capture(5);
    EXPECT_EQ(injected("ring-error"), 1u);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
    EXPECT_EQ(error_bits(), F_ERROR_STATUS_RING.mask());
    EXPECT_EQ(read(R_FRAMES_GOOD), 2u);
    EXPECT_EQ(read(R_DROPPED_DMA), 3u);
    check_sums();
}

TEST_F(Fault, InterruptLost)
{
    boot();
    write(R_INT_STATUS, 0xffffffff);
    write(R_INT_MASK, F_INT_STATUS_FRAME.mask());
    script("irq-lost@frame=0");
    capture(1);
    EXPECT_EQ(injected("irq-lost"), 1u);
    EXPECT_EQ(interrupts, 0u);
    EXPECT_EQ(read(R_INT_STATUS), F_INT_STATUS_FRAME.mask());
    EXPECT_TRUE(completion(0).is_valid(0));
}

TEST_F(Fault, InterruptLostNeedsAnInterrupt)
{
    boot();
    script("irq-lost@frame=0;irq-late@frame=1");
    capture(2); // all masked
    EXPECT_EQ(injected("irq-lost"), 0u);
    EXPECT_EQ(injected("irq-late"), 0u);
}

TEST_F(Fault, InterruptLate)
{
    boot();
    write(R_INT_STATUS, 0xffffffff);
    write(R_INT_MASK, F_INT_STATUS_FRAME.mask());
    script("irq-late@frame=0,us=500");
    select(maker::SMALL, fourcc("YUYV"));
    rings();
    make_buffers(1);
    enable();
    pass(9375 * US + 499 * US);
    EXPECT_EQ(interrupts, 0u);
    EXPECT_EQ(read(R_INT_STATUS), F_INT_STATUS_FRAME.mask());
    pass(2 * US);
    EXPECT_EQ(interrupts, 1u);
    EXPECT_EQ(injected("irq-late"), 1u);
}

TEST_F(Fault, InterruptStorm)
{
    boot();
    write(R_INT_STATUS, 0xffffffff);
    uint32_t idle = 0;
    on_interrupt = [&] { idle += read(R_INT_STATUS) == 0; };
    script("irq-storm@frame=1,n=50");
    capture(2);
    on_interrupt = nullptr;
    EXPECT_EQ(injected("irq-storm"), 1u);
    EXPECT_EQ(interrupts, 50u);
    EXPECT_EQ(ledger().interrupts, 50u);
}

TEST_F(Fault, TornCompletion)
{
    boot();
    script("torn-completion@frame=0");
    select(maker::SMALL, fourcc("YUYV"));
    rings();
    make_buffers(1);
    enable();
    pass(9375 * US + 50 * US);
    EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_FRAME.mask(), 0u);
    EXPECT_NE(completion(0).valid, 0u);
    EXPECT_EQ(completion(0).valid & 1u, 1u);
    EXPECT_FALSE(completion(0).is_valid(0));
    pass(60 * US);
    EXPECT_TRUE(completion(0).is_valid(0));
    EXPECT_EQ(injected("torn-completion"), 1u);
}

TEST_F(Fault, RegisterStuck)
{
    boot();
    uint64_t next = ledger().register_reads + 1;
    script("reg-stuck@read=" + std::to_string(next + 2) + ",reg=SCRATCH,value=0x77,count=2");
    EXPECT_EQ(read(R_SCRATCH), 0u);
    EXPECT_EQ(read(R_ARCH_ID), 0x31434456u);
    EXPECT_EQ(read(R_ARCH_ID), 0x31434456u); // from here on
    EXPECT_EQ(read(R_SCRATCH), 0x77u);
    EXPECT_EQ(read(R_SCRATCH), 0x77u);
    EXPECT_EQ(read(R_SCRATCH), 0u);
    EXPECT_EQ(injected("reg-stuck"), 2u);
    script("reg-stuck@time=1,reg=CONTROL[3],value=5");
    pass(MS);
    for (int n = 0; n < 50; n++) {
        ASSERT_EQ(read(R_CONTROL + 12), 5u); // for ever
    }
    EXPECT_EQ(read(R_CONTROL + 8), 64u);
}

TEST_F(Fault, BootNeverReadyAndHang)
{
    script("boot-never-ready@boot=1");
    stage(maker::image(maker::full().bytes()));
    boot_staged();
    pass(3600 * SECOND);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_BOOTING);
    EXPECT_EQ(injected("boot-never-ready"), 1u);
    write(R_RESET, V_RESET_KIND_CARD | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    boot(); // the second attempt

    script("boot-hang@boot=3");
    boot_staged();
    settle_boot();
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_WATCHDOG);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_REFUSED);
    EXPECT_FALSE(runs());
    EXPECT_EQ(injected("boot-hang"), 1u);
}

TEST_F(Fault, StageCorruptAndLost)
{
    Bytes image = maker::image(maker::full().bytes());
    auto refusal = [&](const std::string &text) {
        script(text);
        stage(image);
        boot_staged();
        settle_boot();
        return boot_error();
    };
    EXPECT_EQ(refusal("stage-corrupt@stage=500"), V_BOOT_STATUS_ERROR_BODY_CRC);
    EXPECT_EQ(injected("stage-corrupt"), 1u);
    EXPECT_EQ(refusal("stage-corrupt@stage=0x10"), V_BOOT_STATUS_ERROR_HEADER_CRC);
    EXPECT_EQ(refusal("stage-lost@stage=77"), V_BOOT_STATUS_ERROR_INCOMPLETE);
    EXPECT_EQ(read(R_FW_RECEIVED), image.size() - 1);
    EXPECT_EQ(injected("stage-lost"), 1u);
    EXPECT_EQ(refusal("stage-corrupt@stage=9999999"), 0u);
    EXPECT_EQ(injected("stage-corrupt"), 2u); // that one met nothing
}

TEST_F(Fault, PowerCut)
{
    for (const char *trigger : {"frame=2", "time=60000", "boot=1", "stage=100"}) {
        create();
        script(std::string("power-cut@") + trigger);
        write(R_SCRATCH, 1);
        stage(maker::image(maker::full().bytes()));
        boot_staged();
        settle_boot();
        if (runs()) {
            rings();
            make_buffers(4);
            enable();
            pass(100 * MS);
        }
        EXPECT_EQ(injected("power-cut"), 1u) << trigger;
        EXPECT_EQ(read(R_SCRATCH), 0u) << trigger;
        EXPECT_FALSE(runs()) << trigger;
        boot(); // and all is well
    }
}

TEST_F(Fault, StopSlowAndNever)
{
    boot();
    script("stop-slow@frame=1,ms=5;stop-never@frame=4");
    capture(3);
    write(R_CAPTURE_CONTROL, 0);
    pass(4999 * US);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_STOPPING);
    pass(2 * US);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    EXPECT_EQ(injected("stop-slow"), 1u);
    capture(6);
    write(R_CAPTURE_CONTROL, 0);
    pass(100 * SECOND);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_STOPPING);
    EXPECT_EQ(injected("stop-never"), 1u);
    write(R_RESET, V_RESET_KIND_ENGINE | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    capture(2);
    write(R_CAPTURE_CONTROL, 0);
    pass(100 * US);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
}

TEST_F(Fault, ControlChange)
{
    boot();
    script("control-change@frame=1,control=3,value=-20;control-change@frame=2,control=0,value=999");
    capture(4);
    EXPECT_EQ(injected("control-change"), 1u); // 999 does not fit
    EXPECT_EQ(read(R_CONTROL + 12), static_cast<uint32_t>(-20));
    EXPECT_EQ(read(R_CONTROL_CHANGED), 8u);
    EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_CONTROL.mask(), 0u);
    write(R_CONTROL_CHANGED, 8);
    EXPECT_EQ(read(R_CONTROL_CHANGED), 0u);
}

TEST_F(Fault, TimeJump)
{
    boot();
    script("time-jump@frame=2,ticks=-1000000");
    capture(4);
    EXPECT_EQ(injected("time-jump"), 1u);
    EXPECT_EQ(completion(2).ticks, completion(1).ticks + 270000 - 1000000);
    EXPECT_EQ(completion(3).ticks, completion(2).ticks + 270000);
    EXPECT_EQ(read(R_FRAMES_PRODUCED), 4u); // the frame clock did not notice
}

TEST_F(Fault, ForEverAndInEachCapture)
{
    boot();
    script("dma-error@frame=1,count=0");
    capture(4);
    EXPECT_EQ(injected("dma-error"), 3u);
    disable();
    capture(2);
    EXPECT_EQ(injected("dma-error"), 5u);
    check_sums();
}

TEST_F(Fault, NothingInjectsNothing)
{
    boot();
    capture(5);
    for (uint64_t n : ledger().injected) {
        EXPECT_EQ(n, 0u);
    }
}

TEST_F(Fault, Names)
{
    uint32_t count = 0;
    while (vdm_fault_name(count) != nullptr) {
        count++;
    }
    EXPECT_EQ(count, 25u);
    EXPECT_LE(count, VDM_FAULT_KINDS);
    EXPECT_STREQ(vdm_fault_name(0), "unplug");
}

TEST_F(Fault, ScriptsThatAreNone)
{
    struct {
        const char *text;
        size_t at;
    } bad[] = {
        {"unplugged@frame=1",                        0 },
        {"unplug",                                   6 },
        {"unplug@frame",                             12},
        {"unplug@packet",                            13},
        {"unplug@second=1",                          7 },
        {"fifo-overflow@time=1",                     14},
        {"unplug@frame=",                            13},
        {"unplug@frame=x",                           13},
        {"unplug@frame=1x",                          13},
        {"unplug@frame=-1",                          13},
        {"unplug@frame=99999999999999999999",        13},
        {"unplug@frame=1,ms=3",                      15},
        {"unplug@frame=1,",                          15},
        {"unplug@frame=1,count",                     20},
        {"unplug@frame=1 @",                         15},
        {"source-change@frame=1",                    20},
        {"reg-stuck@read=1,reg=NONSENSE,value=1",    21},
        {"reg-stuck@read=1,reg=CONTROL[32],value=1", 21},
        {"reg-stuck@read=1,reg=CONTROL[3,value=1",   21},
        {"irq-storm@frame=1,n=1000001",              20},
        {"time-jump@frame=1,ticks=-0x",              24},
        {"frame=1",                                  0 },
        {"irq-lost@frame=1;;;irq-lost",              27},
    };
    for (const auto &b : bad) {
        size_t at = 999;
        const char *what = nullptr;
        EXPECT_EQ(vdm_fault_script(card, b.text, std::strlen(b.text), &at, &what), -1) << b.text;
        EXPECT_EQ(at, b.at) << b.text;
        EXPECT_NE(what, nullptr);
    }
    script("");
    script(" ; ;");
    script("irq-lost@frame=1;irq-late@frame=0x2,us=3,count=0 ; unplug@read=1000");
    std::string many;
    for (int n = 0; n < 33; n++) {
        many += "irq-lost@frame=1;";
    }
    size_t at;
    const char *what;
    EXPECT_EQ(vdm_fault_script(card, many.data(), many.size(), &at, &what), -1);
}

} // namespace
