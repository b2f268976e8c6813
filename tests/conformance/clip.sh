#!/bin/sh
# SPDX-License-Identifier: MIT
# A clip made of photographs comes out of the simulated card as it went in, to the last bit; and one
# flipped bit is found. clip.sh CLIP_PROOF
set -eu

program=$1
package=lomiri-wallpapers-16.04
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
count=2
[ -z "${VIDICON_LONG:-}" ] || count=8
photos=$(dpkg -L $package 2>/dev/null | grep '\.jpg$' | head -n $count) || true
[ -n "$photos" ] || { echo "skipped: no photographs, install $package"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Each photograph for 15 frames, zoomed into a little more with each frame.
n=0
: >"$scratch/list"
for photo in $photos; do
    ffmpeg -hide_banner -loglevel error -nostdin -i "$photo" -frames:v 15 -pix_fmt yuv422p -vf \
        "scale=960:720:force_original_aspect_ratio=increase,crop=960:720,zoompan=z=1+0.01*on:x=on*3:y=on*2:d=15:s=640x480:fps=30" \
        -f yuv4mpegpipe "$scratch/$n.y4m"
    n=$((n + 1))
done
# One header, then the frames of all.
head -n 1 "$scratch/0.y4m" >"$scratch/clip.y4m"
i=0
while [ $i -lt $n ]; do
    tail -c +$(($(head -n 1 "$scratch/$i.y4m" | wc -c) + 1)) "$scratch/$i.y4m" >>"$scratch/clip.y4m"
    i=$((i + 1))
done
frames=$((n * 15))
colours=$(tail -c 614400 "$scratch/clip.y4m" | od -An -v -tu1 | tr -s ' ' '\n' | sort -u | wc -l)
echo "$n photographs, $frames frames; the last one has $colours different sample values"
[ "$colours" -gt 60 ] || { echo "FAILED: that is no photograph"; exit 1; }

for id in "sim:5?rate=max" "sim:5?rate=max&segment_bytes=1000" "sim:5?rate=max&body=ports"; do
    "$program" "$id&source=$scratch/clip.y4m" "$scratch/clip.y4m" >"$scratch/out" ||
        { cat "$scratch/out"; echo "FAILED: $id"; exit 1; }
    echo "$id: $(grep "^$frames frames of 640 x 480" "$scratch/out")"
done

# The control: the card sees a copy with one bit flipped, near the end.
cp "$scratch/clip.y4m" "$scratch/copy.y4m"
at=$(($(wc -c <"$scratch/copy.y4m") - 100001))
byte=$(od -An -tu1 -j $at -N 1 "$scratch/copy.y4m" | tr -d ' ')
# shellcheck disable=SC2059
printf "\\$(printf %03o $((byte ^ 1)))" |
    dd of="$scratch/copy.y4m" bs=1 seek=$at conv=notrunc 2>/dev/null
status=0
"$program" "sim:5?rate=max&source=$scratch/copy.y4m" "$scratch/clip.y4m" >"$scratch/out" ||
    status=$?
cat "$scratch/out"
if [ $status -ne 1 ] || ! grep -q ' 1 differ$' "$scratch/out"; then
    echo "FAILED: one flipped bit was not found (status $status)"
    exit 1
fi
echo "the flipped bit was found"
