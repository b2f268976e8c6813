/* SPDX-License-Identifier: MIT */
/*
 * Microsoft's OS 2.0 descriptors, read as strictly as the most pedantic Windows could: by the published layout alone,
 * every length, every reserved byte and every terminator. Shares nothing with the model that writes them.
 */
#ifndef USB_MICROSOFT_H
#define USB_MICROSOFT_H

#include <cstdint>
#include <string>
#include <vector>

namespace microsoft {

using Bytes = std::vector<uint8_t>;

/* What Windows takes out of them. */
struct Findings {
    uint32_t windows = 0;    /* NTDDI_VERSION of the set that was announced */
    uint8_t vendor_code = 0; /* bRequest that reads the set */
    uint16_t set_bytes = 0;
    std::string compatible_id;
    std::vector<std::string> interface_guids;
};

/* The BOS descriptor. "" or what is wrong with it. */
std::string ReadBos(Findings *out, const Bytes &bos);
/* The set that the announced request returned. */
std::string ReadSet(Findings *out, const Bytes &set);

} // namespace microsoft

#endif
