#!/bin/sh
# Installs recount on a host with systemd: binary, units, folders and examples.
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
for unit in recount.service recount.timer recount-alert@.service recount-daemon.service recount-desk.service; do
    install -D -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
done
install -D -m 0644 "$here/README.md" "$root/usr/share/doc/recount/README.md"

install -d -m 0755 "$root/etc/recount"
install -d -m 0700 "$root/etc/recount/credentials"
install -d -m 0755 "$root/srv/recount/exports"
# `recount init` makes the real ones; these show every key.
install -D -m 0644 "$here/deploy/recount.example.toml" "$root/usr/share/doc/recount/examples/recount.toml"
install -D -m 0644 "$here/deploy/customers.example.csv" "$root/usr/share/doc/recount/examples/customers.csv"

if [ -z "$root" ]; then systemctl daemon-reload; fi

cat <<'NEXT'
Installed. Next:
  1. Put the key pair into /etc/recount/credentials/cw-public and cw-private (root only, mode 0600).
  2. sudo recount init --dir /etc/recount
  3. sudo recount-as-service check
  4. sudo systemctl enable --now recount.timer
NEXT
