/* SPDX-License-Identifier: MIT */
/* A user's program: it links the library and finds the headers of the same version. */
#include <stdio.h>

#include "vidicon/vidicon.h"

int main(void)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    vdc_context *context = NULL;
    int status = vdc_context_create(&context, &config);

    printf("%s: %s\n", vdc_version_text(), vdc_status_name(status));
    vdc_context_destroy(context);
    return status != VDC_OK || vdc_version() != VDC_VERSION;
}
