#!/usr/bin/env bash
# Builds the packages of this source into target/packages: one static binary for any Linux (x86_64, musl), and from it an
# archive, a .deb, an .rpm and an image. Built twice from the same commit they have the same bytes, wherever the source lies.
#
#   deploy/packages.sh               all of them
#   deploy/packages.sh deb image     one or more of: archive deb rpm image
#   deploy/packages.sh --twice deb   and once more from a copy in another folder: every byte has to be the same
#
# Needs: rustup target add x86_64-unknown-linux-musl; the package musl-tools; cargo-auditable, cargo-deb, cargo-generate-rpm
# (.ci/run packages installs them); binutils; for the image buildah. The list of everything built in (an SBOM) is in the
# binary itself, where `cargo audit bin` and `syft` read it, and beside the packages as recount-VERSION.sbom.json.
set -euo pipefail
cd "$(dirname "$0")/.."
triple=x86_64-unknown-linux-musl
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
out=$CARGO_TARGET_DIR/packages
# Cargo.toml names its files from the source's own folder, wherever the rest is built.
root=$PWD/target/packages/root
binary=$CARGO_TARGET_DIR/$triple/release/recount

fail() {
    echo "packages: $*" >&2
    exit 1
}

# No folder of whoever builds it is in the binary: neither from Rust, nor from the parts in C.
static_binary() {
    local home=${CARGO_HOME:-$HOME/.cargo} registry map flags="" c_flags=""
    for registry in "$home"/registry/src/*; do flags+=" --remap-path-prefix=$registry=/cargo" c_flags+=" -ffile-prefix-map=$registry=/cargo"; done
    for map in "$CARGO_TARGET_DIR=/target" "$PWD=/src" "$home=/cargo-home"; do
        flags+=" --remap-path-prefix=$map" c_flags+=" -ffile-prefix-map=$map"
    done
    RUSTFLAGS="$flags" CFLAGS_x86_64_unknown_linux_musl="$c_flags" CARGO_PROFILE_RELEASE_STRIP=symbols \
        cargo auditable build --release --locked --bin recount --target $triple
    file "$binary" | grep -q 'static' || fail "$binary is not static"
    if strings -a "$binary" | grep -F -e "$home" -e "$PWD" > "$out/paths"; then fail "a folder of the builder is in it: $(head -n 3 "$out/paths")"; fi
    rm -f "$out/paths"
}

# What cargo-auditable put into the binary, in clear text.
sbom() {
    objcopy --dump-section .dep-v0="$out/sbom" "$binary" "$out/unused" || fail "the binary does not say what it is built of"
    python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))' < "$out/sbom" > "$out/recount-$version.sbom.json"
    rm -f "$out/sbom" "$out/unused"
    grep -q '"name":"rustls"' "$out/recount-$version.sbom.json" || fail "the list of what is built in is not whole"
}

# The files of a host, as install.sh lays them out: it alone knows where each goes.
lay_out() {
    rm -rf "$root"
    DESTDIR=$root RECOUNT_BINARY=$binary deploy/install.sh > /dev/null
    find "$root/usr/share/man" -name '*.1' -exec gzip -9 -n {} +
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

# `packed FOLDER FILE…`: an archive that is the same whenever and by whomever it is made.
packed() {
    tar --directory "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode='u+rwX,go+rX,go-w' --create "${@:2}"
}

# What install.sh needs, beside the binary.
archive() {
    local name=recount-$version-x86_64-linux folder
    folder=$out/$name
    rm -rf "$folder"
    mkdir -p "$folder"
    cp -r README.md CHANGELOG.md SECURITY.md FAULTS.md LICENSE-APACHE LICENSE-MIT deploy docs systemd "$folder/"
    install -m 0755 "$binary" "$folder/recount"
    packed "$out" "$name" | gzip -9 -n > "$out/$name.tar.gz"
    rm -rf "$folder"
}

deb() { cargo deb --no-build --no-strip --target $triple --output "$out/recount_${version}_amd64.deb" "${DEB_VERSION[@]}"; }

rpm() { cargo generate-rpm --target $triple --auto-req disabled --source-date "$SOURCE_DATE_EPOCH" --output "$out/recount-$version.x86_64.rpm"; }

image() {
    local context=$out/image roots=/etc/ssl/certs/ca-certificates.crt
    [ -s "$roots" ] || fail "$roots is missing: without it no connection to ConnectWise can be checked"
    rm -rf "$context" "$out/store" "$out/run" "$out/oci"
    mkdir -p "$context/etc/ssl/certs" "$context/state" "$context/tmp"
    cp "$roots" "$context/etc/ssl/certs/"
    printf 'root:x:0:0:root:/:\nrecount:x:10001:10001:recount:/var/lib/recount:\n' > "$context/etc/passwd"
    printf 'root:x:0:\nrecount:x:10001:\n' > "$context/etc/group"
    install -m 0755 "$binary" "$context/recount"
    chmod 0700 "$context/state"
    chmod 1777 "$context/tmp"
    local store=(--storage-driver vfs --root "$out/store" --runroot "$out/run")
    buildah "${store[@]}" bud --quiet --isolation chroot --format oci --timestamp "$SOURCE_DATE_EPOCH" --no-cache \
        --file deploy/Containerfile --tag "localhost/recount:$version" "$context" > /dev/null
    # Packed here: an archive of buildah's own holds the time at which it was written.
    buildah "${store[@]}" push --quiet "localhost/recount:$version" "oci:$out/oci:recount:$version"
    packed "$out/oci" blobs index.json oci-layout > "$out/recount-$version.oci.tar"
    rm -rf "$context" "$out/store" "$out/run" "$out/oci"
}

# The files as they are here, built in another folder into another: where the source lies must not show.
twice() {
    local copy
    copy=$(mktemp -d)
    git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --create | tar --extract --directory "$copy"
    CARGO_TARGET_DIR=$copy/elsewhere "$copy/deploy/packages.sh" "${kinds[@]}" > /dev/null
    diff "$out/SHA256SUMS" "$copy/elsewhere/packages/SHA256SUMS" || fail "built twice, these differ; the second ones are in $copy"
    rm -rf "$copy"
    echo "built twice in two folders: the same bytes"
}

is_twice=no
if [ "${1-}" = --twice ]; then is_twice=yes && shift; fi
kinds=("$@")
if [ ${#kinds[@]} -eq 0 ]; then kinds=(archive deb rpm image); fi
DEB_VERSION=()
mkdir -p "$out"
static_binary
sbom
lay_out
for kind in "${kinds[@]}"; do
    case $kind in
        archive | deb | rpm | image) "$kind" ;;
        *) fail "unknown: $kind" ;;
    esac
done
find "$out" -maxdepth 1 -type f -name 'recount*' -printf '%f\n' | LC_ALL=C sort | (cd "$out" && xargs sha256sum) | tee "$out/SHA256SUMS"
if [ "$is_twice" = yes ]; then twice; fi
