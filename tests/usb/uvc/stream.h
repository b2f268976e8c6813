/* SPDX-License-Identifier: MIT */
/* A camera's packets with faults, and a second, naive reading of them, for the assembler's tests. */
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <vector>

extern "C" {
#include "uvc_payload.h"
}

using Bytes = std::vector<uint8_t>;

struct Packet {
    Bytes bytes;
    bool lost = false;
    bool ends_payload = true; // for bulk
};

enum Mischief {
    NONE,
    VANISH,     // a packet never arrives, and nobody says so
    LOST,       // the bus says that a packet is damaged
    ERROR_BIT,  // the camera does
    NO_EOF,     // the last packet has no end bit
    BAD_HEADER, // a header longer than its packet, or of 1 byte
    CUT,        // a packet ends early
    TWICE,      // a packet comes twice
    ZERO,       // packets of 0 bytes in between
    BARE,       // headers without data in between
    CUT_PTS,    // a header that announces a time and has no room for it
    STILL,      // a still image's payload in between
    KINDS
};

// Frames of `size` bytes that differ from each other everywhere.
inline Bytes picture(uint32_t number, size_t size, bool jpeg)
{
    Bytes out(size);

    for (size_t at = 0; at < size; at++) {
        out[at] = static_cast<uint8_t>((number * 131 + at * 7 + (at >> 8)) % 251);
    }
    if (jpeg) {
        out[0] = 0xff;
        out[1] = 0xd8;
        out[size - 2] = 0xff;
        out[size - 1] = 0xd9;
    }
    return out;
}

struct Options {
    size_t frame_bytes = 5000;
    size_t payload_bytes = 512;
    bool jpeg = false;
    bool fid_stuck = false;
    bool pts_each_payload = false;
    bool with_times = true;
};

inline Bytes header(uint8_t info, uint32_t pts, bool times, bool cut = false)
{
    Bytes out = {2, info};

    if (times) {
        out[1] |= UVC_HEADER_PTS | UVC_HEADER_SCR;
        for (int i = 0; i < 4 && !cut; i++) {
            out.push_back(static_cast<uint8_t>(pts >> (8 * i)));
        }
        for (int i = 0; i < 6 && !cut; i++) {
            out.push_back(static_cast<uint8_t>(i));
        }
    }
    out[0] = static_cast<uint8_t>(out.size());
    return out;
}

struct Camera {
    explicit Camera(const Options &chosen, uint32_t seed = 1) : options(chosen), random(seed) {}

    // Packets of the next frame, with one mischief in it.
    std::vector<Packet> frame(Mischief mischief)
    {
        Bytes all = picture(number, options.frame_bytes, options.jpeg);
        std::vector<Packet> packets;
        uint8_t fid = options.fid_stuck ? 0 : number % 2;
        size_t room = options.payload_bytes - 12;

        for (size_t at = 0; at < all.size(); at += room) {
            size_t count = std::min(room, all.size() - at);
            Packet packet;

            packet.bytes =
                header(static_cast<uint8_t>(fid | (at + count == all.size() ? UVC_HEADER_EOF : 0)),
                       number * 1000 + (options.pts_each_payload ? static_cast<uint32_t>(at) : 0),
                       options.with_times);
            packet.bytes.insert(packet.bytes.end(), all.begin() + static_cast<long>(at),
                                all.begin() + static_cast<long>(at + count));
            packets.push_back(packet);
        }
        spoil(packets, mischief, fid);
        number++;
        return packets;
    }

    Options options;
    std::mt19937 random;
    uint32_t number = 0;
    std::map<Mischief, int> injected;

