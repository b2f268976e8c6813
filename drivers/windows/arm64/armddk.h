/* SPDX-License-Identifier: MIT */
/*
 * What wdm.h of mingw-w64 includes for ARM and does not have. Enough for 64-bit ARM to compile, to see
 * that nothing in the driver is x86's own; structures of the kernel's that it does not use may differ.
 */
#ifndef VDW_ARMDDK_H
#define VDW_ARMDDK_H

typedef struct _KPCR KPCR, *PKPCR;

#define YieldProcessor()           ((void)0)
#define KeGetDcacheFillSize()      1L
#define KeRaiseIrql(new_irql, old) (*(old) = KfRaiseIrql(new_irql))

NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID);
NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL irql);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL irql);

#endif
