#!/bin/sh
# SPDX-License-Identifier: MIT
# catalogue.sh [--control] PACKAGE NAME MAKER DATE: the catalogue holds the hash of the INF and of each
# driver, as others compute them; made again it is the same to the bit; it can be signed for test mode,
# and then vouches for the drivers.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need openssl osslsigncode sha256sum awk

certificate() {
    [ -f "$scratch/key.pem" ] ||
        openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=driver test" \
            -addext "extendedKeyUsage=codeSigning" \
            -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" 2>/dev/null
}

check() {
    package=$1 name=$2 maker=$3 date=$4
    cat=$package/$name.cat
    certificate
    rm -f "$scratch/signed.cat" "$scratch/again.cat"
    # What the list itself says: the digest behind each member's algorithm.
    openssl asn1parse -inform DER -in "$cat" >"$scratch/parsed" 2>&1 || true
    awk '/:sha256/ { want = 1 } want && /HEX DUMP/ { sub(/.*:/, ""); print; want = 0 }' \
        "$scratch/parsed" | tr 'A-F' 'a-f' >"$scratch/listed"
    [ "$(wc -l <"$scratch/listed")" -eq 3 ] || echo "has $(wc -l <"$scratch/listed") members, not 3"
    hash=$(sha256sum <"$package/$name.inf" | cut -d' ' -f1)
    grep -qx "$hash" "$scratch/listed" || echo "the INF is not in it"
    sh "$maker" "$scratch/again.cat" "$date" "$package/$name.inf" "$package/amd64/$name.sys" \
        "$package/x86/$name.sys" 2>"$scratch/errors" || sed 's/^/cannot be made again: /' "$scratch/errors"
    cmp -s "$cat" "$scratch/again.cat" || echo "made again it differs"
    osslsigncode sign -certs "$scratch/certificate.pem" -key "$scratch/key.pem" -h sha256 \
        -in "$cat" -out "$scratch/signed.cat" >"$scratch/sign" 2>&1 || {
        echo "cannot be signed"
        return
    }
    [ -z "${SPOIL:-}" ] ||
        printf 'X' | dd of="$scratch/signed.cat" bs=1 seek=300 conv=notrunc 2>/dev/null
    osslsigncode verify -CAfile "$scratch/certificate.pem" -in "$scratch/signed.cat" \
        >"$scratch/verify" 2>&1 || echo "its signature does not hold"
    for folder in amd64 x86; do
        osslsigncode verify -CAfile "$scratch/certificate.pem" -catalog "$scratch/signed.cat" \
            -in "$package/$folder/$name.sys" >"$scratch/verify" 2>&1 ||
            echo "does not vouch for $folder/$name.sys"
    done
}

# copy COMMAND...: in a copy of the package.
copy() {
    rm -rf "$scratch/package"
    mkdir -p "$scratch/package"
    cp -r "$original/." "$scratch/package/"
    "$@"
}

change() {  # change FILE OFFSET
    printf 'X' | dd of="$scratch/package/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

plant() {
    original=$1 name=$2
    shift
    copy change "amd64/$name.sys" 9000
    planted "does not vouch for amd64" "$scratch/package" "$@"
    copy change "x86/$name.sys" 9000
    planted "does not vouch for x86" "$scratch/package" "$@"
    planted "made again it differs" "$scratch/package" "$@"
    copy change "$name.inf" 30
    planted "the INF is not in it" "$scratch/package" "$@"
    copy change "$name.cat" 0
    planted "has 0 members" "$scratch/package" "$@"
    copy true
    SPOIL=1
    planted "its signature does not hold" "$scratch/package" "$@"
}

check_main "$@"
