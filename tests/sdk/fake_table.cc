// SPDX-License-Identifier: MIT
// The fake's table: formats, controls, inputs, firmware and registers to be asked for.
#include "fake.h"

#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace {

Fake *fake()
{
    return Fake::current;
}

int list(struct vdi_context *context, struct vdi_sink *sink)
{
    int status = fake()->step(FAKE_LIST, "list");

    (void)context;
    for (const std::string &id : fake()->ids) {
        struct vdi_device_info info = {};
        strncpy(info.id, id.c_str(), sizeof(info.id) - 1);
        strcpy(info.name, "Fake");
        info.caps = fake()->listed_caps;
        if (status == VDC_OK) {
            status = vdi_sink_device(sink, &info);
        }
    }
    return status;
}

int watch(struct vdi_context *context, void **, int on)
{
    fake()->context = context;
    fake()->watches += on ? 1 : -1;
    return fake()->step(FAKE_WATCH, "watch");
}

int open_device(struct vdi_device *device, const char *path)
{
    return fake()->open(device, path);
}

void close_device(struct vdi_device *) {}

const vdc_fraction kIntervals[] = {
    {1, 60},
    {1, 30}
};

int formats(struct vdi_device *, struct vdi_sink *sink)
{
    Fake::Serial once(fake()->in_call_);
    int status = fake()->step(FAKE_FORMATS, "formats");
    vdc_fraction scratch[2];
    vdc_format_info info = {};

    memcpy(scratch, kIntervals, sizeof(scratch));
    info.fourcc = VDC_FOURCC_YUYV;
    info.width_min_px = 16;
    info.width_max_px = 64;
    info.width_step_px = 16;
    info.height_min_px = 16;
    info.height_max_px = 48;
    info.height_step_px = 16;
    info.intervals_s = scratch;
    info.interval_count = 2;
    if (status == VDC_OK) {
        status = vdi_sink_format(sink, &info);
    }
    memset(scratch, 0xee, sizeof(scratch)); /* the list must have its own */
    return status;
}

int negotiate(struct vdi_device *, vdc_format *format, uint32_t *changed)
{
    Fake::Serial once(fake()->in_call_);
    int status = fake()->step(FAKE_NEGOTIATE, "negotiate");

    if (status != VDC_OK) {
        return status;
    }
    if (format->fourcc != VDC_FOURCC_YUYV && format->fourcc != VDC_FOURCC_NV12) {
        format->fourcc = VDC_FOURCC_YUYV;
    }
    if (format->width_px == 0 || format->width_px > 64 || format->height_px > 48) {
        format->width_px = 64;
        format->height_px = 48;
    }
    if (format->interval_s.num == 0 || format->interval_s.den > 60 * format->interval_s.num) {
        format->interval_s = {1, 60};
    }
    format->stride_bytes = format->width_px * (format->fourcc == VDC_FOURCC_YUYV ? 2 : 1);
    format->field = VDC_FIELD_PROGRESSIVE;
    format->primaries = VDC_PRIMARIES_BT709;
    format->transfer = VDC_TRANSFER_BT709;
    format->matrix = VDC_MATRIX_BT709;
    format->range = VDC_RANGE_LIMITED;
    *changed = 0;
    return VDC_OK;
}

int controls(struct vdi_device *, struct vdi_sink *sink)
{
    Fake::Serial once(fake()->in_call_);
    int status = fake()->step(FAKE_CONTROLS, "controls");
    const vdc_menu_item menu[] = {
        {0, "off"  },
        {3, "three"},
        {5, "five" }
    };
    vdc_control_info infos[6] = {};

    infos[0] = {VDC_CONTROL_BRIGHTNESS,
                VDC_CONTROL_INTEGER,
                0,
                0,
                "Brightness",
                -10,
                100,
                5,
                10,
                nullptr,
                0};
    infos[1] = {
        VDC_CONTROL_EXPOSURE_AUTO, VDC_CONTROL_BOOLEAN, 0, 0, "Auto", 0, 1, 1, 0, nullptr, 0};
    infos[2] = {VDC_CONTROL_POWER_LINE, VDC_CONTROL_MENU, 0, 0, "Mains", 0, 5, 1, 0, menu, 3};
    infos[3] = {
        VDC_CONTROL_WHITE_BALANCE, VDC_CONTROL_BUTTON, 0, 0, "White", 0, 0, 1, 0, nullptr, 0};
    infos[4] = {VDC_CONTROL_GAIN,
                VDC_CONTROL_INTEGER,
                VDC_CONTROL_READ_ONLY,
                0,
                "Gain",
                0,
                9,
                1,
                0,
                nullptr,
                0};
    infos[5] = {VDC_CONTROL_VENDOR,
                VDC_CONTROL_INTEGER,
                0,
                0,
                "Wide",
                INT64_MIN,
                INT64_MAX,
                3,
                0,
                nullptr,
                0};
    for (const vdc_control_info &info : infos) {
        if (status == VDC_OK) {
            status = vdi_sink_control(sink, &info);
        }
    }
    return status;
}

