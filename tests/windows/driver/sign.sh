#!/bin/sh
# SPDX-License-Identifier: MIT
# sign.sh [--control] SYS: can be signed for test mode, and the signature holds. The certificate is
# made on the spot and thrown away.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need osslsigncode openssl

# sign FROM TO
sign() {
    if [ ! -f "$scratch/key.pem" ]; then
        openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=driver test" \
            -addext "extendedKeyUsage=codeSigning" \
            -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" 2>/dev/null
    fi
    osslsigncode sign -certs "$scratch/certificate.pem" -key "$scratch/key.pem" -h sha256 \
        -n "driver test" -in "$1" -out "$2" >/dev/null
}

check() {
    if osslsigncode verify -CAfile /dev/null -in "$1" 2>&1 | grep -q 'Signature verification: ok'
    then
        echo "$1: signed already"
    fi
    signed=${2:-$scratch/signed.sys}
    [ -n "${2:-}" ] || sign "$1" "$signed"
    osslsigncode verify -CAfile "$scratch/certificate.pem" -in "$signed" >"$scratch/verify" 2>&1 ||
        sed 's/^/verify: /' "$scratch/verify"
}

plant() {
    sign "$1" "$scratch/good.sys"
    cp "$scratch/good.sys" "$scratch/changed.sys"
    printf 'X' | dd of="$scratch/changed.sys" bs=1 seek=4096 conv=notrunc 2>/dev/null
    planted "verify: " "$1" "$scratch/changed.sys"
    cp "$1" "$scratch/unsigned.sys"
    planted "verify: " "$1" "$scratch/unsigned.sys"
}

check_main "$@"
