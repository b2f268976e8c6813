/* SPDX-License-Identifier: MIT */
/* rig REQUEST...: asks the rig, prints the values of its answer. For shell scripts in the guest. */
#include <stdio.h>
#include <string.h>

#include "../protocol.h"
#include "rig_client.h"

int main(int argc, char **argv)
{
    char request[VMR_LINE_BYTES] = "", answer[VMR_LINE_BYTES];
    size_t used = 0;
    int rig, result;

    for (int n = 1; n < argc && used < sizeof request; n++)
        used += (size_t)snprintf(request + used, sizeof request - used, "%s%s", n > 1 ? " " : "",
                                 argv[n]);
    if (argc < 2 || used >= sizeof request) {
        (void)fprintf(stderr, "rig REQUEST..., see tests/vm/protocol.h\n");
        return 2;
    }
    rig = vmr_rig_open();
    if (rig < 0) {
        (void)fprintf(stderr, "rig: there is none around this machine\n");
        return 1;
    }
    result = vmr_rig_call(rig, answer, sizeof answer, "%s", request);
    vmr_rig_close(rig);
    if (result) {
        (void)fprintf(stderr, "rig: %s\n", answer);
        return 1;
    }
    (void)puts(answer);
    return 0;
}
