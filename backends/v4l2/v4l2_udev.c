/* SPDX-License-Identifier: MIT */
/*
 * Nodes by libudev. Listing reads sysfs and needs no daemon, so ids are the same in a small guest or a container.
 * Only the monitor needs one: without it, inotify on /dev tells what comes and goes.
 */
#include "v4l2_udev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <libudev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct v4l2_monitor {
    struct udev *udev;
    struct udev_monitor *events;
    int inotify_fd;
    size_t at, filled; /* of what inotify gave */
    _Alignas(struct inotify_event) char bytes[4096];
};

/* Copies what may stand in an id; everything else becomes '_'. Blanks at the end go. */
static void copy_word(char *to, size_t size, const char *from)
{
    size_t used = 0;

    while (from != NULL && from[used] != '\0' && used + 1 < size) {
        unsigned char letter = (unsigned char)from[used];

        to[used++] = isalnum(letter) || strchr("-.:", letter) != NULL ? (char)letter : '_';
    }
    while (used > 0 && to[used - 1] == '_') {
        used--;
    }
    to[used] = '\0';
}

/* For people: no control characters. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t used = 0;

    while (from != NULL && from[used] != '\0' && used + 1 < size) {
        unsigned char letter = (unsigned char)from[used];

        to[used++] = letter < 0x20 || letter == 0x7f ? '?' : (char)letter;
    }
    to[used] = '\0';
}

/* A USB port's number on its bus changes with the order of controllers, so the controller's own place leads. */
static void describe_usb(struct v4l2_node *node, struct udev_device *device)
{
    struct udev_device *usb =
        udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");
    struct udev_device *interface =
        udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_interface");
    struct udev_device *pci = udev_device_get_parent_with_subsystem_devtype(device, "pci", NULL);
    const char *port = interface != NULL ? udev_device_get_sysname(interface) : NULL;
    const char *vendor, *product;
    char place[128];

    if (usb == NULL) {
        return;
    }
    vendor = udev_device_get_sysattr_value(usb, "idVendor");
    product = udev_device_get_sysattr_value(usb, "idProduct");
    snprintf(place, sizeof(place), "%s:%s", vendor != NULL ? vendor : "?",
             product != NULL ? product : "?");
    copy_word(node->model, sizeof(node->model), place);
    copy_word(node->serial, sizeof(node->serial), udev_device_get_sysattr_value(usb, "serial"));
    if (port != NULL && strchr(port, '-') != NULL) {
        port = strchr(port, '-') + 1;
    }
    snprintf(place, sizeof(place), "usb-%s-%s", pci != NULL ? udev_device_get_sysname(pci) : "0",
             port != NULL ? port : "?");
    copy_word(node->location, sizeof(node->location), place);
}

static void describe_other(struct v4l2_node *node, struct udev_device *device)
{
    struct udev_device *parent = udev_device_get_parent(device);
    const char *subsystem, *vendor, *product;
    char place[128];

    if (parent == NULL) {
        /* A device that hangs on nothing: its name is its place. */
        snprintf(place, sizeof(place), "virtual-%s", udev_device_get_sysname(device));
        copy_word(node->location, sizeof(node->location), place);
        return;
    }
    subsystem = udev_device_get_subsystem(parent);
    snprintf(place, sizeof(place), "%s-%s", subsystem != NULL ? subsystem : "virtual",
             udev_device_get_sysname(parent));
    copy_word(node->location, sizeof(node->location), place);
    vendor = udev_device_get_sysattr_value(parent, "vendor");
    product = udev_device_get_sysattr_value(parent, "device");
    if (subsystem != NULL && strcmp(subsystem, "pci") == 0 && vendor != NULL && product != NULL &&
        strlen(vendor) > 2 && strlen(product) > 2) {
        snprintf(place, sizeof(place), "%s:%s", vendor + 2, product + 2);
        copy_word(node->model, sizeof(node->model), place);
        copy_word(node->serial, sizeof(node->serial),
                  udev_device_get_sysattr_value(parent, "serial_number"));
    }
}

