// SPDX-License-Identifier: MIT
// Every public function against every wrong handle, pointer and size: the documented code, a text
// that names the function, and nothing written.
#include "fixture.h"

#include <cstring>
#include <functional>

#include "vidicon/service.h"

namespace {

struct Case {
    const char *name;
    std::function<int()> call;
};

class Errors : public SdkTest {
  protected:
    void expect_all(int status, const std::vector<Case> &cases)
    {
        for (const Case &item : cases) {
            int got = item.call();
            EXPECT_STREQ(vdc_status_name(status), vdc_status_name(got)) << item.name;
            std::string text = vdc_error_text();
            EXPECT_NE(std::string::npos, text.find(item.name)) << item.name << " says: " << text;
            /* What is wrong; what to do. */
            size_t advice = text.rfind("; ");
            EXPECT_TRUE(advice != std::string::npos && text.size() - advice > 10)
                << item.name << " says: " << text;
        }
    }

    /* All that takes a device, a stream or a context and may fail. */
    std::vector<Case> device_calls(vdc_device *device)
    {
        return {
            {"vdc_device_list_formats",  [=] { return vdc_device_list_formats(&list_, device); }         },
            {"vdc_device_list_controls", [=] { return vdc_device_list_controls(&list_, device); }        },
            {"vdc_device_list_inputs",   [=] { return vdc_device_list_inputs(&list_, device); }          },
            {"vdc_device_list_timings",  [=] { return vdc_device_list_timings(&list_, device); }         },
            {"vdc_device_get_signal",    [=] { return vdc_device_get_signal(&signal_, device); }         },
            {"vdc_device_select_input",  [=] { return vdc_device_select_input(device, 7); }              },
            {"vdc_device_set_timing",    [=] { return vdc_device_set_timing(device, 3); }                },
            {"vdc_device_get_control",   [=] { return vdc_device_get_control(&value_, device, 1); }      },
            {"vdc_device_set_control",   [=] { return vdc_device_set_control(device, 1, 0); }            },
            {"vdc_device_negotiate",
             [=] { return vdc_device_negotiate(&result_, device, nullptr); }                             },
            {"vdc_stream_open",          [=] { return vdc_stream_open(&other_stream_, device, nullptr); }},
        };
    }

    std::vector<Case> service_calls(vdc_device *device)
    {
        return {
            {"vdc_device_get_firmware",
             [=] { return vdc_device_get_firmware(&firmware_, device); }                        },
            {"vdc_device_load_firmware",
             [=] { return vdc_device_load_firmware(device, "x", 1, nullptr, nullptr); }         },
            {"vdc_device_update_firmware",
             [=] { return vdc_device_update_firmware(device, "x", 1, nullptr, nullptr); }       },
            {"vdc_device_commit_firmware",    [=] { return vdc_device_commit_firmware(device); }},
            {"vdc_device_roll_back_firmware",
             [=] { return vdc_device_roll_back_firmware(device); }                              },
            {"vdc_device_list_registers",
             [=] { return vdc_device_list_registers(&list_, device); }                          },
            {"vdc_device_read_register",
             [=] { return vdc_device_read_register(&register_, device, "SCRATCH", 0); }         },
            {"vdc_device_write_register",
             [=] { return vdc_device_write_register(device, "SCRATCH", 0, 0); }                 },
            {"vdc_device_list_extensions",
             [=] { return vdc_device_list_extensions(&list_, device); }                         },
            {"vdc_device_get_extension",
             [=] { return vdc_device_get_extension(&extension_, device, 9, 1); }                },
            {"vdc_device_read_extension",
             [=] { return vdc_device_read_extension(&register_, 4, device, 9, 1, 0); }          },
            {"vdc_device_write_extension",
             [=] { return vdc_device_write_extension(device, 9, 1, "abcd", 4); }                },
        };
    }

