/* SPDX-License-Identifier: MIT */
#ifndef REDIR_PRIVATE_H
#define REDIR_PRIVATE_H

#include <usbredirparser.h>

#include "redir.h"

struct redir_request {
    uint64_t id;
    uint32_t length;
    int cancelled;
};

struct redir {
    struct vdm_card *model;
    enum vdm_usb_speed speed;
    int socket; /* -1: no peer */
    struct usbredirparser *parser;
    int greeted;   /* the peer said hello */
    int attached;  /* as the model says */
    int rejoined;  /* it was away since the peer was told */
    int announced; /* the peer was told that it is there */
    int awaits_ack;
    int captures;

    /* Bulk IN: answers go out in the order of the requests. */
    struct redir_request pending[REDIR_PENDING_MOST];
    uint32_t first, count;
    uint8_t *data; /* of the first */
    uint32_t filled;

    int interrupts; /* the peer wants packets of the interrupt endpoint */
    uint64_t interrupt_id;

    uint64_t limit, tokens, spent_at_ns;
    uint64_t hang;
    uint64_t hung_id;
    int hangs;
    struct redir_report report;
};

/* redir_bulk.c */
void redir_bulk_ask(struct redir *redir, uint64_t id, uint32_t length);
/* 1 if it was there. */
int redir_bulk_cancel(struct redir *redir, uint64_t id);
void redir_bulk_forget(struct redir *redir);
void redir_bulk_move(struct redir *redir);
void redir_bulk_answer(struct redir *redir, uint64_t id, uint8_t status, uint8_t *data,
                       uint32_t length);

#endif