static int describe(struct v4l2_node *node, struct udev_device *device)
{
    const char *path = udev_device_get_devnode(device);
    const char *index = udev_device_get_sysattr_value(device, "index");
    const char *serial = udev_device_get_property_value(device, "ID_SERIAL_SHORT");

    memset(node, 0, sizeof(*node));
    if (path == NULL || strlen(path) >= sizeof(node->path)) {
        return 0;
    }
    snprintf(node->path, sizeof(node->path), "%s", path);
    copy_text(node->name, sizeof(node->name), udev_device_get_sysattr_value(device, "name"));
    node->index = index != NULL ? (uint32_t)strtoul(index, NULL, 10) : 0;
    describe_usb(node, device);
    if (node->location[0] == '\0') {
        describe_other(node, device);
    }
    if (node->serial[0] == '\0' && serial != NULL && node->model[0] != '\0') {
        copy_word(node->serial, sizeof(node->serial), serial);
    }
    return 1;
}

int v4l2_udev_enumerate(v4l2_found_fn found, void *user)
{
    struct udev *udev = udev_new();
    struct udev_enumerate *list = udev != NULL ? udev_enumerate_new(udev) : NULL;
    struct udev_list_entry *entry;
    int result = list == NULL ? -1 : 0;

    if (list != NULL && (udev_enumerate_add_match_subsystem(list, "video4linux") < 0 ||
                         udev_enumerate_add_match_sysname(list, "video*") < 0 ||
                         udev_enumerate_scan_devices(list) < 0)) {
        result = -1;
    }
    if (result != 0) {
        errno = ENOMEM;
    }
    for (entry = result == 0 ? udev_enumerate_get_list_entry(list) : NULL;
         entry != NULL && result == 0; entry = udev_list_entry_get_next(entry)) {
        struct udev_device *device =
            udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
        struct v4l2_node node;

        if (device != NULL && describe(&node, device)) {
            result = found(&node, user);
        }
        udev_device_unref(device);
    }
    udev_enumerate_unref(list);
    udev_unref(udev);
    return result;
}

/* ---- What comes and goes ---- */

static int open_udev(struct v4l2_monitor *monitor)
{
    if (access("/run/udev/control", F_OK) != 0) {
        return -1; /* no daemon: its socket would stay silent */
    }
    monitor->udev = udev_new();
    monitor->events =
        monitor->udev != NULL ? udev_monitor_new_from_netlink(monitor->udev, "udev") : NULL;
    if (monitor->events == NULL ||
        udev_monitor_filter_add_match_subsystem_devtype(monitor->events, "video4linux", NULL) < 0 ||
        udev_monitor_enable_receiving(monitor->events) < 0) {
        udev_monitor_unref(monitor->events);
        udev_unref(monitor->udev);
        monitor->events = NULL;
        monitor->udev = NULL;
        return -1;
    }
    return udev_monitor_get_fd(monitor->events);
}

int v4l2_udev_monitor_open(struct v4l2_monitor **out, int *fd, const char **kind)
{
    struct v4l2_monitor *monitor = calloc(1, sizeof(*monitor));

    if (monitor == NULL) {
        return -1;
    }
    monitor->inotify_fd = -1;
    *fd = open_udev(monitor);
    *kind = "udev";
    if (*fd < 0) {
        monitor->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        *fd = monitor->inotify_fd;
        *kind = "inotify on /dev, since udev's daemon does not run here";
        if (*fd < 0 || inotify_add_watch(*fd, "/dev", IN_CREATE | IN_DELETE | IN_ATTRIB) < 0) {
            int why = errno;

            v4l2_udev_monitor_close(monitor);
            errno = why;
            return -1;
        }
    }
    *out = monitor;
    return 0;
}