    std::vector<Case> stream_calls(vdc_stream *stream)
    {
        return {
            {"vdc_stream_get_info",      [=] { return vdc_stream_get_info(&info_, stream); }      },
            {"vdc_stream_add_buffer",    [=] { return vdc_stream_add_buffer(stream, &buffer_); }  },
            {"vdc_stream_start",         [=] { return vdc_stream_start(stream); }                 },
            {"vdc_stream_stop",          [=] { return vdc_stream_stop(stream); }                  },
            {"vdc_stream_wait",          [=] { return vdc_stream_wait(&frame_, stream, 0); }      },
            {"vdc_stream_release",       [=] { return vdc_stream_release(stream, &own_frame_); }  },
            {"vdc_stream_get_handle",    [=] { return vdc_stream_get_handle(&handle_, stream); }  },
            {"vdc_stream_wait_progress",
             [=] { return vdc_stream_wait_progress(&progress_, stream, 0); }                      },
            {"vdc_stream_export_buffer", [=] { return vdc_stream_export_buffer(&fd_, stream, 0); }},
            {"vdc_stream_get_stats",     [=] { return vdc_stream_get_stats(&stats_, stream); }    },
        };
    }

    std::vector<Case> context_calls(vdc_context *context)
    {
        return {
            {"vdc_context_list_devices", [=] { return vdc_context_list_devices(&list_, context); }     },
            {"vdc_context_wait_event",   [=] { return vdc_context_wait_event(&event_, context, 0); }   },
            {"vdc_context_get_handle",   [=] { return vdc_context_get_handle(&handle_, context); }     },
            {"vdc_device_open",          [=] { return vdc_device_open(&other_, context, "fake:0", 0); }},
        };
    }

    void expect_nothing_written() const
    {
        EXPECT_EQ(nullptr, list_);
        EXPECT_EQ(nullptr, other_);
        EXPECT_EQ(nullptr, other_stream_);
        EXPECT_EQ(nullptr, frame_);
        EXPECT_EQ(42, value_);
        EXPECT_EQ(42u, register_);
        EXPECT_EQ(42, handle_);
        EXPECT_EQ(42, fd_);
    }

