/* SPDX-License-Identifier: MIT */
/*
 * The rig's own reader of kernel streaming: nothing of the library, so that it can be the judge between
 * the driver and the library's backend.
 */
#pragma once

#include <gtest/gtest.h>

/* clang-format off: they must come in this order */
#include <windows.h>
#include <winioctl.h>
#include <ks.h>
#include <ksmedia.h>
/* clang-format on */

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "standin.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

extern const GUID kOwnSet;

/* Links of the interfaces of one category that are there. */
std::vector<std::string> Interfaces(const GUID &category);

/* A request to the stand-in itself. */
bool Standin(DWORD code, const std::string &in = "", void *out = nullptr, DWORD bytes = 0);

/* An asynchronous handle and one request on it at a time. Results are Win32 error codes. */
class Handle {
  public:
    ~Handle();
    DWORD Open(const std::string &link);
    void Close();
    DWORD Control(DWORD code, void *in, DWORD in_bytes, void *out, DWORD out_bytes,
                  DWORD *done = nullptr);
    DWORD Property(const GUID &set, ULONG id, ULONG flags, void *value, DWORD bytes,
                   DWORD *done = nullptr, const void *more = nullptr, DWORD more_bytes = 0);
    HANDLE handle = INVALID_HANDLE_VALUE;
};

struct Format {
    std::vector<uint8_t> bytes; /* KSDATAFORMAT and what follows */
    const KS_VIDEOINFOHEADER *Video() const;
    uint32_t Fourcc() const; /* by the library's name */
    bool Own() const;        /* of the brand's specifier */
};

class Filter : public Handle {
  public:
    /* The first interface of the category, or a failed expectation. */
    void OpenFirst();
    std::vector<std::vector<uint8_t>> Ranges();
    /* What the driver makes of a range. */
    DWORD Intersect(Format *out, const std::vector<uint8_t> &range);
    /* The first format of these qualities. */
    bool Find(Format *out, uint32_t fourcc, bool own, LONG width = 0);
    template <typename T> DWORD Get(ULONG id, T *out, uint32_t index = 0)
    {
        struct vdw_selector selector = {index, 0};
        return Property(kOwnSet, id, KSPROPERTY_TYPE_GET, out, sizeof(*out), nullptr, &selector,
                        sizeof(selector));
    }
};

/* A read: the header, its extensions, the picture, in whatever memory. */
struct Read {
    struct {
        KSSTREAM_HEADER header;
        KS_FRAME_INFO info;
        struct vdw_frame_info own;
    } block;
    std::vector<uint8_t> picture;
    OVERLAPPED overlapped;
    bool pending = false;
};

class Pin : public Handle {
  public:
    ~Pin();
    DWORD Create(Filter &filter, const Format &format, unsigned reads);
    DWORD SetState(KSSTATE state); /* step by step */
    DWORD State(KSSTATE *out);
    DWORD Submit(unsigned index);
    /* Waits for the oldest read that is pending; its result, or WAIT_TIMEOUT. */
    DWORD Wait(unsigned index, DWORD timeout_ms = 5000);
    std::vector<std::unique_ptr<Read>> reads;

  private:
    KSSTATE state_ = KSSTATE_STOP;
    DWORD block_bytes_ = 0;
};

/* Bytes of `picture` that are not the test pattern's, of that number. */
size_t WrongBytes(const Format &format, const std::vector<uint8_t> &picture, uint32_t number);
/* The number in the picture's pixels. */
bool NumberOf(const Format &format, const std::vector<uint8_t> &picture, uint32_t *number);
