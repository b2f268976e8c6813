# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kernels: 6.1
# plain: 6.1
# long-boot: usb
# seconds: 200
# long-seconds: 2400
# needs: conformance libvidicon
# The conformance suite on the USB card and on the UVC camera, through the library's USB backend, a real libusb and a real kernel. Each
# case takes a card whose firmware is uploaded anew, so a plain run has a few of them, on one speed and one form, and writes no row.
. /suite/lib.sh

export LD_LIBRARY_PATH=/programs
command -v conformance >/dev/null || {
    skip all 'the suite is not in this guest: give it in VIDICON_VM_PROGRAMS'
    exit 0
}
modprobe xhci-pci 2>/dev/null
release=$(uname -r | cut -d . -f 1,2)

filter='*' least=60 cards='4 5' forms='iso bulk'
[ -f /share/long ] || {
    filter='Devices.InfoIsWhole:Pictures.NumbersFollowOneAnother:Delivery.Waits:Unplug.WhileWaiting:Unplug.ThenReplugged:Accounts.TimesAndNumbersRise:Accounts.FifoOverflow'
    least=3 cards=5 forms=bulk
}

# run NAME ID RIG TITLE: the suite, and its row. A case that failed has two more tries, each by itself, as time in an emulated
# guest on a busy host stands still now and then; what is wrong fails three times.
run() {
    log=/share/$1.txt
    conformance "--device=$2" "--rig=$3" "--row=$4, Linux $release" "--matrix=$scratch/$1.json" --limit=300 \
        "--gtest_filter=$filter" >"$log" 2>&1
    failed=$(sed -n 's/^\[  FAILED  \] \([A-Z][A-Za-z]*\.[A-Za-z]*\).*/\1/p' "$log" | sort -u)
    grep -v '^{"case"' "$scratch/$1.json" >/dev/null || return 1
    for case in $failed; do
        for turn in 1 2; do
            conformance "--device=$2" "--rig=$3" "--row=$4, Linux $release" "--matrix=$scratch/again.json" --limit=300 \
                "--gtest_filter=$case" >"/share/$1.$case.$turn.txt" 2>&1 || continue
            note "$1: $case passed when it ran again"
            sed -i "/\"case\": \"$case\"/d" "$scratch/$1.json"
            add_cases "$scratch/again.json" "$scratch/$1.json"
            failed=$(echo "$failed" | grep -v "^$case\$")
            break
        done
    done
    passed=$(grep -c '"result": "pass"' "$scratch/$1.json")
    note "$1: $passed cases pass, $(grep -c '"result": "n.a."' "$scratch/$1.json") do not apply"
    [ ! -f /share/long ] || cp "$scratch/$1.json" "/share/$1.json"
    echo "failed: $(echo "$failed" | tr '\n' ' ')"
    test -z "$failed" -a "$passed" -ge $least
}

for card in $cards; do
    speed=high
    [ $card = 4 ] || speed=super
    check $speed.plug rig plug $card || continue
    check $speed run usb-$speed usb:VMRIG0000000000$card usb "USB card, $speed speed"
    rig unplug $card
done
for form in $forms; do
    words='' title='UVC camera, isochronous, high speed'
    [ $form = iso ] || words=:ss,bulk title='UVC camera, bulk, SuperSpeed'
    check camera.$form run camera-$form usb:CAM1 "camera$words" "$title"
done
rig camera unplug