    vdc_list *list_ = nullptr;
    vdc_device *other_ = nullptr;
    vdc_stream *other_stream_ = nullptr;
    const vdc_frame *frame_ = nullptr;
    vdc_frame own_frame_ = {};
    int64_t value_ = 42;
    uint32_t register_ = 42;
    vdc_handle handle_ = 42;
    int fd_ = 42;
    vdc_event event_ = VDC_EVENT_INIT;
    vdc_signal signal_ = VDC_SIGNAL_INIT;
    vdc_negotiation result_ = VDC_NEGOTIATION_INIT;
    vdc_firmware_info firmware_ = VDC_FIRMWARE_INFO_INIT;
    vdc_extension_control extension_ = VDC_EXTENSION_CONTROL_INIT;
    vdc_stream_info info_ = VDC_STREAM_INFO_INIT;
    vdc_buffer buffer_ = VDC_BUFFER_INIT;
    vdc_progress progress_ = VDC_PROGRESS_INIT;
    vdc_stats stats_ = VDC_STATS_INIT;
};

TEST_F(Errors, NullHandles)
{
    expect_all(VDC_E_INVALID, context_calls(nullptr));
    expect_all(VDC_E_INVALID, device_calls(nullptr));
    expect_all(VDC_E_INVALID, service_calls(nullptr));
    expect_all(VDC_E_INVALID, stream_calls(nullptr));
    EXPECT_EQ(nullptr, vdc_device_get_info(nullptr));
    vdc_stream_cancel(nullptr);
    vdc_stream_close(nullptr);
    vdc_device_close(nullptr);
    vdc_context_destroy(nullptr);
    vdc_list_destroy(nullptr);
    EXPECT_EQ(0u, vdc_list_count(nullptr));
    EXPECT_EQ(nullptr, vdc_list_device_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_format_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_control_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_input_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_timing_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_register_at(nullptr, 0));
    EXPECT_EQ(nullptr, vdc_list_extension_at(nullptr, 0));
    EXPECT_STATUS(VDC_E_INVALID, vdc_format_layout(nullptr, nullptr, nullptr, nullptr));
    vdc_fourcc_text(nullptr, VDC_FOURCC_YUYV);
    expect_nothing_written();
}

TEST_F(Errors, ClosedHandles)
{
    start_stream();
    vdc_stream *stream = stream_;
    vdc_device *device = device_;
    vdc_context *context;
    ASSERT_STATUS(VDC_OK, vdc_context_create(&context, nullptr));
    vdc_stream_close(stream_);
    expect_all(VDC_E_INVALID, stream_calls(stream));
    vdc_stream_cancel(stream);
    vdc_stream_close(stream);
    stream_ = nullptr;
    vdc_device_close(device_);
    expect_all(VDC_E_INVALID, device_calls(device));
    expect_all(VDC_E_INVALID, service_calls(device));
    EXPECT_EQ(nullptr, vdc_device_get_info(device));
    vdc_device_close(device);
    device_ = nullptr;
    vdc_context_destroy(context);
    expect_all(VDC_E_INVALID, context_calls(context));
    vdc_context_destroy(context);
    expect_nothing_written();
}

TEST_F(Errors, HandlesOfAnotherKind)
{
    open_device();
    expect_all(VDC_E_INVALID, stream_calls(reinterpret_cast<vdc_stream *>(device_)));
    expect_all(VDC_E_INVALID, device_calls(reinterpret_cast<vdc_device *>(context_)));
}

TEST_F(Errors, NullPointers)
{
    open_stream();
    vdc_device *device = device_;
    vdc_stream *stream = stream_;
    expect_all(
        VDC_E_INVALID,
        {
            {"vdc_context_create",         [=] { return vdc_context_create(nullptr, nullptr); }           },
            {"vdc_context_list_devices",
             [=] { return vdc_context_list_devices(nullptr, context_); }                                  },
            {"vdc_context_wait_event",
             [=] { return vdc_context_wait_event(nullptr, context_, 0); }                                 },
            {"vdc_context_get_handle",     [=] { return vdc_context_get_handle(nullptr, context_); }      },
            {"vdc_device_open",            [=] { return vdc_device_open(nullptr, context_, "fake:0", 0); }},
            {"vdc_device_list_formats",    [=] { return vdc_device_list_formats(nullptr, device); }       },
            {"vdc_device_list_controls",   [=] { return vdc_device_list_controls(nullptr, device); }      },
            {"vdc_device_list_inputs",     [=] { return vdc_device_list_inputs(nullptr, device); }        },
            {"vdc_device_list_timings",    [=] { return vdc_device_list_timings(nullptr, device); }       },
            {"vdc_device_get_signal",      [=] { return vdc_device_get_signal(nullptr, device); }         },
            {"vdc_device_get_control",     [=] { return vdc_device_get_control(nullptr, device, 1); }     },
            {"vdc_device_negotiate",
             [=] { return vdc_device_negotiate(nullptr, device, nullptr); }                               },
            {"vdc_device_get_firmware",    [=] { return vdc_device_get_firmware(nullptr, device); }       },
            {"vdc_device_load_firmware",
             [=] { return vdc_device_load_firmware(device, nullptr, 1, nullptr, nullptr); }               },
            {"vdc_device_load_firmware",
             [=] { return vdc_device_load_firmware(device, "x", 0, nullptr, nullptr); }                   },
            {"vdc_device_update_firmware",
             [=] { return vdc_device_update_firmware(device, nullptr, 1, nullptr, nullptr); }             },
            {"vdc_device_list_registers",
             [=] { return vdc_device_list_registers(nullptr, device); }                                   },
            {"vdc_device_read_register",
             [=] { return vdc_device_read_register(nullptr, device, "SCRATCH", 0); }                      },
            {"vdc_device_read_register",
             [=] { return vdc_device_read_register(&register_, device, nullptr, 0); }                     },
            {"vdc_device_write_register",
             [=] { return vdc_device_write_register(device, nullptr, 0, 0); }                             },
            {"vdc_device_list_extensions",
             [=] { return vdc_device_list_extensions(nullptr, device); }                                  },
            {"vdc_device_get_extension",
             [=] { return vdc_device_get_extension(nullptr, device, 9, 1); }                              },
            {"vdc_device_read_extension",
             [=] { return vdc_device_read_extension(nullptr, 4, device, 9, 1, 0); }                       },
            {"vdc_device_write_extension",
             [=] { return vdc_device_write_extension(device, 9, 1, nullptr, 4); }                         },
            {"vdc_stream_open",            [=] { return vdc_stream_open(nullptr, device, nullptr); }      },
            {"vdc_stream_get_info",        [=] { return vdc_stream_get_info(nullptr, stream); }           },
            {"vdc_stream_add_buffer",      [=] { return vdc_stream_add_buffer(stream, nullptr); }         },
            {"vdc_stream_wait",            [=] { return vdc_stream_wait(nullptr, stream, 0); }            },
            {"vdc_stream_release",         [=] { return vdc_stream_release(stream, nullptr); }            },
            {"vdc_stream_get_handle",      [=] { return vdc_stream_get_handle(nullptr, stream); }         },
            {"vdc_stream_wait_progress",
             [=] { return vdc_stream_wait_progress(nullptr, stream, 0); }                                 },
            {"vdc_stream_export_buffer",
             [=] { return vdc_stream_export_buffer(nullptr, stream, 0); }                                 },
            {"vdc_stream_get_stats",       [=] { return vdc_stream_get_stats(nullptr, stream); }          },
    });
    expect_nothing_written();
}

/* One struct with a `size`: too small, absurd, of a newer program. */
template <typename Struct>
void expect_sizes(const char *name, Struct init, const std::function<int(Struct *)> &call,
                  bool input)
{
    struct {
        Struct known;
        unsigned char newer[64];
        unsigned char beyond[64];
    } given;

    for (uint32_t size : {uint32_t{0}, uint32_t{4}, uint32_t(sizeof(Struct) - 1), 0xccccccccu}) {
        given.known = init;
        given.known.size = size;
        EXPECT_STREQ("VDC_E_INVALID", vdc_status_name(call(&given.known)))
            << name << " of " << size;
        EXPECT_NE(nullptr, strstr(vdc_error_text(), "sizeof")) << vdc_error_text();
    }
    memset(&given, input ? 0 : 0xee, sizeof(given));
    memset(given.beyond, 0xaa, sizeof(given.beyond));
    given.known = init;
    given.known.size = sizeof(Struct) + sizeof(given.newer);
    EXPECT_EQ(VDC_OK, call(&given.known)) << name << ": " << vdc_error_text();
    for (unsigned char byte : given.newer) {
        EXPECT_EQ(0, byte) << name << ": what only a newer library fills reads as 0";
    }
    for (unsigned char byte : given.beyond) {
        EXPECT_EQ(0xaa, byte) << name << ": written beyond its size";
    }
    EXPECT_EQ(sizeof(Struct) + sizeof(given.newer), given.known.size);
    if (input) {
        given.newer[63] = 1;
        EXPECT_STREQ("VDC_E_UNSUPPORTED", vdc_status_name(call(&given.known))) << name;
    }
}

TEST_F(Errors, SizesOfStructs)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.memory = VDC_MEMORY_CALLER;
    config.watermark_lines = 8;
    open_device();
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    std::vector<uint8_t> memory(3 * 64 * 48 * 2);
    uint8_t *next = memory.data();
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.capacity_bytes = 64 * 48 * 2;

