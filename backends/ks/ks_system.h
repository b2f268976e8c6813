/* SPDX-License-Identifier: MIT */
/*
 * All that the backend asks of Windows: one table. ks_win32.c answers it with system calls, tests/ks with a scripted
 * filter; what lies above is portable C. Results are Win32 error codes, 0 for success, since those are what a user can look
 * up; ks_error.c turns them into the library's.
 */
#ifndef KS_SYSTEM_H
#define KS_SYSTEM_H

#include <stdint.h>

/* The error codes that mean something to the backend, by their names in winerror.h. */
enum ks_result {
    KS_OK = 0,
    KS_INVALID_FUNCTION = 1,
    KS_FILE_NOT_FOUND = 2,
    KS_PATH_NOT_FOUND = 3,
    KS_ACCESS_DENIED = 5,
    KS_INVALID_HANDLE = 6,
    KS_NOT_ENOUGH_MEMORY = 8,
    KS_BAD_COMMAND = 22, /* STATUS_INVALID_DEVICE_STATE */
    KS_NOT_READY = 21,
    KS_GEN_FAILURE = 31,
    KS_SHARING_VIOLATION = 32,
    KS_NOT_SUPPORTED = 50,
    KS_DEV_NOT_EXIST = 55,
    KS_TOO_MANY_NAMES = 68, /* STATUS_TOO_MANY_NODES */
    KS_INVALID_PARAMETER = 87,
    KS_INSUFFICIENT_BUFFER = 122,
    KS_BUSY = 170,
    KS_MORE_DATA = 234,
    KS_WAIT_TIMEOUT = 258,
    KS_NO_SUCH_DEVICE = 433,
    KS_OPERATION_ABORTED = 995,
    KS_IO_DEVICE = 1117,
    KS_NOT_CONNECTED = 1167,
    KS_NOT_FOUND = 1168,
    KS_NO_MATCH = 1169,
    KS_SET_NOT_FOUND = 1170,
    KS_NO_SYSTEM_RESOURCES = 1450,
    KS_DEVICE_REMOVED = 1617
};

/* An open filter or pin. */
struct ks_handle;

/* Which categories an interface is in. */
enum ks_category {
    KS_CATEGORY_CAPTURE = 1 << 0,
    KS_CATEGORY_VIDEO = 1 << 1,
    KS_CATEGORY_CAMERA = 1 << 2, /* KSCATEGORY_VIDEO_CAMERA */
    KS_CATEGORY_AUDIO = 1 << 3
};

/* One device interface of one category; the same device is seen once for each of its categories. UTF-8. */
struct ks_interface {
    uint32_t category;
    char path[512]; /* what CreateFile takes */
    char name[64];
    char location[128];
};

/*
 * A read in flight. The caller owns it, and neither moves it nor touches it, nor the memory that `header` and its Data
 * point to, until it was reaped.
 */
struct ks_read {
    void *header; /* KSSTREAM_HEADER with its extension */
    uint32_t header_bytes;
    uint32_t result;    /* set when it is reaped: enum ks_result */
    void *user;         /* the caller's */
    uint64_t system[6]; /* the system's: an OVERLAPPED */
};

/* Events of one listener at most, and what `happened` is told at its beginning. */
#define KS_EVENTS_MOST 48u
#define KS_EVENT_BEGIN KS_EVENTS_MOST

struct ks_property;

/* reap: somebody called wake. Not an error code of Windows. */
#define KS_WOKEN 0x20000001u

struct ks_system {
    /* Calls `found` for each interface that is present, category by category. */
    uint32_t (*enumerate)(void (*found)(void *user, const struct ks_interface *interface),
                          void *user);
    /* Opens a filter, for reading and writing, by its path. */
    uint32_t (*open)(struct ks_handle **out, const char *path);
    /* The pin on `filter` that `connect`, a KSPIN_CONNECT and the data format behind it, describes. */
    uint32_t (*create_pin)(struct ks_handle **out, struct ks_handle *filter, void *connect,
                           uint32_t connect_bytes);
    /* A filter or pin; of a pin all reads were reaped. */
    void (*close)(struct ks_handle *handle);
    /* IOCTL_KS_PROPERTY, to its end. `returned` is what the driver claims to have written, or to need with KS_MORE_DATA. */
    uint32_t (*property)(struct ks_handle *handle, const void *request, uint32_t request_bytes,
                         void *value, uint32_t value_bytes, uint32_t *returned);
    /* IOCTL_KS_READ_STREAM. KS_OK: reap will bring it, with its result. Anything else: it will not. */
    uint32_t (*submit)(struct ks_handle *pin, struct ks_read *read);
    /* The next read that ended, in that order. KS_WAIT_TIMEOUT when vdi_now_ns() reaches the deadline: in the past polls,
     * INT64_MAX has no end. KS_WOKEN once for each wake. Nothing else. */
    uint32_t (*reap)(struct ks_handle *pin, struct ks_read **out, int64_t deadline_ns);
    /* Makes a reap, in progress or the next, return KS_WOKEN. Any thread. */
    void (*wake)(struct ks_handle *pin);
    /* Asks for the end of all reads in flight; each still comes by reap. */
    void (*cancel)(struct ks_handle *pin);
    /* Calls `changed` on some thread whenever an interface may have come or gone, until unwatch has returned. `arrived` is the
     * path of one that came, else NULL. */
    uint32_t (*watch)(void **out, void (*changed)(void *user, const char *arrived), void *user);
    void (*unwatch)(void *watch);
    /* IOCTL_KS_ENABLE_EVENT for `count` events, KSEVENTs, and a thread that calls `happened` with the number of each that came,
     * until unlisten has returned; first with KS_EVENT_BEGIN, once those in *accepted are enabled: bit n for event n. KS_OK
     * if it is at least one; else the last refusal, and no listener. */
    uint32_t (*listen)(void **out, uint64_t *accepted, struct ks_handle *filter,
                       const struct ks_property *events, uint32_t count,
                       void (*happened)(void *user, uint32_t event), void *user);
    void (*unlisten)(void *listener);
    /* Whether a read comes to nothing when the thread ends that sent it. */
    int (*reads_need_thread)(void);
};

/* ks_win32.c, or the fake of the tests. */
const struct ks_system *ks_system_table(void);

#endif
