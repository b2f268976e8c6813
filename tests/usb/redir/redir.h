/* SPDX-License-Identifier: MIT */
/*
 * The model in its USB body behind a usb-redir connection, which QEMU shows to a guest as a device
 * on its bus. No thread and no lock of its own: the host, tests/vm/server or a test, calls it when
 * the socket can be read or written, and after the model has lived for a while.
 */
#ifndef REDIR_H
#define REDIR_H

#include <stdint.h>

#include "vdm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDIR_REQUEST_MOST (16u << 20) /* bytes of one bulk request */
#define REDIR_PENDING_MOST 256u        /* bulk requests that wait */

struct redir;

struct redir_report {
    uint64_t controls; /* requests answered, but for those that QEMU itself makes */
    uint64_t bulk_requests;
    uint64_t bulk_bytes;
    uint64_t events;
    uint64_t cancelled;
    uint64_t connects; /* times that the device was there anew */
    uint64_t hung;     /* control requests left without an answer */
    uint64_t refused;  /* what the peer sent that made no sense */
    uint64_t pending;  /* bulk requests that wait now */
};

/* NULL if there is no memory. `speed` is that of the card's config. */
struct redir *redir_create(enum vdm_usb_speed speed);
void redir_destroy(struct redir *redir);
void redir_set_model(struct redir *redir, struct vdm_card *model);

/* To be called from the model's callback: the card left the bus, or is there. */
void redir_attachment(struct redir *redir, int attached);

/* A peer is at `socket` (which does not block), or is gone. */
int redir_begin(struct redir *redir, int socket);
void redir_end(struct redir *redir);
/* What has come: 0, or -1 if the connection is to be ended. */
int redir_read(struct redir *redir);
/* Answers what can be answered now, and sends: 0, or -1 if the connection is to be ended. */
int redir_settle(struct redir *redir);
int redir_wants_to_write(const struct redir *redir);
/* When it wants to settle again though nothing happened: in the model's time; UINT64_MAX never. */
uint64_t redir_due_ns(const struct redir *redir);

/* Does a bulk request wait? Does the card capture, as was last written to it? */
int redir_is_asked(const struct redir *redir);
int redir_captures(const struct redir *redir);

/* Bulk IN carries at most so many bytes a second of the model's time; 0: no limit. */
void redir_set_limit(struct redir *redir, uint64_t bytes_per_s);
/* The nth control request of a vendor from now is not answered; 0: all are. */
void redir_set_hang(struct redir *redir, uint64_t nth);
void redir_look(const struct redir *redir, struct redir_report *report);

#ifdef __cplusplus
}
#endif

#endif