    vdc_context_config context_config = VDC_CONTEXT_CONFIG_INIT;
    expect_sizes<vdc_context_config>(
        "vdc_context_config", context_config,
        [](vdc_context_config *given) {
            vdc_context *context = nullptr;
            int status = vdc_context_create(&context, given);
            vdc_context_destroy(context);
            return status;
        },
        true);
    expect_sizes<vdc_buffer>(
        "vdc_buffer", buffer,
        [&](vdc_buffer *given) {
            given->data = next;
            int status = vdc_stream_add_buffer(stream_, given);
            next += status == VDC_OK ? 64 * 48 * 2 : 0;
            return status;
        },
        true);
    expect_sizes<vdc_signal>(
        "vdc_signal", signal_, [&](vdc_signal *out) { return vdc_device_get_signal(out, device_); },
        false);
    expect_sizes<vdc_negotiation>(
        "vdc_negotiation", result_,
        [&](vdc_negotiation *out) { return vdc_device_negotiate(out, device_, nullptr); }, false);
    expect_sizes<vdc_firmware_info>(
        "vdc_firmware_info", firmware_,
        [&](vdc_firmware_info *out) { return vdc_device_get_firmware(out, device_); }, false);
    ASSERT_STATUS(VDC_OK, vdc_device_open(&other_, context_, "fake:1", VDC_OPEN_REGISTERS));
    expect_sizes<vdc_extension_control>(
        "vdc_extension_control", extension_,
        [&](vdc_extension_control *out) { return vdc_device_get_extension(out, other_, 9, 1); },
        false);
    vdc_device_close(other_);
    other_ = nullptr;
    expect_sizes<vdc_stream_info>(
        "vdc_stream_info", info_,
        [&](vdc_stream_info *out) { return vdc_stream_get_info(out, stream_); }, false);
    expect_sizes<vdc_stats>(
        "vdc_stats", stats_, [&](vdc_stats *out) { return vdc_stream_get_stats(out, stream_); },
        false);
    expect_sizes<vdc_event>(
        "vdc_event", event_,
        [&](vdc_event *out) {
            vdi_context_device_event(fake_.context, VDC_EVENT_DEVICE_ARRIVED, "fake:1");
            return vdc_context_wait_event(out, context_, 0);
        },
        false);
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    expect_sizes<vdc_progress>(
        "vdc_progress", progress_,
        [&](vdc_progress *out) { return vdc_stream_wait_progress(out, stream_, 0); }, false);
    vdc_stream_close(stream_);
    stream_ = nullptr;
    expect_sizes<vdc_stream_config>(
        "vdc_stream_config", config,
        [&](vdc_stream_config *given) {
            vdc_stream *stream = nullptr;
            int status = vdc_stream_open(&stream, device_, given);
            vdc_stream_close(stream);
            return status;
        },
        true);
}

