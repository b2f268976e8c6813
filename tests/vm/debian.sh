# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Packages of any Debian release, unpacked without being installed. To be sourced. Addresses and
# keys are those of this machine's own apt configuration, with another release's name put in their
# place.

vm_cache=${XDG_CACHE_HOME:-$HOME/.cache}/vidicon/vm

vm_say() {
    echo "vm: $*" >&2
}

vm_die() {
    echo "vm: $*" >&2
    exit 1
}

# vm_used FOLDER PATTERN: notes that it was; what else there is by such a name, and nobody used in a month, is of sources that are no
# more.
vm_used() {
    touch "$1"
    find "${1%/*}" -mindepth 1 -maxdepth 1 -type d -name "$2" -mtime +30 -exec rm -rf {} + 2>/dev/null || true
}

# vm_locked NAME COMMAND...: one at a time, over all processes that share the cache.
vm_locked() {
    mkdir -p "$vm_cache/locks"
    vm_lock_name=$1
    shift
    if [ "${VM_LOCKED:-}" = "$vm_lock_name" ]; then
        "$@"
        return
    fi
    (
        flock -w 1800 9 || exit 1
        VM_LOCKED=$vm_lock_name
        "$@"
    ) 9>"$vm_cache/locks/$vm_lock_name"
}

# The addresses of Debian and of its security updates, as this machine has them.
vm_mirrors() {
    vm_base=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    [ -n "$vm_base" ] || vm_die "this machine's Debian release has no name"
    # shellcheck disable=SC2016
    vm_targets=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages')
    vm_mirror=$(echo "$vm_targets" |
        awk -v r="$vm_base" '$2 == r && $3 == "main" { print $1; exit }')
    vm_mirror_security=$(echo "$vm_targets" |
        awk -v r="$vm_base-security" '$2 == r && $3 == "main" { print $1; exit }')
    [ -n "$vm_mirror" ] || vm_die "apt on this machine knows no $vm_base main"
}

# vm_apt_ready: the folder of vm_apt_release, with the lists of its packages.
vm_apt_ready() {
    [ ! -s "$vm_apt_dir/ready" ] || return 0
    vm_mirrors
    mkdir -p "$vm_apt_dir/lists/partial" "$vm_apt_dir/archives/partial" "$vm_apt_dir/empty"
    : >"$vm_apt_dir/status"
    vm_keys=/usr/share/keyrings/debian-archive-keyring.gpg
    {
        echo "deb [signed-by=$vm_keys] $vm_mirror $vm_apt_release main"
        echo "deb [signed-by=$vm_keys] $vm_mirror $vm_apt_release-backports main"
        [ -z "$vm_mirror_security" ] ||
            echo "deb [signed-by=$vm_keys] $vm_mirror_security $vm_apt_release-security main"
    } >"$vm_apt_dir/sources.list"
    cat >"$vm_apt_dir/apt.conf" <<END
Dir::Etc::SourceList "$vm_apt_dir/sources.list";
Dir::Etc::SourceParts "$vm_apt_dir/empty";
Dir::Etc::Preferences "$vm_apt_dir/none";
Dir::Etc::PreferencesParts "$vm_apt_dir/empty";
Dir::State::Lists "$vm_apt_dir/lists";
Dir::State::Status "$vm_apt_dir/status";
Dir::State::Extended_States "$vm_apt_dir/extended";
Dir::Cache "$vm_apt_dir";
Dir::Cache::Archives "$vm_apt_dir/archives";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::PDiffs "false";
END
    APT_CONFIG=$vm_apt_dir/apt.conf apt-get update -qq >&2 ||
        vm_die "cannot fetch the package lists of $vm_apt_release"
    date >"$vm_apt_dir/ready"
}

# vm_apt RELEASE COMMAND...: apt-get for RELEASE with its backports, with nothing installed, in a
# folder of its own, which several may want at once. apt checks signatures as always.
vm_apt() {
    vm_apt_dir=$vm_cache/apt/$1
    vm_apt_release=$1
    shift
    [ -s "$vm_apt_dir/ready" ] || vm_locked "apt-$vm_apt_release" vm_apt_ready || exit 1
    APT_CONFIG=$vm_apt_dir/apt.conf apt-get -qq "$@"
}

# vm_unpack RELEASE FOLDER PACKAGE[=VERSION|/SUITE]...: just these packages, no dependencies.
vm_unpack() {
    vm_unpack_release=$1 vm_unpack_dir=$2
    shift 2
    mkdir -p "$vm_unpack_dir/usr/bin" "$vm_unpack_dir/usr/sbin" "$vm_unpack_dir/usr/lib" \
        "$vm_unpack_dir/usr/lib64"
    for vm_link in bin sbin lib lib64; do
        [ -e "$vm_unpack_dir/$vm_link" ] || ln -s "usr/$vm_link" "$vm_unpack_dir/$vm_link"
    done
    vm_debs=$(mktemp -d "$vm_unpack_dir/.debs.XXXXXX")
    (cd "$vm_debs" && vm_apt "$vm_unpack_release" download "$@" >&2) ||
        vm_die "cannot fetch $*"
    for vm_deb in "$vm_debs"/*.deb; do
        dpkg-deb --fsys-tarfile "$vm_deb" |
            tar -x -C "$vm_unpack_dir" --keep-directory-symlink --no-same-owner ||
            vm_die "cannot unpack $vm_deb"
    done
    rm -rf "$vm_debs"
}

# vm_closure RELEASE SUITE PACKAGE...: what an installation in an empty system would bring, one
# PACKAGE=VERSION a line. With SUITE "" the release itself, with its security updates.
vm_closure() {
    vm_closure_release=$1 vm_closure_suite=$2
    shift 2
    vm_apt "$vm_closure_release" install -s ${vm_closure_suite:+-t "$vm_closure_suite"} "$@" |
        sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

# vm_wrap ROOT PATH...: programs of the foreign system in ROOT, made to run here: each becomes
# a script in its own place that starts it with ROOT's loader and libraries.
vm_wrap() {
    vm_root=$1
    shift
    for vm_program in "$@"; do
        if [ ! -f "$vm_program" ] || [ -L "$vm_program" ]; then continue; fi
        [ "$(head -c 4 "$vm_program" | tail -c 3)" = ELF ] || continue
        readelf -l "$vm_program" 2>/dev/null | grep -q INTERP || continue
        mv "$vm_program" "$vm_program.elf"
        cat >"$vm_program" <<END
#!/bin/sh
exec "$vm_root/lib64/ld-linux-x86-64.so.2" --argv0 "$vm_program" --library-path \\
    "$vm_root/usr/lib/x86_64-linux-gnu:$vm_root/lib/x86_64-linux-gnu" \\
    "$vm_program.elf" "\$@"
END
        chmod +x "$vm_program"
    done
}
