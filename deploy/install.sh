#!/bin/sh
# Installs recount on a host with systemd: binary, units, folders, and example files where none are yet.
# Safe to run again: your configuration, keys, history and enabled units are left as they are. It starts nothing.
#
#   cargo build --release --locked && sudo deploy/install.sh
#   DESTDIR=/tmp/root deploy/install.sh      (into a folder: for packages and tests)
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
root=${DESTDIR:-}
binary=${RECOUNT_BINARY:-$here/target/release/recount}

[ -x "$binary" ] || { echo "install: $binary is missing; run: cargo build --release --locked" >&2; exit 1; }

install -D -m 0755 "$binary" "$root/usr/bin/recount"
install -D -m 0755 "$here/deploy/recount-as-service" "$root/usr/sbin/recount-as-service"
for unit in recount.service recount.timer recount-alert@.service recount-daemon.service; do
    install -D -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
done
install -D -m 0644 "$here/README.md" "$root/usr/share/doc/recount/README.md"

install -d -m 0755 "$root/etc/recount"
install -d -m 0700 "$root/etc/recount/credentials"
install -d -m 0755 "$root/srv/recount/exports"
# Readable by all: the service runs under a user of its own. Neither file holds a secret.
[ -e "$root/etc/recount/recount.toml" ] \
    || install -m 0644 "$here/deploy/recount.example.toml" "$root/etc/recount/recount.toml"
[ -e "$root/etc/recount/customers.csv" ] \
    || install -m 0644 "$here/deploy/customers.example.csv" "$root/etc/recount/customers.csv"

if [ -z "$root" ]; then systemctl daemon-reload; fi

cat <<'NEXT'
Installed. Next:
  1. Put the key pair into /etc/recount/credentials/cw-public and cw-private (root only, mode 0600).
  2. Edit /etc/recount/recount.toml and /etc/recount/customers.csv.
  3. sudo recount-as-service check
  4. sudo systemctl enable --now recount.timer
NEXT
