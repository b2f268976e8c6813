/* SPDX-License-Identifier: MIT */
/* The guest's end of the line to the rig, see protocol.h. For C and C++. */
#ifndef VMR_RIG_CLIENT_H
#define VMR_RIG_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the port: a descriptor, or -1 if there is no rig around this machine. */
int vmr_rig_open(void);
void vmr_rig_close(int rig);

/* Sends the printf-formatted request (without newline) and waits for the answer. 0 and the values
 * behind "ok" in `answer`; or -1 and the reason. `answer` may be NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
int vmr_rig_call(int rig, char *answer, size_t room, const char *request, ...);

/* NAME=NUMBER out of an answer: 0, or -1 if it is not there. */
int vmr_rig_value(const char *answer, const char *name, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif
