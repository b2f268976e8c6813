/* SPDX-License-Identifier: MIT */
/*
 * One open device: the core driven by control requests, two threads, two locks. `control` may be
 * held over a transfer and comes first; `lock` is never held over anything that waits for the bus.
 */
#ifndef USB_H
#define USB_H

#include <libusb.h>
#include <stdatomic.h>

#include "card.h"
#include "usb_options.h"
#include "usb_pump.h"
#include "usb_strings.h"

struct usb_stream;

#define USB_MS          INT64_C(1000000)
#define USB_BULK_IN     0x81u
#define USB_EVENT_IN    0x82u
#define USB_EVENT_BYTES 64u
#define USB_CONTROL_MS  1000u                                  /* of a control request */
#define USB_TOLD_LATER  (VDH_EVENT_SOURCE | VDH_EVENT_CONTROL) /* by the control thread */

/* Which driver a device needs; its descriptors decide. */
enum usb_kind { USB_KIND_NONE, USB_KIND_VENDOR, USB_KIND_UVC };

/* A device on the bus, as a list shows it. */
struct usb_seat {
    libusb_device *device; /* the list's: take a reference to keep it */
    enum usb_kind kind;
    int running; /* firmware runs: its second product id */
    int speed;   /* enum libusb_speed */
    uint8_t bus;
    uint8_t address;
    uint8_t serial_index;
    uint8_t product_index;
    int refused; /* libusb's reason why it could not be opened, 0: none */
    char serial[32];
    char product[64]; /* a camera's own name; "" if it could not be asked */
    char port[48];    /* "1-2.3": bus and ports */
    char id[128];     /* "usb:SERIAL", else "usb:port-1-2.3" */
};

/* What a handle leads to at the moment. A device that re-enumerates gets another one. */
struct usb_link {
    libusb_device_handle *handle;
    int file; /* what the handle was made from, if libusb did not open it; else -1 */
    struct libusb_transfer *event;
    uint8_t event_bytes[USB_EVENT_BYTES];
    int event_flies; /* under `lock`, all of these */
    atomic_int event_halted;
    int event_errors; /* in a row */
    atomic_int lost;  /* the event endpoint or a request saw NO DEVICE */
};

struct usb_card {
    struct card base; /* its driver */
    struct usb_options options;
    libusb_context *context;
    char serial[32];
    char port[48];
    int speed;
    uint8_t bus;
    atomic_int gone;

    vdi_mutex *control; /* the core and every request */
    vdi_mutex *lock;    /* what callbacks touch */
    vdi_cond *cond;     /* of those who wait for frames, events, the end of transfers */
    vdi_cond *alarm;    /* of the control thread */
    struct usb_pump pump;
    vdi_thread *events_thread;
    vdi_thread *control_thread;
    atomic_int quit;

    struct usb_link link;
    uint32_t news;   /* VDH_EVENT_* not looked at yet */
    uint32_t moved;  /* CONTROL_CHANGED of the same packets */
    uint32_t moving; /* not 0: it is expected to leave the bus and to come back */

    struct vdh_io io;   /* of its driver */
    int64_t request_ns; /* how long the shortest request took */
    int request_error;  /* libusb's of the last one that failed; 0: its length was wrong */

    /* Registers read in one request, each handed out once. */
    uint8_t ahead[1024];
    uint32_t ahead_offset;
    uint32_t ahead_bytes;
    uint8_t ahead_used[256];
    atomic_uint requests; /* control transfers so far */

    struct usb_stream *stream;
};

static inline void usb_card_lock(struct usb_card *card)
{
    vdi_mutex_lock(card->lock);
}

static inline void usb_card_unlock(struct usb_card *card)
{
    vdi_mutex_unlock(card->lock);
}

static inline struct usb_card *usb_card_from(struct card *base)
{
    return (struct usb_card *)base;
}

struct uvc_device;

/* What was opened: the one or the other. */
struct usb_device {
    struct card_device card; /* first, since backends/card sees no more of it */
    struct uvc_device *camera;
};

static inline struct usb_card *usb_card_of(struct vdi_device *device)
{
    return usb_card_from(card_of(device));
}

/* ---- usb_find.c: what is on the bus ---- */

/* Calls `each` for every device that this backend drives, until it returns other than 0. */
int usb_find_each(libusb_context *context, int (*each)(const struct usb_seat *seat, void *user),
                  void *user);
/* Whether `path`, the id behind "usb:" without options, names it. "" names any. */
int usb_find_matches(const struct usb_seat *seat, const char *path, size_t length);
void usb_find_describe(struct vdi_device_info *out, const struct usb_seat *seat);
int usb_list(struct vdi_context *context, struct vdi_sink *sink);
/* A libusb context, or an error text. */
int usb_context_create(libusb_context **out);
/* "usb:port-…: libusb says LIBUSB_ERROR_ACCESS", with what to do. Returns a vdc_status. */
int usb_find_error(const char *id, int code, const char *tried);

/* ---- usb_device.c: open, close, the threads ---- */

int usb_open(struct vdi_device *device, const char *path);
void usb_close(struct vdi_device *device);
/* Both take and give `control`, for calls of the library. */
void usb_card_enter(struct usb_card *card);
void usb_card_leave(struct usb_card *card);
/* From any thread, with `lock` held: it is gone for good; wakes everybody. */
void usb_card_lost(struct usb_card *card);

/* ---- usb_link.c: one handle, from open to close ---- */

/* 0, or libusb's error. */
int usb_link_open(struct usb_card *card, libusb_device *device);
void usb_link_close(struct usb_card *card);
/* Sees the device at its place again, after it left the bus; a result of the core. With `control` held. */
int usb_link_return(struct usb_card *card);

/* ---- usb_io.c: the core's callbacks ---- */

void usb_io_init(struct usb_card *card);
/* Reads registers that the core will ask for in a moment, in one request. */
int usb_io_read_ahead(struct usb_card *card, uint32_t offset, uint32_t bytes);
void usb_io_forget(struct usb_card *card);
/* The core's result for libusb's. */
int usb_io_result(struct usb_card *card, int code);

/* ---- usb_boot.c: all with `control` held ---- */

/* From now on (1), or no longer (0), it may leave the bus and come back; nests. */
void usb_boot_moving(struct usb_card *card, int moving);
int usb_boot_greet(struct card *base, uint32_t attempt);
int usb_boot_run(struct card *base, const uint8_t *image, size_t bytes, uint32_t flags,
                 enum vdh_image_error *why, vdc_progress_fn progress, void *user);

/* ---- usb_host.c: what card.h asks of a backend ---- */

extern const struct card_host usb_host;

/* ---- usb_format.c: what the link carries ---- */

int usb_format_carries(const struct card *card, const struct vdh_format *format);
int usb_format_negotiate(struct card *card, vdc_format *format, uint32_t *changed);

/* ---- usb_event.c: the interrupt endpoint and what it sets off ---- */

int usb_event_submit(struct usb_card *card);
/* The control thread's: what the packets told, without `lock`. */
void usb_event_tell(struct usb_card *card, uint32_t events, uint32_t moved);

/* ---- usb_hotplug.c ---- */

int usb_watch(struct vdi_context *context, void **state, int on);
/* Tells the context that an open device is gone, unless its watch will. */
void usb_hotplug_lost(struct vdi_context *context, const char *id);
/* While a device re-enumerates its leaving is no news. */
void usb_hotplug_moving(const char *id, int moving);

/* ---- usb_devmem.c ---- */

/* Whether there are so many bytes of it in one piece. */
int usb_devmem_lends(libusb_device_handle *handle, size_t bytes);
/* Whether memory that libusb maps is read about as fast as any other: measured once a controller. */
int usb_devmem_is_fast(struct vdi_context *context, const char *id, libusb_device_handle *handle,
                       uint8_t bus);

/* ---- usb_platform_*.c ---- */

/* Memory that all transfers of this system may take together; 0: no limit known. */
uint64_t usb_platform_budget_bytes(void);
/* 1 and its name if another program streams from the camera at `port` through the system's own driver. */
int usb_platform_streams(char *node, size_t size, const char *port);
/* What to do about a missing permission. */
const char *usb_platform_permission_text(void);
/* Changes whenever something comes or goes, though libusb does not notice; 0: cannot be told. */
uint64_t usb_platform_bus_mark(void);
/* Opens what a context of libusb does not know of: 0 and *file for usb_platform_close(), or libusb's error. */
int usb_platform_open(libusb_device_handle **out, int *file, libusb_context *context, uint8_t bus,
                      uint8_t address);
void usb_platform_close(int file);
/* What the system knows of a device's strings without a question to the device. */
void usb_platform_strings(struct usb_strings *out, const struct usb_place *place);
/* All of a device's first configuration as the system has it: bytes, 0 if it cannot be had. */
size_t usb_platform_descriptors(uint8_t *out, size_t room, uint8_t bus, uint8_t address);

#endif
