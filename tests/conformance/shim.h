/* SPDX-License-Identifier: MIT */
/*
 * Stands between the suite and the library, so that the suite can be shown to see. Without
 * VIDICON_CONFORMANCE_BREAK every call goes straight through; with it, one call tells one kind of lie,
 * and a case must notice. Test files include this in place of the public header.
 */
#ifndef CONFORMANCE_SHIM_H
#define CONFORMANCE_SHIM_H

#include <cstdint>
#include <string>

#include "vidicon/service.h"
#include "vidicon/vidicon.h"

namespace shim {

/* Names the lie; false if there is none of that name. "" is the truth. */
bool Break(const std::string &name);
/* How often it has been told. A lie that nobody was told proves nothing. */
uint64_t Told();
/* Calls by which a frame was given back: a case in which they go on does not hang. */
uint64_t Released();
/* One line each: name, and the case that must fail. */
void List();

int ListDevices(vdc_list **out, vdc_context *context);
int DeviceOpen(vdc_device **out, vdc_context *context, const char *id, uint32_t flags);
int ListFormats(vdc_list **out, vdc_device *device);
const vdc_device_info *ListDeviceAt(const vdc_list *list, size_t index);
int WaitEvent(vdc_event *out, vdc_context *context, int timeout_ms);
int GetControl(int64_t *out, vdc_device *device, uint32_t control);
int SetControl(vdc_device *device, uint32_t control, int64_t value);
int Negotiate(vdc_negotiation *out, vdc_device *device, const vdc_format *wanted);
int StreamOpen(vdc_stream **out, vdc_device *device, const vdc_stream_config *config);
void StreamClose(vdc_stream *stream);
int StreamInfo(vdc_stream_info *out, vdc_stream *stream);
int AddBuffer(vdc_stream *stream, const vdc_buffer *buffer);
int Start(vdc_stream *stream);
int Stop(vdc_stream *stream);
void Cancel(vdc_stream *stream);
int Wait(const vdc_frame **out, vdc_stream *stream, int timeout_ms);
int Release(vdc_stream *stream, const vdc_frame *frame);
int WaitProgress(vdc_progress *out, vdc_stream *stream, int timeout_ms);
int Stats(vdc_stats *out, vdc_stream *stream);
int ReadRegister(uint32_t *out, vdc_device *device, const char *name, uint32_t index);

/* What poll() or WaitForSingleObject() said of a stream's or a context's handle. */
bool Ready(bool truth);

} // namespace shim

#ifndef CONFORMANCE_SHIM_INSIDE
#define vdc_context_list_devices shim::ListDevices
#define vdc_context_wait_event   shim::WaitEvent
#define vdc_device_open          shim::DeviceOpen
#define vdc_device_list_formats  shim::ListFormats
#define vdc_list_device_at       shim::ListDeviceAt
#define vdc_device_get_control   shim::GetControl
#define vdc_device_set_control   shim::SetControl
#define vdc_device_negotiate     shim::Negotiate
#define vdc_device_read_register shim::ReadRegister
#define vdc_stream_open          shim::StreamOpen
#define vdc_stream_close         shim::StreamClose
#define vdc_stream_get_info      shim::StreamInfo
#define vdc_stream_add_buffer    shim::AddBuffer
#define vdc_stream_start         shim::Start
#define vdc_stream_stop          shim::Stop
#define vdc_stream_cancel        shim::Cancel
#define vdc_stream_wait          shim::Wait
#define vdc_stream_release       shim::Release
#define vdc_stream_wait_progress shim::WaitProgress
#define vdc_stream_get_stats     shim::Stats
#endif

#endif
