/* SPDX-License-Identifier: MIT */
/**
 * @file formats.h
 * @brief Pixel formats, colour and field order: the words of ::vdc_format.
 */
#ifndef VIDICON_FORMATS_H
#define VIDICON_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "vidicon/export.h"

VDC_BEGIN_DECLS

/** A four-character code; the first letter lies in the lowest byte. */
#define VDC_FOURCC(a, b, c, d) \
    ((uint32_t)(a) | ((uint32_t)(b) << 8) | ((uint32_t)(c) << 16) | ((uint32_t)(d) << 24))

/**
 * @name Pixel formats
 * The codes and layouts are those of Linux' videodev2.h. A device may deliver others too; they come
 * through unchanged, as one plane of bytes.
 * @{
 */
#define VDC_FOURCC_YUYV \
    VDC_FOURCC('Y', 'U', 'Y', 'V') /**< Packed 4:2:2: Y U Y V, 2 bytes a pixel. */
#define VDC_FOURCC_UYVY \
    VDC_FOURCC('U', 'Y', 'V', 'Y') /**< Packed 4:2:2: U Y V Y, 2 bytes a pixel. */
#define VDC_FOURCC_NV12 \
    VDC_FOURCC('N', 'V', '1', '2') /**< 4:2:0: a plane of Y, a plane of U V pairs. */
#define VDC_FOURCC_RGB24 VDC_FOURCC('R', 'G', 'B', '3') /**< R G B, 3 bytes a pixel. */
#define VDC_FOURCC_GREY  VDC_FOURCC('G', 'R', 'E', 'Y') /**< Y only, 1 byte a pixel. */
#define VDC_FOURCC_MJPEG VDC_FOURCC('M', 'J', 'P', 'G') /**< Compressed: a JPEG picture a frame. */
#define VDC_FOURCC_H264  VDC_FOURCC('H', '2', '6', '4') /**< Compressed: H.264 with start codes. */
#define VDC_FOURCC_HEVC  VDC_FOURCC('H', 'E', 'V', 'C') /**< Compressed: H.265 with start codes. */
/** @} */

/** Field order of a picture. */
enum vdc_field {
    VDC_FIELD_ANY = 0,         /**< In a request: no wish. In an answer: not known. */
    VDC_FIELD_PROGRESSIVE = 1, /**< The lines belong to one moment. */
    VDC_FIELD_TOP_FIRST = 2,   /**< Two interleaved fields, the top one is older. */
    VDC_FIELD_BOTTOM_FIRST = 3 /**< Two interleaved fields, the bottom one is older. */
};

/** Colour primaries: code points of ITU-T H.273, table 2. */
enum vdc_primaries {
    VDC_PRIMARIES_ANY = 0,     /**< No wish, or not known. */
    VDC_PRIMARIES_BT709 = 1,   /**< HD video, sRGB. */
    VDC_PRIMARIES_BT470BG = 5, /**< 625-line SD video. */
    VDC_PRIMARIES_BT601 = 6,   /**< 525-line SD video (SMPTE 170M). */
    VDC_PRIMARIES_BT2020 = 9   /**< UHD video. */
};

/** Transfer characteristics: code points of ITU-T H.273, table 3. */
enum vdc_transfer {
    VDC_TRANSFER_ANY = 0,    /**< No wish, or not known. */
    VDC_TRANSFER_BT709 = 1,  /**< HD video. */
    VDC_TRANSFER_BT601 = 6,  /**< SD video. */
    VDC_TRANSFER_LINEAR = 8, /**< Light, not video. */
    VDC_TRANSFER_SRGB = 13,  /**< Computer pictures. */
    VDC_TRANSFER_PQ = 16,    /**< HDR, SMPTE ST 2084. */
    VDC_TRANSFER_HLG = 18    /**< HDR, hybrid log-gamma. */
};

/** Matrix from R G B to Y U V: code points of ITU-T H.273, table 4, plus one. */
enum vdc_matrix {
    VDC_MATRIX_ANY = 0,    /**< No wish, or not known. */
    VDC_MATRIX_BT709 = 1,  /**< HD video. */
    VDC_MATRIX_BT601 = 6,  /**< SD video. */
    VDC_MATRIX_BT2020 = 9, /**< UHD video. */
    VDC_MATRIX_RGB = 256   /**< No matrix: R G B (code point 0 of H.273, which here means any). */
};

