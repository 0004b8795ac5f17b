#!/usr/bin/env bash
# The packages of target/packages on a host of their own: the .deb installed, upgraded from the version before, removed and
# purged under a real systemd; the .rpm unpacked; the archive installed; the image run against the simulated ConnectWise.
#
#   tests/installed/packages.sh target/packages
#
# Root. Exits with 77 where a container cannot boot.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=$(realpath "$1")
source tests/installed/container.sh

one() { find "$packages" -maxdepth 1 -name "$1" | grep . || fail "no $1 in $packages"; }

# The same program under an older number, as dpkg tells versions apart.
older() {
    local folder=$work/older
    dpkg-deb --raw-extract "$1" "$folder"
    sed -i 's/^Version: .*/Version: 0.0.1-1/' "$folder/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$folder" "$2" > /dev/null
    rm -rf "$folder"
}

deb=$(one 'recount_*_amd64.deb')
echo "packages: lintian"
if command -v lintian > /dev/null; then lintian --allow-root --fail-on error "$deb" || fail "lintian finds errors"; fi

echo "packages: the .deb on a host"
build
boot
older "$deb" "$root/opt/older.deb"
cp "$deb" "$root/opt/recount.deb"
expect 0 "Setting up recount" dpkg --install /opt/older.deb
expect 0 "recount" getent group recount
expect 0 "recount " recount --version
expect 0 "" visudo -cf /etc/sudoers.d/recount
expect 1 "disabled" systemctl is-enabled recount.timer
simulated
set_up_by_init
configured
expect 3 "to decide" recount plan
printf '\n[daemon]\nschedule = "0 4 * * *"\n' >> "$root/etc/recount/recount.toml"
expect 0 "" systemctl start recount-daemon.service
before=$(cat "$root/etc/recount/recount.toml" "$root/etc/recount/customers.csv" | sha256sum)
daemon=$(inside systemctl show --property=MainPID --value recount-daemon.service)
expect 0 "over (0.0.1-1)" dpkg --install /opt/recount.deb
[ "$(cat "$root/etc/recount/recount.toml" "$root/etc/recount/customers.csv" | sha256sum)" = "$before" ] || fail "files changed"
expect 0 "active" systemctl is-active recount-daemon.service
[ "$(inside systemctl show --property=MainPID --value recount-daemon.service)" != "$daemon" ] || fail "the old program runs on"
expect 3 "" recount plan
expect 0 "Removing recount" dpkg --remove recount
expect 3 "inactive" systemctl is-active recount-daemon.service
[ ! -e "$root/usr/bin/recount" ] || fail "the program is still there"
[ -s "$root/etc/recount/recount.toml" ] && [ -s "$root/var/lib/private/recount/history.db" ] || fail "something is gone"
expect 0 "" dpkg --install /opt/recount.deb
expect 3 "" recount plan
expect 0 "Purging" dpkg --purge recount
[ ! -e "$root/etc/recount" ] && [ ! -e "$root/var/lib/private/recount" ] && [ ! -e "$root/etc/sudoers.d/recount" ] \
    || fail "purge left something"

echo "packages: the archive on the same host"
mkdir "$root/opt/archive"
tar --extract --gzip --strip-components=1 --directory "$root/opt/archive" --file "$(one 'recount-*.tar.gz')"
expect 0 "Installed" /opt/archive/deploy/install.sh
expect 0 "recount " recount --version

echo "packages: the .rpm"
listed=$(rpm -qpl "$(one 'recount-*.rpm')" 2> /dev/null)
for file in /usr/bin/recount /usr/lib/systemd/system/recount-desk.service /etc/sudoers.d/recount /usr/share/man/man1/recount.1.gz; do
    grep -qx "$file" <<< "$listed" || fail "the .rpm has no $file"
done
rpm -qp --scripts "$(one 'recount-*.rpm')" 2> /dev/null | grep -q 'systemd-sysusers' || fail "the .rpm makes no user"

echo "packages: the image"
image() {
    podman --storage-driver vfs --root "$work/store" --runroot "$work/run" --runtime runc --cgroup-manager cgroupfs "$@"
}
image load --quiet --input "$(one 'recount-*.oci.tar')" > /dev/null
tag=$(image images --format '{{.Repository}}:{{.Tag}}' | head -n 1)
inside_image=(run --rm --pull never --network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --read-only --cap-drop all
    --security-opt no-new-privileges)
[ "$(image "${inside_image[@]}" "$tag" --version)" = "$(inside recount --version)" ] || fail "the image runs another version"
conf=$work/conf
mkdir -p "$conf"
cp -r deploy/sim/customers.csv deploy/sim/exports "$conf/"
touch "$conf"/exports/*
sed -e 's#"state"#"/var/lib/recount"#' -e 's#{ env = "CW_PUBLIC" }#{ file = "public" }#' -e 's#{ env = "CW_PRIVATE" }#{ file = "private" }#' \
    deploy/sim/recount.toml > "$conf/recount.toml"
sed -i 's/"1,050"/1050/' "$conf"/exports/*.csv
install -m 0600 -o 10001 -g 10001 /dev/stdin "$conf/public" <<< pub
install -m 0600 -o 10001 -g 10001 /dev/stdin "$conf/private" <<< priv
image "${inside_image[@]}" --detach --name sim "$tag" sim > /dev/null
for _ in $(seq 100); do
    if (exec 3<> /dev/tcp/127.0.0.1/8480) 2> /dev/null; then break; fi
    sleep 0.1
done
code=0
said=$(image "${inside_image[@]}" --volume "$conf:/etc/recount:ro" "$tag" plan 2>&1) || code=$?
image rm --force --time 2 sim > /dev/null 2>&1 || true
[ "$code" -eq 3 ] || fail "plan in the image ended with $code:"$'\n'"$said"
grep -q 'to decide' <<< "$said" || fail "plan in the image says nothing to decide:"$'\n'"$said"
echo "packages: all is well"
