/* SPDX-License-Identifier: MIT */
/*
 * How a test inside the guest talks to the rig outside: a virtio serial port, a line there, a line
 * back. Plain text, so that a shell script can do it too (the program `rig` in the guest).
 *
 * A request is a word, the number of a card where the table says CARD, and arguments, separated by
 * single spaces and ended by a newline. The answer is "ok", a space and values, or "error" and why.
 * Values are NAME=NUMBER, decimal. One request at a time; the rig answers within VMR_ANSWER_MS.
 *
 *   ping                         ok
 *   cards                        count=N: cards that the rig has. Card 0 is plugged in at boot.
 *   plug CARD                    plugs it in with power freshly on; what its flash holds, true time
 *                                and ledger go on. One that is (or was) in is taken out first.
 *   unplug CARD                  takes it out by hot plug: the guest is asked, and lets go
 *   pull CARD                    the card stops answering without a word: reads give all ones, no
 *                                interrupt and no DMA ever comes. Ends with plug or unplug.
 *   power CARD                   its power fails and comes back at once
 *   erase CARD                   the same, and its flash is as new
 *   faults CARD SCRIPT           arms a fault script (data sheet, section 10) in place of the one in
 *                                force; SCRIPT may be missing: no faults. Accesses and time count
 *                                from the rig's start: see ledger and now
 *   injected CARD                how often each kind of fault came about since the rig started:
 *                                unplug=N signal-loss=N ... all kinds
 *   ledger CARD                  what really happened, from the model's private ledger: captures
 *                                produced good fifo no_buffer no_signal dma usb interrupts reads
 *                                writes dma_bytes buttons boots programmed, counted since the rig started; the same
 *                                six of the present or last capture as capture_produced ...
 *   frame CARD BACK              the ledger's newest frame but BACK: sequence cause start_ns end_ns
 *                                source_frame tag
 *   now CARD                     model_ns host_ns: the card's true time, and the host's clock then
 *   segments CARD                min max frames: pieces of memory, not adjoining, that a frame was
 *                                written to; high: those above 4 GiB; since it was last asked
 *   refused CARD                 count=N: DMA accesses outside the guest's memory
 *   signal CARD INPUT TIMING     what arrives: a timing's number, or -1 default, -2 none, -3 unstable
 *   clip CARD LAYOUT W H FILE    a file of raw frames in the results folder as picture; LAYOUT is
 *                                YUYV, UYVY, NV12, RGB24 or GREY
 *   clip CARD none               the test pattern again
 *   flip CARD EVERY              negative control: one bit of every EVERYth frame written is turned
 *                                over on its way to memory; 0 ends it
 *   flipped CARD                 count=N: bits turned over since the rig started
 *   rate CARD real|max|patient  the card's time is the host's clock (as at the start); or, while it
 *                                captures and has descriptors, goes on as fast as it can; or stands
 *                                still while it captures and has none, so that a guest which is slow
 *                                because its host is busy loses no frame
 *   limit CARD BYTES             of a USB card: bulk IN carries at most so many bytes a second of
 *                                the card's time; 0: no limit
 *   hang CARD N                  of a USB card: the Nth vendor request from now on is never answered
 *   usb CARD                     of a USB card, since the rig started: controls bulk_requests
 *                                bulk_bytes events cancelled connects hung refused, and pending now
 *   camera plug [WORD...]        plugs in the UVC camera of tests/usb/camera, new, in place of the one that is in; the words
 *                                are those of its server: ss, bulk, limit=BYTES, patient, FAULT:AT[:COUNT]
 *   camera unplug                takes it out: begun finished given_up skipped packets bytes controls, as it counted
 *   camera pull                  its end of the wire is gone at once
 *   slot CARD SLOT               version=N of the firmware in a flash slot, 0 if none
 */
#ifndef VMR_PROTOCOL_H
#define VMR_PROTOCOL_H

/* The port in the guest, as /sys/class/virtio-ports/PORT/name shows it. */
#define VMR_PORT_NAME "vidicon.rig"

#define VMR_LINE_BYTES 2048  /* longest line, its newline included */
#define VMR_ANSWER_MS  20000 /* the longest that a request takes */
#define VMR_CARDS      6
#define VMR_PCI_CARDS  4 /* the others are USB cards: 4 at high speed, 5 at SuperSpeed */

#endif