  private:
    void spoil(std::vector<Packet> &packets, Mischief mischief, uint8_t fid)
    {
        // Not the last one, which has the end bit: that is another mischief.
        size_t at = random() % (packets.size() - 1);
        Packet &packet = packets[at];
        Packet other;

        injected[mischief]++;
        switch (mischief) {
        case VANISH:
            packets.erase(packets.begin() + static_cast<long>(at));
            break;
        case LOST:
            packet.lost = true;
            break;
        case ERROR_BIT:
            packet.bytes[1] |= UVC_HEADER_ERR;
            break;
        case NO_EOF:
            packets.back().bytes[1] &= static_cast<uint8_t>(~UVC_HEADER_EOF);
            break;
        case BAD_HEADER:
            if (random() % 2 != 0) {
                packet.bytes.resize(20);
                packet.bytes[0] = 21;
            } else {
                packet.bytes[0] = 1;
            }
            break;
        case CUT:
            packet.bytes.resize(packet.bytes.size() - 1 - random() % 100);
            break;
        case TWICE:
            other = packet;
            packets.insert(packets.begin() + static_cast<long>(at), other);
            break;
        case ZERO:
            packets.insert(packets.begin() + static_cast<long>(at), 3, other);
            break;
        case BARE:
            other.bytes = header(fid, number * 1000, options.with_times);
            packets.insert(packets.begin() + static_cast<long>(at), 2, other);
            break;
        case CUT_PTS:
            other.bytes = header(fid, 0, true, true);
            packets.insert(packets.begin() + static_cast<long>(at), other);
            break;
        case STILL:
            other.bytes = header(static_cast<uint8_t>(fid | UVC_HEADER_STI), 0, options.with_times);
            other.bytes.insert(other.bytes.end(), 100, 0x55);
            packets.insert(packets.begin() + static_cast<long>(at), other);
            break;
        default:
            break;
        }
    }
};

// ---- The naive reading: all packets at hand, first cut into frames, then judged by content. ----

struct Read {
    Bytes bytes;
    bool error = false, header = false, lost = false, missing_end = false;
    uint32_t fault(const Options &options) const
    {
        size_t size = options.jpeg ? 0 : options.frame_bytes;
        bool whole = bytes.size() > 3 && bytes[0] == 0xff && bytes[1] == 0xd8 &&
                     bytes[bytes.size() - 2] == 0xff && bytes[bytes.size() - 1] == 0xd9;

        if (error || header || lost) {
            return first;
        }
        if (bytes.empty() || bytes.size() < size) {
            return UVC_FAULT_SHORT;
        }
        if (bytes.size() > options.frame_bytes) {
            return UVC_FAULT_LONG;
        }
        return options.jpeg && !whole ? UVC_FAULT_PICTURE : UVC_FAULT_NONE;
    }
    uint32_t first = UVC_FAULT_NONE;
    void mark(bool &flag, uint32_t fault)
    {
        if (first == UVC_FAULT_NONE) {
            first = fault;
        }
        flag = true;
    }
};

// `planted`: a misreading that a comparison must notice: the end bit is not looked at.
inline std::vector<Read> read_naively(const std::vector<Packet> &packets, bool planted = false)
{
    std::vector<Read> frames;
    int open_id = -1, ended_id = -1;

    for (const Packet &packet : packets) {
        const Bytes &bytes = packet.bytes;

        if (packet.lost ||
            (!bytes.empty() && (bytes.size() < 2 || bytes[0] < 2 || bytes[0] > bytes.size()))) {
            if (open_id >= 0) {
                packet.lost ? frames.back().mark(frames.back().lost, UVC_FAULT_LOST)
                            : frames.back().mark(frames.back().header, UVC_FAULT_HEADER);
            }
            continue;
        }
        if (bytes.empty()) {
            continue;
        }
        int id = bytes[1] & 1;
        if (open_id >= 0 && open_id != id) {
            frames.back().missing_end = true;
            ended_id = open_id;
            open_id = -1;
        }
        if (bytes[1] & UVC_HEADER_STI ||
            (open_id < 0 && ended_id == id && bytes[0] == bytes.size())) {
            continue;
        }
        if (open_id < 0) {
            frames.emplace_back();
            open_id = id;
        }
        if (bytes[1] & UVC_HEADER_ERR) {
            frames.back().mark(frames.back().error, UVC_FAULT_ERROR_BIT);
        }
        frames.back().bytes.insert(frames.back().bytes.end(), bytes.begin() + bytes[0],
                                   bytes.end());
        if (bytes[1] & UVC_HEADER_EOF && !planted) {
            ended_id = id;
            open_id = -1;
        }
    }
    if (open_id >= 0) {
        frames.pop_back(); // not finished
    }
    return frames;
}
