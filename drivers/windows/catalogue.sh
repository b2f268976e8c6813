#!/bin/sh
# SPDX-License-Identifier: MIT
# catalogue.sh OUT DATE INF SYS...: the catalogue of a driver package, unsigned: the SHA-256 of each
# file, a driver's without what a signature changes in it. DATE is mm/dd/yyyy. The same files give the
# same catalogue: nothing in it comes from the clock or from chance.
set -eu
export LC_ALL=C
out=$1 date=$2 inf=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

number() {  # number FILE OFFSET BYTES: an unsigned number in a file, little-endian
    od -An "-tu$3" "-j$2" "-N$3" "$1" | tr -d ' '
}

# The hash that a signature covers: all but the checksum and the place of the signature itself.
image_hash() {
    header=$(($(number "$1" 60 4) + 24))
    case $(number "$1" $header 2) in
    267) place=$((header + 128)) ;; # 32 bits
    523) place=$((header + 144)) ;; # 64 bits
    *)
        echo "$1: no driver" >&2
        return 1
        ;;
    esac
    [ "$(number "$1" $((place + 4)) 4)" -eq 0 ] || {
        echo "$1: signed already" >&2
        return 1
    }
    {
        head -c $((header + 64)) "$1"
        tail -c +$((header + 69)) "$1" | head -c $((place - header - 68))
        tail -c +$((place + 9)) "$1"
    } | openssl dgst -sha256 -r | cut -d' ' -f1
}

# Text as Windows keeps it in here: UTF-16, low byte first, a zero at the end; as hexadecimal.
wide() {
    { printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ \(..\)/\100/g'; } && printf '0000'
}

name_value() {  # name_value SECTION NAME VALUE: a section of that name
    printf '[%s]\nname=BMPSTRING:%s\nflags=INTEGER:0x10010001\nvalue=FORMAT:HEX,OCTETSTRING:%s\n' \
        "$1" "$2" "$(wide "$3")"
}

member() {  # member N FILE HASH KIND: KIND is pe or flat
    cat <<END
[member$1]
tag=FORMAT:HEX,OCTETSTRING:$3
attributes=SET:attributes$1
[attributes$1]
info=SEQUENCE:info$1
system=SEQUENCE:system$1
file=SEQUENCE:file$1
digest=SEQUENCE:digest$1
[info$1]
type=OID:1.3.6.1.4.1.311.12.2.3
values=SET:info${1}values
[info${1}values]
kind=IMP:$([ "$4" = pe ] && echo 0 || echo 2),NULL
[system$1]
type=OID:1.3.6.1.4.1.311.12.2.1
values=SET:system${1}values
[system${1}values]
value=SEQUENCE:system${1}value
$(name_value "system${1}value" OSAttr 2:10.0)
[file$1]
type=OID:1.3.6.1.4.1.311.12.2.1
values=SET:file${1}values
[file${1}values]
value=SEQUENCE:file${1}value
$(name_value "file${1}value" File "$(basename "$2")")
[digest$1]
type=OID:1.3.6.1.4.1.311.2.1.4
values=SET:digest${1}values
[digest${1}values]
value=SEQUENCE:digest${1}value
[digest${1}value]
data=SEQUENCE:data$1
hash=SEQUENCE:hash$1
[hash$1]
algorithm=SEQUENCE:sha256
value=FORMAT:HEX,OCTETSTRING:$3
END
    if [ "$4" = pe ]; then
        cat <<END
[data$1]
type=OID:1.3.6.1.4.1.311.2.1.15
value=SEQUENCE:image$1
[image$1]
flags=BITSTRING:
file=EXP:0,EXP:2,IMP:0,NULL
END
    else
        cat <<END
[data$1]
type=OID:1.3.6.1.4.1.311.2.1.25
value=EXP:2,IMP:0,NULL
END
    fi
}

n=0
hash=$(openssl dgst -sha256 -r "$inf" | cut -d' ' -f1)
member $n "$inf" "$hash" flat >"$scratch/members"
echo "member$n=SEQUENCE:member$n" >"$scratch/list"
all=$hash
for sys in "$@"; do
    n=$((n + 1))
    hash=$(image_hash "$sys")
    member $n "$sys" "$hash" pe >>"$scratch/members"
    echo "member$n=SEQUENCE:member$n" >>"$scratch/list"
    all=$all$hash
done
# What the package is for: the systems, and the devices of the INF.
name_value os OS _v100,_v100_X64 >"$scratch/extensions"
echo 'os=SEQUENCE:os_extension' >"$scratch/extension_list"
printf '[os_extension]\ntype=OID:1.3.6.1.4.1.311.12.2.1\nvalue=OCTWRAP,SEQUENCE:os\n' \
    >>"$scratch/extensions"
device=0
for id in $(tr -d '\r' <"$inf" | sed -n 's/.*,\(PCI.VEN_.*\)/\1/p' | tr 'A-Z\134' 'a-z/' | sort -u); do
    device=$((device + 1))
    id=$(printf '%s' "$id" | tr / '\134')
    name_value "device$device" "HWID$device" "$id" >>"$scratch/extensions"
    echo "device$device=SEQUENCE:device${device}_extension" >>"$scratch/extension_list"
    printf '[device%s_extension]\ntype=OID:1.3.6.1.4.1.311.12.2.1\nvalue=OCTWRAP,SEQUENCE:device%s\n' \
        $device $device >>"$scratch/extensions"
done
id=$(printf '%s' "$all" | openssl dgst -sha256 -r | cut -c1-32)
time=$(echo "$date" | sed 's,\(..\)/\(..\)/..\(..\),\3\1\2000000Z,')
{
    cat <<END
asn1=SEQUENCE:content
[content]
type=OID:1.2.840.113549.1.7.2
signed=EXP:0,SEQUENCE:signed
[signed]
version=INTEGER:1
algorithms=SET
info=SEQUENCE:info
signers=SET
[info]
type=OID:1.3.6.1.4.1.311.10.1
list=EXP:0,SEQUENCE:list
[list]
usage=SEQUENCE:usage
id=FORMAT:HEX,OCTETSTRING:$id
time=UTCTIME:$time
algorithm=SEQUENCE:algorithm
members=SEQUENCE:members
extensions=EXP:0,SEQUENCE:extensions
[usage]
catalogue=OID:1.3.6.1.4.1.311.12.1.1
[algorithm]
member=OID:1.3.6.1.4.1.311.12.1.3
none=NULL
[sha256]
name=OID:2.16.840.1.101.3.4.2.1
none=NULL
[members]
END
    cat "$scratch/list"
    echo '[extensions]'
    cat "$scratch/extension_list" "$scratch/members" "$scratch/extensions"
} | sed 's/\\/\\\\/g' >"$scratch/catalogue.conf"
openssl asn1parse -genconf "$scratch/catalogue.conf" -noout -out "$out"