/** Range of the sample values. */
enum vdc_range {
    VDC_RANGE_ANY = 0,     /**< No wish, or not known. */
    VDC_RANGE_LIMITED = 1, /**< Y 16 to 235, U and V 16 to 240. */
    VDC_RANGE_FULL = 2     /**< 0 to 255. */
};

/** A fraction: frame intervals in seconds, such as 1001/60000. Fixed for ever. */
typedef struct vdc_fraction {
    uint32_t num; /**< Numerator. */
    uint32_t den; /**< Denominator. */
} vdc_fraction;

/** Where the U and V samples of subsampled formats lie: H.273 chroma sample locations, plus one. */
enum vdc_chroma_site {
    VDC_CHROMA_ANY = 0,  /**< Not subsampled, or not known. */
    VDC_CHROMA_LEFT = 1, /**< 4:2:0: on the left pixel, between the lines (MPEG-2). 4:2:2: left. */
    VDC_CHROMA_CENTER = 2,  /**< 4:2:0: amid four pixels (JPEG). */
    VDC_CHROMA_TOP_LEFT = 3 /**< 4:2:0: on the top left pixel (BT.2020). */
};

/**
 * A picture format. Fixed for ever: it holds no size and will not grow. In a request a member that
 * is 0 means "any"; so an all-zero format asks for what the device likes best.
 */
typedef struct vdc_format {
    /** VDC_FOURCC_* or another code of the device. */
    uint32_t fourcc;
    /** Pixels a line. */
    uint32_t width_px;
    /** Lines a frame. */
    uint32_t height_px;
    /** Time between frames, in seconds. */
    vdc_fraction interval_s;
    /** From one line to the next, in the first plane. 0 for compressed formats. */
    uint32_t stride_bytes;
    /** ::vdc_field. */
    uint32_t field;
    /** ::vdc_primaries. */
    uint32_t primaries;
    /** ::vdc_transfer. */
    uint32_t transfer;
    /** ::vdc_matrix. */
    uint32_t matrix;
    /** ::vdc_range. */
    uint32_t range;
    /** ::vdc_chroma_site. Only in answers: a wish for it is not looked at. */
    uint32_t chroma_site;
    /** Width of a pixel over its height, 0/0 if not known. Only in answers, too. */
    vdc_fraction pixel_aspect;
    /** 0. */
    uint32_t reserved[2];
} vdc_format;

/* clang-format off */
/** A format that wishes nothing. */
#define VDC_FORMAT_INIT { 0, 0, 0, { 0, 0 }, 0, 0, 0, 0, 0, 0, 0, { 0, 0 }, { 0, 0 } }
/* clang-format on */

/** Where one plane of a frame lies. Fixed for ever. */
typedef struct vdc_plane_layout {
    size_t offset_bytes;   /**< From the start of the buffer. */
    uint32_t stride_bytes; /**< From one line to the next; 0 for compressed formats. */
    uint32_t line_bytes;   /**< Bytes of a line that carry pixels. */
    uint32_t lines;        /**< Lines of this plane. */
    uint32_t reserved;     /**< 0. */
} vdc_plane_layout;

/** Most planes of any format. */
#define VDC_PLANES_MAX 4

/**
 * Computes the planes of an uncompressed format, all in one buffer.
 * @param[out] planes       Filled from the first on.
 * @param[out] plane_count  How many.
 * @param[out] total_bytes  Bytes of a frame.
 * @param format            fourcc, width, height; stride_bytes 0 means the smallest.
 * @return VDC_OK; VDC_E_INVALID for an unknown code, an odd size where the format needs an even
 *         one, a stride below a line, or a frame beyond 2 GiB.
 */
VDC_API(int) vdc_format_layout(vdc_plane_layout planes[VDC_PLANES_MAX], uint32_t *plane_count,
                               size_t *total_bytes, const vdc_format *format);

/** A four-character code as text: "YUYV", and "RGB3" for VDC_FOURCC_RGB24, since that is its code.
 * Writes 5 bytes, the last one 0. Bytes that cannot be printed become '.'. */
VDC_API(void) vdc_fourcc_text(char text[5], uint32_t fourcc);

VDC_END_DECLS

#endif
