/* SPDX-License-Identifier: MIT */
/**
 * @file version.h
 * @brief Version of the headers, and of the library at run time.
 */
#ifndef VIDICON_VERSION_H
#define VIDICON_VERSION_H

#include <stdint.h>

#include "vidicon/export.h"

VDC_BEGIN_DECLS

#define VDC_VERSION_MAJOR 0 /**< Rises when programs must be changed. */
#define VDC_VERSION_MINOR 1 /**< Rises when something was added. Before 1.0 it may break too. */
#define VDC_VERSION_PATCH 0 /**< Rises when something was mended. */

/** The headers' version as one number that grows. */
#define VDC_VERSION \
    (((uint32_t)VDC_VERSION_MAJOR << 24) | ((uint32_t)VDC_VERSION_MINOR << 16) | VDC_VERSION_PATCH)

/** The version of the library that runs, coded as ::VDC_VERSION. Any thread. */
VDC_API(uint32_t) vdc_version(void);

/** The same for people, with the package's name in front. Static. Any thread. */
VDC_API(const char *) vdc_version_text(void);

VDC_END_DECLS

#endif