int get_control(struct vdi_device *, uint32_t, int64_t *value)
{
    Fake::Serial once(fake()->in_call_);
    *value = fake()->control_value;
    return fake()->step(FAKE_GET_CONTROL, "get_control");
}

int set_control(struct vdi_device *, uint32_t, int64_t value)
{
    Fake::Serial once(fake()->in_call_);
    fake()->control_value = value;
    return fake()->step(FAKE_SET_CONTROL, "set_control");
}

int stream_open(struct vdi_stream *, const struct vdi_stream_config *config,
                struct vdi_stream_layout *layout)
{
    Fake::Serial once(fake()->in_call_);
    return fake()->stream_open(config, layout);
}

void stream_close(struct vdi_stream *)
{
    Fake::Serial once(fake()->in_call_);
}

int attach(struct vdi_buffer *)
{
    Fake::Serial once(fake()->in_call_);
    return fake()->step(FAKE_ATTACH, "attach");
}

void detach(struct vdi_buffer *)
{
    fake()->detached++;
}

int start(struct vdi_stream *stream)
{
    Fake::Serial once(fake()->in_call_);
    return fake()->start(stream);
}

int queue(struct vdi_stream *, struct vdi_buffer *buffer)
{
    Fake::Serial once(fake()->in_fast_);
    return fake()->queue(buffer);
}

int wait(struct vdi_stream *, struct vdi_completion *out, int64_t deadline_ns)
{
    return fake()->wait(out, deadline_ns);
}

void wake(struct vdi_stream *)
{
    Fake::Serial once(fake()->in_fast_);
    fake()->wake();
}

int stop(struct vdi_stream *)
{
    Fake::Serial once(fake()->in_call_);
    Fake::Serial no_fast(fake()->in_fast_);
    return fake()->stop();
}

int counts(struct vdi_stream *, struct vdi_counts *out)
{
    Fake::Serial once(fake()->in_fast_);
    return fake()->counts(out);
}

int poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    Fake::Serial once(fake()->in_call_);
    return fake()->poll_begin(stream, native);
}

/* ---- Optional tables ---- */

int firmware_info(struct vdi_device *, vdc_firmware_info *out)
{
    out->running = 0x01000000;
    return fake()->step(FAKE_FIRMWARE, "firmware");
}