TEST_F(Errors, LimitedDevices)
{
    fake_.limited = true;
    open_device("fake:0", VDC_OPEN_REGISTERS);
    EXPECT_EQ(uint32_t{VDC_DEVICE_LIMITED}, vdc_device_get_info(device_)->state);
    expect_all(VDC_E_FIRMWARE, device_calls(device_));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "no firmware"));
    for (const Case &item : service_calls(device_)) {
        EXPECT_STATUS(VDC_OK, item.call()) << item.name;
        vdc_list_destroy(list_);
        list_ = nullptr;
    }
}

TEST_F(Errors, DevicesWithoutTheCap)
{
    fake_.caps = 0;
    open_device("fake:0", VDC_OPEN_REGISTERS);
    expect_all(VDC_E_UNSUPPORTED, service_calls(device_));
    std::vector<Case> calls = device_calls(device_);
    expect_all(VDC_E_UNSUPPORTED, {calls.begin() + 2, calls.begin() + 7});
    expect_nothing_written();
}

TEST_F(Errors, NamesAreComplete)
{
    for (int status = 0; status >= -13; status--) {
        EXPECT_STRNE("VDC_E_?", vdc_status_name(status)) << status;
    }
    EXPECT_STREQ("VDC_OK", vdc_status_name(0));
    EXPECT_STREQ("VDC_E_RANGE", vdc_status_name(-13));
    EXPECT_STREQ("VDC_E_?", vdc_status_name(-14));
    EXPECT_STREQ("VDC_E_?", vdc_status_name(1));
    EXPECT_STREQ("UNKNOWN", vdc_drop_name(VDC_DROP_UNKNOWN));
    EXPECT_STREQ("OVERRUN", vdc_drop_name(VDC_DROP_OVERRUN));
    EXPECT_STREQ("?", vdc_drop_name(VDC_DROP_OVERRUN + 1));
    EXPECT_STREQ("?", vdc_drop_name(0xffffffff));
}

