/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the shim share. Not for cases.
 */
#ifndef CONFORMANCE_SHIM_INSIDE_H
#define CONFORMANCE_SHIM_INSIDE_H

namespace shim {

/* Whether this is the lie of the run. */
bool Is(const char *name);
/* The same, and counts it as told. */
bool Tell(const char *name);
void Count();

} // namespace shim

#endif
