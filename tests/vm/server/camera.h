/* SPDX-License-Identifier: MIT */
/* The rig's one UVC camera: tests/usb/camera's server as a process of its own, which stands beside this program. */
#ifndef VMR_CAMERA_H
#define VMR_CAMERA_H

#include <stddef.h>

/* Does what the words behind "camera" ask for, see ../protocol.h: 0 and values in `answer`, or -1 and *what. `folder` is that of
 * the sockets. */
int rig_camera(const char *folder, const char *words, char *answer, size_t room, const char **what);
/* Ends it, if there is one. */
void rig_camera_end(void);

#endif
