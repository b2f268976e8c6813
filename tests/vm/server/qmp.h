/* SPDX-License-Identifier: MIT */
/* QEMU's own control socket, as far as hot plug needs it. */
#ifndef VMR_QMP_H
#define VMR_QMP_H

/* Each: 0, or -1 and *what. The socket is looked for at the first use. */
int qmp_device_add(const char *qmp_path, unsigned number, const char *card_path, const char **what);
/* Asks the guest to let go and waits until it did. No such device is no error. */
int qmp_device_del(const char *qmp_path, unsigned number, const char **what);

#endif
