/* SPDX-License-Identifier: MIT */
/* One sink of log lines a context, one line at a time.
 * A backend may log with its locks held, so the sink must not call the library; if it does and that
 * logs again, the line is dropped rather than waited for. */
#include "internal.h"

#include <stdio.h>

int vdi_log_create(struct vdi_log *log, const vdc_context_config *config)
{
    log->write = config->log;
    log->user = config->log_user;
    log->level = (int)config->log_level;
    return vdi_mutex_create(&log->lock);
}

void vdi_log_destroy(struct vdi_log *log)
{
    vdi_mutex_destroy(log->lock);
}

void vdi_log(struct vdi_context *context, int level, const char *format, ...)
{
    struct vdi_log *log = &context->log;
    struct vdi_thread_state *thread;
    char line[512];
    va_list arguments;
    int length;

    if (log->write == NULL || level > log->level) {
        return;
    }
    thread = vdi_this_thread();
    if (thread->in_log != 0) {
        return;
    }
    va_start(arguments, format);
    length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    for (char *at = line; *at != '\0'; at++) {
        if (*at == '\n' || *at == '\r') {
            *at = ' ';
        }
    }
    vdi_mutex_lock(log->lock);
    thread->in_log++;
    thread->in_callback++;
    log->write(level, line, log->user);
    thread->in_callback--;
    thread->in_log--;
    vdi_mutex_unlock(log->lock);
}
