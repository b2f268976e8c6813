/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between the kernels that the driver builds for, 6.1 to 7.x, and nothing else. */
#ifndef VDL_COMPAT_H
#define VDL_COMPAT_H

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <media/videobuf2-v4l2.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define VDL_IMPORT_NS(name)	MODULE_IMPORT_NS(#name)
#else
#define VDL_IMPORT_NS(name)	MODULE_IMPORT_NS(name)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define PCI_IRQ_INTX		PCI_IRQ_LEGACY
#define min_queued_buffers	min_buffers_needed
#endif

/* From 6.13 on, vb2 lets go of the queue's lock by itself while it waits. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define VDL_VB2_WAIT_OPS \
	.wait_prepare = vb2_ops_wait_prepare, \
	.wait_finish = vb2_ops_wait_finish,
#else
#define VDL_VB2_WAIT_OPS
#endif

#endif
