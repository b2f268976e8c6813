/* SPDX-License-Identifier: MIT */
/* The rig of cameras, for the program that has the one of the card. */
#ifndef RIG_UVC_H
#define RIG_UVC_H

#include <memory>
#include <string>

#include "../conformance/rig.h"

std::unique_ptr<Rig> MakeUvcRig(const std::string &kind);

#endif
