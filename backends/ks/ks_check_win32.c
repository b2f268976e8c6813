/* SPDX-License-Identifier: MIT */
/* Nothing but checks: ks_abi.h says what the system's own headers say. */
#include "ks_win32.h"

#include <ks.h>
#include <ksmedia.h>

#include "ks_abi.h"
#include "ks_system.h"

#define SAME(ours, theirs) \
    _Static_assert(sizeof(ours) == sizeof(theirs), #theirs " has another size")
#define AT(ours, our, theirs, their)                               \
    _Static_assert(offsetof(ours, our) == offsetof(theirs, their), \
                   #theirs "." #their " is elsewhere")
#define IS(ours, theirs) \
    _Static_assert((long long)(ours) == (long long)(theirs), #theirs " differs")

SAME(struct ks_guid, GUID);
SAME(struct ks_property, KSPROPERTY);
SAME(struct ks_pin_request, KSP_PIN);
SAME(struct ks_framing, KSALLOCATOR_FRAMING);
SAME(struct ks_level, KSPROPERTY_VIDEOPROCAMP_S);
SAME(struct ks_level, KSPROPERTY_CAMERACONTROL_S);
SAME(struct ks_description, KSPROPERTY_DESCRIPTION);
SAME(struct ks_members, KSPROPERTY_MEMBERSHEADER);
SAME(struct ks_stepping, KSPROPERTY_STEPPING_LONG);
SAME(struct ks_video_mode, KSPROPERTY_VIDEOCONTROL_MODE_S);
SAME(struct ks_video_mode, KSPROPERTY_VIDEOCONTROL_CAPS_S);
SAME(struct ks_video_rates, KSPROPERTY_VIDEOCONTROL_FRAME_RATES_S);
SAME(struct ks_items, KSMULTIPLE_ITEM);
SAME(struct ks_format, KSDATAFORMAT);
SAME(struct ks_bitmap, KS_BITMAPINFOHEADER);
SAME(struct ks_video, KS_VIDEOINFOHEADER);
SAME(struct ks_video2, KS_VIDEOINFOHEADER2);
SAME(struct ks_caps, KS_VIDEO_STREAM_CONFIG_CAPS);
SAME(struct ks_connect, KSPIN_CONNECT);
SAME(struct ks_stream_header, KSSTREAM_HEADER);
SAME(struct ks_frame_info, KS_FRAME_INFO);

AT(struct ks_caps, output_min, KS_VIDEO_STREAM_CONFIG_CAPS, MinOutputSize);
AT(struct ks_caps, output_step, KS_VIDEO_STREAM_CONFIG_CAPS, OutputGranularityX);
AT(struct ks_caps, interval_min_100ns, KS_VIDEO_STREAM_CONFIG_CAPS, MinFrameInterval);
AT(struct ks_connect, pin, KSPIN_CONNECT, PinId);
AT(struct ks_connect, priority_class, KSPIN_CONNECT, Priority);
AT(struct ks_stream_header, extent_bytes, KSSTREAM_HEADER, FrameExtent);
AT(struct ks_stream_header, used_bytes, KSSTREAM_HEADER, DataUsed);
AT(struct ks_stream_header, data, KSSTREAM_HEADER, Data);
AT(struct ks_stream_header, options, KSSTREAM_HEADER, OptionsFlags);
AT(struct ks_frame_info, picture, KS_FRAME_INFO, PictureNumber);
AT(struct ks_frame_info, dropped, KS_FRAME_INFO, DropCount);
AT(struct ks_level, value, KSPROPERTY_VIDEOPROCAMP_S, Value);
AT(struct ks_video2, control, KS_VIDEOINFOHEADER2,
   dwReserved1); /* dwControlFlags in newer headers */
AT(struct ks_video2, bitmap, KS_VIDEOINFOHEADER2, bmiHeader);
_Static_assert(sizeof(struct ks_video_range) == offsetof(KS_DATARANGE_VIDEO, VideoInfoHeader) &&
                   sizeof(struct ks_video_range) == offsetof(KS_DATARANGE_VIDEO2, VideoInfoHeader),
               "the header lies elsewhere");

IS(KS_TYPE_GET, KSPROPERTY_TYPE_GET);
IS(KS_TYPE_SET, KSPROPERTY_TYPE_SET);
IS(KS_TYPE_BASICSUPPORT, KSPROPERTY_TYPE_BASICSUPPORT);
IS(KS_EVENT_ENABLE, KSEVENT_TYPE_ENABLE);
IS(sizeof(struct ks_property), sizeof(KSEVENT));
IS(KS_PIN_CTYPES, KSPROPERTY_PIN_CTYPES);
IS(KS_PIN_DATAFLOW, KSPROPERTY_PIN_DATAFLOW);
IS(KS_PIN_DATARANGES, KSPROPERTY_PIN_DATARANGES);
IS(KS_PIN_COMMUNICATION, KSPROPERTY_PIN_COMMUNICATION);
IS(KS_PIN_CATEGORY, KSPROPERTY_PIN_CATEGORY);
IS(KS_DATAFLOW_OUT, KSPIN_DATAFLOW_OUT);
IS(KS_COMMUNICATION_NONE, KSPIN_COMMUNICATION_NONE);
IS(KS_COMMUNICATION_BRIDGE, KSPIN_COMMUNICATION_BRIDGE);
IS(KS_CONNECTION_STATE, KSPROPERTY_CONNECTION_STATE);
IS(KS_CONNECTION_FRAMING, KSPROPERTY_CONNECTION_ALLOCATORFRAMING);
IS(KS_STATE_RUN, KSSTATE_RUN);
IS(KS_LEVEL_AUTO, KSPROPERTY_VIDEOPROCAMP_FLAGS_AUTO);
IS(KS_LEVEL_MANUAL, KSPROPERTY_VIDEOPROCAMP_FLAGS_MANUAL);
IS(KS_MEMBERS_STEPPED_RANGES, KSPROPERTY_MEMBER_STEPPEDRANGES);
IS(KS_MEMBERS_VALUES, KSPROPERTY_MEMBER_VALUES);
IS(KS_MEMBERS_DEFAULT, KSPROPERTY_MEMBER_FLAG_DEFAULT);
IS(KS_VIDEO_CAPS, KSPROPERTY_VIDEOCONTROL_CAPS);
IS(KS_VIDEO_MODE, KSPROPERTY_VIDEOCONTROL_MODE);
IS(KS_VIDEO_FRAME_RATES, KSPROPERTY_VIDEOCONTROL_FRAME_RATES);
IS(KS_FORMAT_ATTRIBUTES, KSDATAFORMAT_ATTRIBUTES);
IS(KS_PRIORITY_NORMAL, KSPRIORITY_NORMAL);
IS(KS_OPTION_DISCONTINUITY, KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);

IS(KS_FILE_NOT_FOUND, ERROR_FILE_NOT_FOUND);
IS(KS_ACCESS_DENIED, ERROR_ACCESS_DENIED);
IS(KS_BAD_COMMAND, ERROR_BAD_COMMAND);
IS(KS_GEN_FAILURE, ERROR_GEN_FAILURE);
IS(KS_DEV_NOT_EXIST, ERROR_DEV_NOT_EXIST);
IS(KS_TOO_MANY_NAMES, ERROR_TOO_MANY_NAMES);
IS(KS_INSUFFICIENT_BUFFER, ERROR_INSUFFICIENT_BUFFER);
IS(KS_BUSY, ERROR_BUSY);
IS(KS_MORE_DATA, ERROR_MORE_DATA);
IS(KS_WAIT_TIMEOUT, WAIT_TIMEOUT);
IS(KS_OPERATION_ABORTED, ERROR_OPERATION_ABORTED);
IS(KS_IO_DEVICE, ERROR_IO_DEVICE);
IS(KS_NOT_CONNECTED, ERROR_DEVICE_NOT_CONNECTED);
IS(KS_NOT_FOUND, ERROR_NOT_FOUND);
IS(KS_NO_MATCH, ERROR_NO_MATCH);
IS(KS_SET_NOT_FOUND, ERROR_SET_NOT_FOUND);
IS(KS_NO_SYSTEM_RESOURCES, ERROR_NO_SYSTEM_RESOURCES);
IS(KS_DEVICE_REMOVED, ERROR_DEVICE_REMOVED);
