/* SPDX-License-Identifier: MIT */
/* Compiles only if each public constant has the number that values.def gives. */
#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#define VDC_VALUE(name, value) typedef char value_of_##name[(name) == (value) ? 1 : -1];
#include "values.def"