static int read_udev(struct v4l2_monitor *monitor, struct v4l2_change *out)
{
    struct udev_device *device;

    while ((device = udev_monitor_receive_device(monitor->events)) != NULL) {
        const char *action = udev_device_get_action(device);
        const char *path = udev_device_get_devnode(device);
        int good = action != NULL && path != NULL && strlen(path) < sizeof(out->path);

        if (good) {
            out->removed = strcmp(action, "remove") == 0;
            snprintf(out->path, sizeof(out->path), "%s", path);
        }
        udev_device_unref(device);
        if (good) {
            return 1;
        }
    }
    return 0;
}

static int read_inotify(struct v4l2_monitor *monitor, struct v4l2_change *out)
{
    for (;;) {
        struct inotify_event *event;
        const char *name;

        if (monitor->filled - monitor->at < sizeof(*event)) {
            ssize_t taken = read(monitor->inotify_fd, monitor->bytes, sizeof(monitor->bytes));

            monitor->at = monitor->filled = 0;
            if (taken < (ssize_t)sizeof(*event)) {
                return 0;
            }
            monitor->filled = (size_t)taken;
        }
        event = (struct inotify_event *)(void *)(monitor->bytes + monitor->at);
        name = event->name;
        monitor->at += sizeof(*event) + event->len;
        if (event->len == 0 || strncmp(name, "video", 5) != 0 ||
            snprintf(out->path, sizeof(out->path), "/dev/%s", name) >= (int)sizeof(out->path)) {
            continue;
        }
        out->removed = (event->mask & IN_DELETE) != 0;
        return 1;
    }
}

int v4l2_udev_monitor_read(struct v4l2_monitor *monitor, struct v4l2_change *out)
{
    return monitor->events != NULL ? read_udev(monitor, out) : read_inotify(monitor, out);
}

void v4l2_udev_monitor_close(struct v4l2_monitor *monitor)
{
    if (monitor == NULL) {
        return;
    }
    udev_monitor_unref(monitor->events);
    udev_unref(monitor->udev);
    if (monitor->inotify_fd >= 0) {
        close(monitor->inotify_fd);
    }
    free(monitor);
}

/* ---- Who holds a node ---- */

/* Whether a process has `path` open; 0 also if its descriptors are not ours to see. */
static int has_open(const char *process, const char *path)
{
    char name[64 + NAME_MAX], target[PATH_MAX];
    struct dirent *entry;
    DIR *folder;
    int found = 0;

    snprintf(name, sizeof(name), "/proc/%.20s/fd", process);
    folder = opendir(name);
    while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
        ssize_t length;

        snprintf(name, sizeof(name), "/proc/%.20s/fd/%.20s", process, entry->d_name);
        length = readlink(name, target, sizeof(target) - 1);
        if (length > 0) {
            target[length] = '\0';
            found = strcmp(target, path) == 0;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return found;
}

void v4l2_udev_holder(char *text, size_t size, const char *path)
{
    DIR *folder = opendir("/proc");
    long own = (long)getpid();
    struct dirent *entry;

    text[0] = '\0';
    while (folder != NULL && text[0] == '\0' && (entry = readdir(folder)) != NULL) {
        char name[64], program[32] = "?";
        FILE *file;

        if (!isdigit((unsigned char)entry->d_name[0]) || strtol(entry->d_name, NULL, 10) == own ||
            !has_open(entry->d_name, path)) {
            continue;
        }
        snprintf(name, sizeof(name), "/proc/%.20s/comm", entry->d_name);
        file = fopen(name, "re");
        if (file != NULL) {
            char raw[32] = "";

            if (fgets(raw, sizeof(raw), file) != NULL) {
                raw[strcspn(raw, "\n")] = '\0';
                copy_text(program, sizeof(program), raw);
            }
            fclose(file);
        }
        snprintf(text, size, "%s (%.20s)", program, entry->d_name);
    }
    if (folder != NULL) {
        closedir(folder);
    }
}