TEST_F(Errors, TextBelongsToTheThread)
{
    vdc_stream_start(nullptr);
    std::string mine = vdc_error_text();
    std::thread([] {
        EXPECT_STREQ("", vdc_error_text()) << "a thread begins without one";
        vdc_device_set_timing(nullptr, 0);
        EXPECT_NE(nullptr, strstr(vdc_error_text(), "vdc_device_set_timing"));
    }).join();
    EXPECT_EQ(mine, vdc_error_text());
    open_device();
    EXPECT_EQ(mine, vdc_error_text()) << "success leaves it alone";
}

/* A backend that says nothing, and one that returns nonsense, still give a code and a text. */
TEST_F(Errors, BackendsWithoutManners)
{
    open_device();
    fake_.silent = true;
    fake_.fail[FAKE_SET_CONTROL] = VDC_E_IO;
    vdi_error(VDC_E_IO, "an old text");
    EXPECT_STATUS(VDC_E_IO, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "vdc_device_set_control on \"fake:0\""));
    fake_.fail[FAKE_SET_CONTROL] = -999;
    EXPECT_STATUS(VDC_E_IO, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "-999"));
}

/* A backend knows that it has no such thing; the library knows who lists what it has. */
TEST_F(Errors, OutOfRangeNamesTheList)
{
    const struct {
        FakeCall call;
        const char *name, *list;
    } table[] = {
        {FAKE_INPUTS,      "vdc_device_select_input", "vdc_device_list_inputs()" },
        {FAKE_INPUTS,      "vdc_device_set_timing",   "vdc_device_list_timings()"},
        {FAKE_STREAM_OPEN, "vdc_stream_open",         "vdc_device_list_formats()"}
    };
    open_device();
    for (const auto &row : table) {
        for (const Case &item : device_calls(device_)) {
            if (strcmp(item.name, row.name) == 0) {
                fake_.fail[row.call] = VDC_E_RANGE;
                EXPECT_STATUS(VDC_E_RANGE, item.call()) << item.name;
                EXPECT_NE(nullptr, strstr(vdc_error_text(), "as told; ")) << vdc_error_text();
                EXPECT_NE(nullptr, strstr(vdc_error_text(), row.list)) << vdc_error_text();
                fake_.fail[row.call] = VDC_OK;
            }
        }
    }
    expect_nothing_written();
}

/* Whatever a backend function fails with comes out of the public one. */
TEST_F(Errors, OfTheBackend)
{
    const std::pair<FakeCall, size_t> table[] = {
        {FAKE_FORMATS,     0 },
        {FAKE_CONTROLS,    1 },
        {FAKE_INPUTS,      2 },
        {FAKE_INPUTS,      3 },
        {FAKE_INPUTS,      4 },
        {FAKE_INPUTS,      5 },
        {FAKE_INPUTS,      6 },
        {FAKE_GET_CONTROL, 7 },
        {FAKE_SET_CONTROL, 8 },
        {FAKE_NEGOTIATE,   9 },
        {FAKE_STREAM_OPEN, 10},
        {FAKE_ATTACH,      10}
    };
    open_device("fake:0", VDC_OPEN_REGISTERS);
    for (const auto &[call, index] : table) {
        Case item = device_calls(device_)[index];
        fake_.fail[call] = VDC_E_IO;
        EXPECT_STATUS(VDC_E_IO, item.call()) << item.name;
        EXPECT_NE(nullptr, strstr(vdc_error_text(), "as told")) << item.name;
        fake_.fail[call] = VDC_OK;
    }
    for (const Case &item : service_calls(device_)) {
        fake_.fail[FAKE_FIRMWARE] = fake_.fail[FAKE_REGISTERS] = VDC_E_FIRMWARE;
        EXPECT_STATUS(VDC_E_FIRMWARE, item.call()) << item.name;
    }
    expect_nothing_written();
}

} // namespace
