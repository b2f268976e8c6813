/* SPDX-License-Identifier: MIT */
/*
 * The table, by ids. It is short on purpose: each entry is a device that others have met and described in public, the class driver
 * of Linux above all; none of them was at hand here.
 */
#include "uvc_quirks.h"

#include <stddef.h>

/* clang-format off */
const struct uvc_quirk_entry uvc_quirk_table[] = {
    { 0x0408, 0x4033, UVC_QUIRK_SHORT_PROBE, "Quanta HD User Facing" },
    { 0x0408, 0x4035, UVC_QUIRK_SHORT_PROBE, "Quanta HD User Facing" },
    { 0x0416, 0xa91a, UVC_QUIRK_NO_MINMAX, "LogiLink Wireless Webcam" },
    { 0x0458, 0x706e, UVC_QUIRK_NO_MINMAX, "Genius eFace 2025" },
    { 0x045e, 0x00f8, UVC_QUIRK_NO_MINMAX, "Microsoft LifeCam NX-6000" },
    { 0x045e, 0x0721, UVC_QUIRK_NO_DEF, "Microsoft LifeCam NX-3000" },
    { 0x045e, 0x0723, UVC_QUIRK_NO_MINMAX, "Microsoft LifeCam VX-7000" },
    { 0x046d, 0x082d, UVC_QUIRK_BAD_SOF, "Logitech HD Pro Webcam C920" },
    { 0x046d, 0x085c, UVC_QUIRK_BAD_SOF, "Logitech HD Pro Webcam C922" },
    { 0x058f, 0x3820, UVC_QUIRK_NO_MINMAX, "Alcor Micro AU3820" },
    { 0x05a9, 0x2640, UVC_QUIRK_NO_DEF, "OmniVision, Dell XPS M1530" },
    { 0x05a9, 0x2641, UVC_QUIRK_NO_DEF, "OmniVision, Dell SP2008WFP" },
    { 0x05a9, 0x2643, UVC_QUIRK_NO_DEF, "OmniVision, Dell Alienware X51" },
    { 0x05a9, 0x264a, UVC_QUIRK_NO_DEF, "OmniVision, Dell Studio Hybrid 140g" },
    { 0x05a9, 0x7670, UVC_QUIRK_NO_DEF, "OmniVision, Dell XPS M1330" },
    { 0x05ac, 0x8501, UVC_QUIRK_NO_MINMAX | UVC_QUIRK_OWN_PAYLOAD, "Apple Built-in iSight" },
    { 0x05ac, 0x8514, UVC_QUIRK_NO_DEF, "Apple FaceTime HD Camera" },
    { 0x05ac, 0x8600, UVC_QUIRK_NO_DEF, "Apple iBridge camera" },
    { 0x05c8, 0x0403, UVC_QUIRK_BANDWIDTH, "Foxlink HP Webcam" },
    { 0x05e3, 0x0505, UVC_QUIRK_NO_FID, "Genesys Logic PC Camera" },
    { 0x06f8, 0x300c, UVC_QUIRK_BANDWIDTH, "Hercules Classic Silver" },
    { 0x0ac8, 0x332d, UVC_QUIRK_BANDWIDTH, "ViMicro Vega" },
    { 0x0ac8, 0x3410, UVC_QUIRK_BANDWIDTH, "ViMicro Minoru3D" },
    { 0x0ac8, 0x3420, UVC_QUIRK_BANDWIDTH, "ViMicro Venus" },
    { 0x0bd3, 0x0555, UVC_QUIRK_NO_MINMAX, "Ophir Optronics SPCAM 620U" },
    { 0x0c45, 0x6366, UVC_QUIRK_SOI, "Sonix 292A IPC AR0330" },
    { 0x0e8d, 0x0004, UVC_QUIRK_NO_MINMAX | UVC_QUIRK_NO_DEF, "MediaTek MT6227" },
    { 0x13d3, 0x5103, UVC_QUIRK_NO_FID, "IMC Networks, Medion Akoya" },
    { 0x152d, 0x0310, UVC_QUIRK_NO_MINMAX, "JMicron XGA WebCam" },
    { 0x16d0, 0x0ed1, UVC_QUIRK_SOI, "Kurokesu C1 PRO" },
    { 0x174f, 0x5212, UVC_QUIRK_NO_FID, "Syntek, HP Spartan" },
    { 0x174f, 0x5931, UVC_QUIRK_NO_FID, "Syntek, Samsung Q310" },
    { 0x174f, 0x8a31, UVC_QUIRK_NO_FID, "Syntek, Asus F9SG" },
    { 0x17dc, 0x0202, UVC_QUIRK_NO_FID, "Miricle 307K" },
    { 0x17ef, 0x480b, UVC_QUIRK_NO_FID, "Lenovo ThinkPad SL400, SL500" },
    { 0x1871, 0x0306, UVC_QUIRK_NO_MINMAX | UVC_QUIRK_FRAME_BYTES, "Aveo USB 2.0 Camera" },
    { 0x18cd, 0xcafe, UVC_QUIRK_FRAME_BYTES, "Ecamm Pico iMage" },
    { 0x18ec, 0x3188, UVC_QUIRK_NO_MINMAX, "Manta MM-353 Plako" },
    { 0x18ec, 0x3288, UVC_QUIRK_NO_MINMAX, "FSC WebCam V30S" },
    { 0x18ec, 0x3290, UVC_QUIRK_NO_DEF, "Arkmicro" },
    { 0x1b3b, 0x2951, UVC_QUIRK_NO_MINMAX, "MSI StarCam 370i" },
    { 0x1b3f, 0x2002, UVC_QUIRK_NO_MINMAX, "Generalplus 808 Camera" },
    { 0x1bcf, 0x0b40, UVC_QUIRK_SHORT_PROBE, "Aoni 2K FHD camera" },
    { 0x1c4f, 0x3000, UVC_QUIRK_NO_MINMAX | UVC_QUIRK_NO_SELECTOR, "SiGma Micro Web Camera" },
    { 0x1fc9, 0x009b, UVC_QUIRK_NO_MINMAX, "NXP IR VIDEO" },
    { 0x2833, 0x0201, UVC_QUIRK_GREY, "Oculus Positional Tracker DK2" },
};
/* clang-format on */
const uint32_t uvc_quirk_count = sizeof(uvc_quirk_table) / sizeof(uvc_quirk_table[0]);

uint32_t uvc_quirks_of(uint16_t vendor, uint16_t product)
{
    for (uint32_t i = 0; i < uvc_quirk_count; i++) {
        if (uvc_quirk_table[i].vendor == vendor && uvc_quirk_table[i].product == product) {
            return uvc_quirk_table[i].quirks;
        }
    }
    return 0;
}

const char *uvc_quirk_words(uint32_t quirk)
{
    static const char *const words[] = {
        "the probe's minimum and maximum are not asked for",
        "the probe's default is not asked for",
        "frames end by the end bit alone",
        "a payload that begins a JPEG picture begins a frame",
        "the payload's size is computed, since the camera asks for far more",
        "the probe names the size of a frame",
        "the probe has 26 bytes although the camera calls itself 1.5",
        "the camera's frame counter is not used",
        "YUYV is 8-bit grey in truth",
        "its payloads have headers of their own, which are not understood",
        "its selector unit is left alone",
    };

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (quirk == UINT32_C(1) << i) {
            return words[i];
        }
    }
    return "?";
}
