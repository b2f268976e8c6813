/* SPDX-License-Identifier: MIT */
/* A good description that has one of everything, for tests that spoil it. */
#ifndef TESTS_FIRMWARE_SMALL_DESCRIPTION_H
#define TESTS_FIRMWARE_SMALL_DESCRIPTION_H

static const char small_description[] = R"(target = 0x00000001;
version = "1.2.3";
name = "Small";
timings = (
    { name = "fast"; kind = "DIGITAL"; width = 64; height = 32;
      interval = "1/60"; pixel_clock_khz = 27000; },
    { name = "slow"; kind = "DIGITAL"; width = 128; height = 64;
      interval = "1001/30000"; },
    { name = "old"; kind = "ANALOG"; width = 720; height = 576;
      interval = "1/25"; flags = [ "INTERLACED" ]; }
);
inputs = (
    { name = "One"; kind = "DIGITAL"; timings = [ "fast", "slow" ];
      default = "slow"; },
    { name = "Two"; kind = "ANALOG"; timings = [ "old" ]; }
);
modes = (
    { inputs = [ "One" ]; formats = [ "YUYV", "GREY" ];
      width = 128; height = 64; width_min = 32; height_min = 16;
      width_step = 4; height_step = 2;
      intervals = [ "1/60", "1/30" ]; },
    { inputs = [ "One", "Two" ]; formats = [ "NV12" ];
      width = 64; height = 32;
      intervals = [ "1/30" ]; }
);
controls = (
    { id = "BRIGHTNESS"; type = "INTEGER"; name = "Brightness";
      minimum = -10; maximum = 20; step = 5; default = 0; },
    { id = "EXPOSURE_AUTO"; type = "BOOLEAN"; name = "Auto"; flags = [ "VOLATILE" ]; },
    { id = "POWER_LINE"; type = "MENU"; name = "Mains";
      menu = [ "Off", "On" ]; default = 1; },
    { id = "WHITE_BALANCE"; type = "BUTTON"; name = "White"; }
);
code = { bytes = 256; };
)";

#endif
