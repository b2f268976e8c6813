/* SPDX-License-Identifier: MIT */
/* The line protocol of ../protocol.h. */
#ifndef VMR_CONTROL_H
#define VMR_CONTROL_H

#include <stddef.h>

#include "card.h"

struct control {
    struct card **cards;
    unsigned count;
    const char *folder; /* of the sockets: card0.sock and so on, qmp.sock */
    const char *share;  /* of the clips */
};

/* Answers one request (without newline), with newline. Any bytes may come. */
void control_answer(struct control *control, const char *request, char *answer, size_t room);

#endif
