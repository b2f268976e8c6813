/* SPDX-License-Identifier: MIT */
/*
 * vidicon capture: frames from a device to a file, and an account of them. It waits in short
 * slices, so that an interrupt from the keyboard ends it in order and the account is still given.
 */
#include "tool_capture.h"

#include <signal.h>
#include <string.h>

enum { SLICE_MS = 200, REDRAW_MS = 100 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int select_input(vdc_device *device, const char *wanted)
{
    vdc_list *inputs = NULL;
    uint32_t number, id = UINT32_MAX;

    int status = vdc_device_list_inputs(&inputs, device);
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    if (tool_parse_number(&number, wanted, 0, UINT32_MAX) == 0) {
        id = number;
    }
    for (size_t i = 0; i < vdc_list_count(inputs); i++) {
        if (strcmp(vdc_list_input_at(inputs, i)->name, wanted) == 0) {
            id = vdc_list_input_at(inputs, i)->id;
        }
    }
    vdc_list_destroy(inputs);
    if (id == UINT32_MAX) {
        return tool_usage("--input %s: there is none; 'info' lists them", wanted);
    }
    status = vdc_device_select_input(device, id);
    return status == VDC_OK ? TOOL_OK : tool_failed(status);
}

/* The first pixel format of the device that the writer can write. */
static int find_writable(uint32_t *fourcc, vdc_device *device, const struct tool_writer *writer)
{
    vdc_list *formats = NULL;

    int status = vdc_device_list_formats(&formats, device);
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    *fourcc = 0;
    for (size_t i = vdc_list_count(formats); i-- > 0;) {
        if (writer->takes(vdc_list_format_at(formats, i)->fourcc)) {
            *fourcc = vdc_list_format_at(formats, i)->fourcc;
        }
    }
    vdc_list_destroy(formats);
    if (*fourcc == 0) {
        tool_error("the device has no format that %s can hold (%s); try --type raw", writer->name,
                   writer->takes_text);
        return TOOL_FAILED;
    }
    return TOOL_OK;
}

static int negotiate(vdc_negotiation *out, vdc_device *device,
                     const struct tool_capture_options *options)
{
    vdc_format wanted = options->wanted;

    int status = vdc_device_negotiate(out, device, &wanted);
    if (status == VDC_OK && !options->writer->takes(out->format.fourcc)) {
        if (wanted.fourcc != 0) {
            return tool_usage("--format: %s holds %s only", options->writer->name,
                              options->writer->takes_text);
        }
        int result = find_writable(&wanted.fourcc, device, options->writer);
        if (result != TOOL_OK) {
            return result;
        }
        status = vdc_device_negotiate(out, device, &wanted);
    }
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    if (out->changed != 0) {
        tool_error("%s", out->reason);
        if (options->exact) {
            return TOOL_FAILED;
        }
    }
    return TOOL_OK;
}

/* Why no frame came, as far as the device knows. */
static void explain_timeout(vdc_device *device)
{
    vdc_signal signal = VDC_SIGNAL_INIT;

    if (vdc_device_get_signal(&signal, device) == VDC_OK) {
        tool_error("signal on input %u: %s", (unsigned)signal.input,
                   tool_signal_name(signal.state));
    }
}

/* Waits as long as the options say, but looks up now and then. */
static int wait_frame(const vdc_frame **out, vdc_stream *stream, int64_t timeout_ms)
{
    int64_t deadline_ms = tool_now_ms() + timeout_ms;
    int status;

    do {
        int64_t left_ms = deadline_ms - tool_now_ms();
        left_ms = left_ms < 0 ? 0 : left_ms;
        status = vdc_stream_wait(out, stream, (int)(left_ms < SLICE_MS ? left_ms : SLICE_MS));
    } while (status == VDC_E_TIMEOUT && !interrupted && tool_now_ms() < deadline_ms);
    return status;
}

/* From start to stop. TOOL_FAILED only if the output failed; the rest is report->status. */
static int run(struct tool_report *report, struct tool_output *output, vdc_stream *stream,
               const struct tool_capture_options *options)
{
    int draws = !options->quiet && tool_is_terminal(stderr);
    int64_t begun_ms = tool_now_ms(), drawn_ms = begun_ms;
    int result = TOOL_OK;

    report->status = vdc_stream_start(stream);
    while (report->status == VDC_OK && !interrupted && result == TOOL_OK &&
           (options->frames == 0 || output->frames_written < options->frames)) {
        const vdc_frame *frame = NULL;

        report->status = wait_frame(&frame, stream, options->timeout_ms);
        if (report->status != VDC_OK) {
            break;
        }
        if (tool_output_write(output, frame) != 0) {
            result = TOOL_FAILED;
        }
        vdc_stream_release(stream, frame);

        int64_t now_ms = tool_now_ms();
        if (draws && now_ms - drawn_ms >= REDRAW_MS) {
            drawn_ms = now_ms;
            vdc_stream_get_stats(&report->stats, stream);
            tool_progress_draw(stderr, output->frames_written, options->frames, now_ms - begun_ms,
                               &report->stats, 0);
        }
    }
    report->interrupted = interrupted != 0;
    if (report->interrupted && report->status == VDC_E_TIMEOUT) {
        report->status = VDC_OK; /* It was a slice that ended, not the patience. */
    }
    report->elapsed_ms = tool_now_ms() - begun_ms;
    if (report->status != VDC_OK) {
        if (draws) {
            fputc('\n', stderr);
        }
        tool_failed(report->status);
    }
    vdc_stream_stop(stream); /* What it returns, the account shows. */
    vdc_stream_get_stats(&report->stats, stream);
    if (draws) {
        tool_progress_draw(stderr, output->frames_written, options->frames, report->elapsed_ms,
                           &report->stats, 1);
    }
    return result;
}

static int capture_to_output(vdc_device *device, vdc_stream *stream, const char *reason,
                             const struct tool_capture_options *options)
{
    static const vdc_stats no_stats = VDC_STATS_INIT;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    struct tool_report report = {0};
    struct tool_output output;
    int result;

    int status = vdc_stream_get_info(&info, stream);
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    report.device = vdc_device_get_info(device);
    report.path = options->path;
    report.reason = reason;
    report.format = info.format;
    report.frames_wanted = options->frames;
    report.stats = no_stats;

    result = TOOL_FAILED;
    if (tool_output_open(&output, options->writer, options->path, &info, options->frames) == 0) {
        result = run(&report, &output, stream, options);
    }
    if (tool_output_close(&output) != 0) {
        result = TOOL_FAILED;
    }
    if (result != TOOL_OK) {
        return result;
    }
    if (report.status == VDC_E_TIMEOUT) {
        explain_timeout(device);
    }
    report.frames_written = output.frames_written;
    report.bytes_written = output.bytes_written;

    /* The frames have standard output for themselves. */
    FILE *file = strcmp(options->path, "-") == 0 ? stderr : stdout;
    if (options->json) {
        result = tool_json_report(file, &report);
    } else if (!options->quiet) {
        tool_table_print(file, &report);
    }
    if (result == TOOL_OK && (report.status != VDC_OK ||
                              (options->frames > 0 && output.frames_written < options->frames))) {
        result = TOOL_SHORT;
    }
    return result;
}

static int capture(vdc_context *context, const struct tool_capture_options *options)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    int result = TOOL_OK;

    int status = vdc_device_open(&device, context, options->id, 0);
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    if (options->input) {
        result = select_input(device, options->input);
    }
    if (result == TOOL_OK) {
        result = negotiate(&negotiation, device, options);
    }
    if (result == TOOL_OK) {
        config.format = negotiation.format;
        config.buffer_count = options->buffers;
        status = vdc_stream_open(&stream, device, &config);
        result = status == VDC_OK ? capture_to_output(device, stream, negotiation.reason, options)
                                  : tool_failed(status);
    }
    vdc_stream_close(stream);
    vdc_device_close(device);
    return result;
}

int tool_capture(int argc, char **argv)
{
    struct tool_capture_options options;
    vdc_context *context = NULL;

    int result = tool_capture_parse(&options, argc, argv);
    if (result != TOOL_OK) {
        return result;
    }
    int status = tool_context_create(&context, 0, options.verbosity);
    if (status != VDC_OK) {
        return tool_failed(status);
    }
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    result = capture(context, &options);
    vdc_context_destroy(context);
    return result;
}
