/* SPDX-License-Identifier: MIT */
/*
 * The one place that includes Windows headers. mingw-w64's copies have defects; each is mended here
 * and nowhere else, and the layouts that the class driver relies on are asserted at the end.
 */
#ifndef VDW_WDK_H
#define VDW_WDK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Four functions of strmini.h lack STREAMAPI there, which would make them cdecl on i386, where the
 * class driver has stdcall. The ones in use here are declared again below, under their real names. */
#define StreamClassAbortOutstandingRequests   vdw_broken_AbortOutstandingRequests
#define StreamClassGetNextEvent               vdw_broken_GetNextEvent
#define StreamClassQueryMasterClock           vdw_broken_QueryMasterClock
#define StreamClassRegisterFilterWithNoKSPins vdw_broken_RegisterFilterWithNoKSPins
/* This one is variadic; with six fixed parameters the set and the number of an event would arrive
 * two places too late. */
#define StreamClassDeviceNotification vdw_broken_DeviceNotification

#if defined(__aarch64__)
/* wdm.h knows the 32-bit relative only, and wants a header of it (drivers/windows/arm64). Enough to
 * see whether the sources compile; not to ship. */
#define _M_ARM 7
#endif

#include <strmini.h>
/* ksmedia.h uses it without <tchar.h>. */
typedef WCHAR TCHAR;
#include <ksmedia.h>

#undef StreamClassAbortOutstandingRequests
#undef StreamClassGetNextEvent
#undef StreamClassQueryMasterClock
#undef StreamClassRegisterFilterWithNoKSPins
#undef StreamClassDeviceNotification

VOID __cdecl StreamClassDeviceNotification(STREAM_MINIDRIVER_DEVICE_NOTIFICATION_TYPE type,
                                           PVOID extension, ...);

/* Only the KS headers of later systems have it. */
#ifndef STATUS_DEVICE_REMOVED
#define STATUS_DEVICE_REMOVED ((NTSTATUS)0xC00002B6L)
#endif

/* The STATIC_ macros are eleven numbers in a row; a GUID is a number less flat. */
#define VDW_GUID(...) VDW_GUID_OF(__VA_ARGS__)
#define VDW_GUID_OF(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    {                                                        \
        a, b, c,                                             \
        {                                                    \
            d0, d1, d2, d3, d4, d5, d6, d7                   \
        }                                                    \
    }

/* ---- Layouts, as the documentation of the DDI has them ---- */

#define VDW_AT(type, member, on_64, on_32)                                              \
    _Static_assert(offsetof(type, member) == (sizeof(void *) == 8 ? (on_64) : (on_32)), \
                   #type "." #member)
#define VDW_SIZE(type, on_64, on_32) \
    _Static_assert(sizeof(type) == (sizeof(void *) == 8 ? (on_64) : (on_32)), "size of " #type)

VDW_AT(HW_STREAM_REQUEST_BLOCK, Command, 4, 4);
VDW_AT(HW_STREAM_REQUEST_BLOCK, Status, 8, 8);
VDW_AT(HW_STREAM_REQUEST_BLOCK, StreamObject, 16, 12);
VDW_AT(HW_STREAM_REQUEST_BLOCK, SRBExtension, 32, 20);
VDW_AT(HW_STREAM_REQUEST_BLOCK, CommandData, 40, 24);
VDW_AT(HW_STREAM_REQUEST_BLOCK, NumberOfBuffers, 48, 28);
VDW_AT(HW_STREAM_REQUEST_BLOCK, TimeoutCounter, 52, 32);
VDW_AT(HW_STREAM_REQUEST_BLOCK, NextSRB, 64, 40);
VDW_AT(HW_STREAM_REQUEST_BLOCK, Flags, 80, 48);
VDW_AT(HW_STREAM_REQUEST_BLOCK, ActualBytesTransferred, 96, 56);
VDW_AT(HW_STREAM_REQUEST_BLOCK, ScatterGatherBuffer, 104, 60);
VDW_AT(HW_STREAM_REQUEST_BLOCK, NumberOfScatterGatherElements, 116, 68);
VDW_SIZE(HW_STREAM_REQUEST_BLOCK, 128, 76);
VDW_AT(HW_STREAM_OBJECT, HwStreamExtension, 8, 8);
VDW_AT(HW_STREAM_OBJECT, ReceiveDataPacket, 16, 12);
VDW_AT(HW_STREAM_OBJECT, HwClockObject, 32, 20);
VDW_AT(HW_STREAM_OBJECT, Dma, 56, 36);
VDW_AT(HW_STREAM_OBJECT, StreamHeaderMediaSpecific, 72, 44);
VDW_AT(HW_STREAM_OBJECT, HwEventRoutine, 88, 56);
VDW_AT(HW_INITIALIZATION_DATA, HwInterrupt, 8, 4);
VDW_AT(HW_INITIALIZATION_DATA, DeviceExtensionSize, 40, 20);
VDW_AT(HW_INITIALIZATION_DATA, BusMasterDMA, 56, 36);
VDW_AT(HW_INITIALIZATION_DATA, TurnOffSynchronization, 64, 44);
VDW_AT(HW_INITIALIZATION_DATA, DmaBufferSize, 68, 48);
VDW_AT(PORT_CONFIGURATION_INFORMATION, AccessRanges, 64, 44);
VDW_AT(PORT_CONFIGURATION_INFORMATION, StreamDescriptorSize, 72, 48);
VDW_AT(ACCESS_RANGE, RangeInMemory, 12, 12);
VDW_SIZE(ACCESS_RANGE, 24, 24);
VDW_SIZE(KSSCATTER_GATHER, 16, 16);
VDW_AT(HW_STREAM_HEADER, Topology, 40, 24);
VDW_SIZE(KSSTREAM_HEADER, 56, 48);
VDW_SIZE(KS_DATARANGE_VIDEO, 64 + 16 + 128 + 88, 64 + 16 + 128 + 88);

#endif
