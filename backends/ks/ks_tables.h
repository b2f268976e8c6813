/* SPDX-License-Identifier: MIT */
/* Numbers of Vidicon's card that the driver passes on as the card has them. tests/ks holds them against the data sheet's
 * tables, which this backend does not see. */
#ifndef KS_TABLES_H
#define KS_TABLES_H

/* struct vdw_identity.caps */
enum ks_card_caps { KS_CAPS_CROP = 1 << 2, KS_CAPS_PATTERN = 1 << 3 };

/* struct vdw_frame_info.flags */
enum ks_card_flags { KS_COMPLETION_SOURCE_CHANGED = 1 << 2, KS_COMPLETION_PATTERN = 1 << 3 };

/* struct vdw_firmware_status.slot_holds */
enum ks_card_slot { KS_SLOT_EMPTY = 0, KS_SLOT_GOOD = 1 };

/* struct vdw_control.id: those up to here are the library's own. */
#define KS_CONTROL_ID_LAST 9u

/* The register that shows whether the test pattern is on, in its lowest bit. */
#define KS_PATTERN_REGISTER "PATTERN"

/* struct vdw_firmware_status.image_error: by what name the data sheet has it, and what it says. */
#define KS_IMAGE_CHECKS       14u
#define KS_IMAGE_CHECK_LENGTH 8u
struct ks_image_check {
    const char *name, *help;
};
extern const struct ks_image_check ks_image_checks[KS_IMAGE_CHECKS];

#endif
