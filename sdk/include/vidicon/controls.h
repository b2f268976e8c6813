/* SPDX-License-Identifier: MIT */
/**
 * @file controls.h
 * @brief Numbers, types and flags of controls.
 */
#ifndef VIDICON_CONTROLS_H
#define VIDICON_CONTROLS_H

/** What a control does. The same number means the same on every backend. */
enum vdc_control {
    VDC_CONTROL_BRIGHTNESS = 1,    /**< Black level. */
    VDC_CONTROL_CONTRAST = 2,      /**< Luma gain. */
    VDC_CONTROL_SATURATION = 3,    /**< Chroma gain. */
    VDC_CONTROL_HUE = 4,           /**< Chroma angle. */
    VDC_CONTROL_GAIN = 5,          /**< Sensor or amplifier gain. */
    VDC_CONTROL_EXPOSURE = 6,      /**< Exposure time in units of 100 us. */
    VDC_CONTROL_EXPOSURE_AUTO = 7, /**< Boolean: the device moves exposure by itself. */
    VDC_CONTROL_POWER_LINE = 8,    /**< Menu: flicker filter for the mains frequency. */
    VDC_CONTROL_WHITE_BALANCE = 9, /**< Button: measure white balance once. */
    VDC_CONTROL_TEST_PATTERN = 10, /**< Boolean: the device's test pattern in place of its input. */
    VDC_CONTROL_VENDOR = 0x10000   /**< From here on: controls that only one backend knows. */
};

/** How the value of a control is to be read. */
enum vdc_control_type {
    VDC_CONTROL_INTEGER = 1, /**< Minimum to maximum in steps. */
    VDC_CONTROL_BOOLEAN = 2, /**< 0 or 1. */
    VDC_CONTROL_MENU = 3,    /**< Value of one of its menu items. */
    VDC_CONTROL_BUTTON = 4   /**< Setting it, to any value, acts; it reads 0. */
};

/** Flags of a control. */
enum vdc_control_flag {
    VDC_CONTROL_READ_ONLY = 1 << 0, /**< It cannot be set. */
    VDC_CONTROL_VOLATILE = 1 << 1,  /**< The device may change it by itself; an event tells. */
    VDC_CONTROL_INACTIVE = 1 << 2   /**< Without effect now, since another control overrides it. */
};

#endif