int firmware_load(struct vdi_device *device, const uint8_t *, size_t bytes,
                  vdc_progress_fn progress, void *user)
{
    Fake::Serial once(fake()->in_call_);
    progress(bytes, bytes, user);
    vdi_device_event(device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    return fake()->step(FAKE_FIRMWARE, "firmware");
}

int firmware_end(struct vdi_device *)
{
    return fake()->step(FAKE_FIRMWARE, "firmware");
}

int register_list(struct vdi_device *, struct vdi_sink *sink)
{
    const vdc_register_info info = {"SCRATCH", "For anything", 16, 1, VDC_REGISTER_READ, 0};
    int status = fake()->step(FAKE_REGISTERS, "registers");

    return status != VDC_OK ? status : vdi_sink_register(sink, &info);
}

int register_read(struct vdi_device *, const char *name, uint32_t, uint32_t *value)
{
    *value = 77;
    if (strcmp(name, "SCRATCH") != 0) {
        return vdi_error(VDC_E_NOT_FOUND, "there is no register \"%s\"", name);
    }
    return fake()->step(FAKE_REGISTERS, "registers");
}

int register_write(struct vdi_device *, const char *, uint32_t, uint32_t)
{
    return fake()->step(FAKE_REGISTERS, "registers");
}

int input_list(struct vdi_device *, struct vdi_sink *sink)
{
    const vdc_input_info info = {7, VDC_INPUT_ANALOG, "Composite"};
    int status = fake()->step(FAKE_INPUTS, "inputs");

    return status != VDC_OK ? status : vdi_sink_input(sink, &info);
}

int input_select(struct vdi_device *, uint32_t)
{
    return fake()->step(FAKE_INPUTS, "inputs");
}

int input_signal(struct vdi_device *, vdc_signal *out)
{
    out->state = VDC_SIGNAL_LOCKED;
    out->input = 7;
    return fake()->step(FAKE_INPUTS, "inputs");
}

int timing_list(struct vdi_device *, struct vdi_sink *sink)
{
    const vdc_timing_info info = {
        3, VDC_INPUT_ANALOG, "PAL", 720, 576, {1, 25},
             1, 0, 0
    };
    int status = fake()->step(FAKE_INPUTS, "inputs");

    return status != VDC_OK ? status : vdi_sink_timing(sink, &info);
}

int progress(struct vdi_stream *, vdc_progress *out, int64_t deadline_ns)
{
    return fake()->progress(out, deadline_ns);
}

int export_dmabuf(struct vdi_buffer *, int *fd)
{
    *fd = dup(2);
    return fake()->step(FAKE_EXPORT, "export");
}

int allocate(struct vdi_buffer *buffer, size_t bytes)
{
    buffer->data = static_cast<uint8_t *>(malloc(bytes));
    buffer->capacity_bytes = bytes;
    return VDC_OK;
}

void free_memory(struct vdi_buffer *buffer)
{
    free(buffer->data);
}

struct vdi_firmware_ops make_firmware()
{
    return {firmware_info, firmware_load, firmware_load, firmware_end, firmware_end};
}

int extension_list(struct vdi_device *, struct vdi_sink *sink)
{
    const vdc_extension_info info = {
        {1,  2, 3},
        9, {2}
    };
    int status = fake()->step(FAKE_REGISTERS, "extensions");

    return status != VDC_OK ? status : vdi_sink_extension(sink, &info);
}

int extension_describe(struct vdi_device *, uint32_t unit, uint32_t, vdc_extension_control *out)
{
    if (unit != 9) {
        return vdi_error(VDC_E_NOT_FOUND, "there is no unit %u", unit);
    }
    out->bytes = 4;
    out->access = VDC_REGISTER_READ;
    return fake()->step(FAKE_REGISTERS, "extensions");
}

int extension_read(struct vdi_device *, uint32_t, uint32_t, uint32_t value, uint8_t *data,
                   size_t bytes)
{
    int status = fake()->step(FAKE_REGISTERS, "extensions");

    if (status == VDC_OK) {
        memset(data, static_cast<int>(value), bytes);
    }
    return status;
}

int extension_write(struct vdi_device *, uint32_t, uint32_t, const uint8_t *, size_t)
{
    return fake()->step(FAKE_REGISTERS, "extensions");
}

struct vdi_backend make_table(const char *name, uint32_t is_simulated)
{
    static const struct vdi_firmware_ops firmware = make_firmware();
    static const struct vdi_register_ops registers = {register_list, register_read, register_write};
    static const struct vdi_extension_ops extensions = {extension_list, extension_describe,
                                                        extension_read, extension_write};
    static const struct vdi_input_ops inputs = {input_list, input_select, input_signal, timing_list,
                                                input_select};
    static const struct vdi_stream_ops extra = {progress, export_dmabuf, nullptr, nullptr};
    static const struct vdi_stream_ops extra_memory = {progress, export_dmabuf, allocate,
                                                       free_memory};
    struct vdi_backend table = {};

    table.name = name;
    table.simulated = is_simulated;
    table.device_size = table.stream_size = table.buffer_size = 16;
    table.firmware = &firmware;
    table.registers = &registers;
    table.extensions = &extensions;
    table.inputs = &inputs;
    table.extra = strcmp(name, "fakemem") == 0 ? &extra_memory : &extra;
    table.list = list;
    table.watch = watch;
    table.open = open_device;
    table.close = close_device;
    table.formats = formats;
    table.negotiate = negotiate;
    table.controls = controls;
    table.get_control = get_control;
    table.set_control = set_control;
    table.stream_open = stream_open;
    table.stream_close = stream_close;
    table.attach = attach;
    table.detach = detach;
    table.start = start;
    table.queue = queue;
    table.wait = wait;
    table.wake = wake;
    table.stop = stop;
    table.counts = counts;
    table.poll_begin = poll_begin;
    return table;
}

} // namespace

const struct vdi_backend *Fake::table()
{
    static const struct vdi_backend table = make_table("fake", 0);

    return &table;
}

const struct vdi_backend *Fake::simulated()
{
    static const struct vdi_backend table = make_table("fakesim", 1);

    return &table;
}

const struct vdi_backend *Fake::with_memory()
{
    static const struct vdi_backend table = make_table("fakemem", 0);

    return &table;
}
