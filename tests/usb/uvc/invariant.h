/* SPDX-License-Identifier: MIT */
/* What holds for every parsed camera, whatever its descriptors were. Shared by the tests and the fuzzer. */
#ifndef UVC_INVARIANT_H
#define UVC_INVARIANT_H

#include "uvc_desc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL if all holds, else what does not. */
const char *uvc_invariant(const struct uvc_camera *camera);

#ifdef __cplusplus
}
#endif

#endif
