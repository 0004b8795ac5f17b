#!/bin/sh
# Installs recount on a host with systemd: binary, units, rule for sudo, pages, completions, folders and examples.
# Safe to run again: your configuration, keys, history, drop-ins and enabled units are left as they are. It starts nothing.
#
#   cargo build --release --locked && sudo deploy/install.sh
#   sudo deploy/install.sh --uninstall       (configuration, keys and history stay)
#   sudo deploy/install.sh --purge           (they go as well; asks before)
#   DESTDIR=/tmp/root deploy/install.sh      (into a folder: for packages and tests)
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
root=${DESTDIR:-}
# The archive of a release has it beside its folders.
if [ -x "$here/recount" ]; then built=$here/recount; else built=$here/target/release/recount; fi
binary=${RECOUNT_BINARY:-$built}
units="recount.service recount.timer recount-alert@.service recount-daemon.service recount-desk.service"
doc=$root/usr/share/doc/recount

uninstall() {
    if [ -z "$root" ]; then
        systemctl disable --now recount.timer recount-daemon.service recount-desk.service 2> /dev/null || true
        systemctl stop recount.service 2> /dev/null || true
    fi
    for unit in $units; do rm -f "$root/usr/lib/systemd/system/$unit"; done
    rm -f "$root/usr/bin/recount" "$root/usr/lib/recount/share-mapping" "$root/usr/sbin/recount-as-service" "$root/etc/sudoers.d/recount" \
        "$root/usr/lib/sysusers.d/recount.conf" "$root/usr/share/bash-completion/completions/recount" \
        "$root/usr/share/zsh/vendor-completions/_recount" "$root/usr/share/fish/vendor_completions.d/recount.fish" \
        "$root"/usr/share/man/man1/recount.1 "$root"/usr/share/man/man1/recount-*.1
    rm -rf "$doc"
    if [ -z "$root" ]; then systemctl daemon-reload; fi
}

# Everything that was ever written to keep: nobody can bring it back.
purge() {
    printf 'This removes /etc/recount with its keys, and /var/lib/recount with the whole history. Type "purge" to go on: '
    read -r answer || answer=
    [ "$answer" = purge ] || { echo "Nothing was removed."; exit 1; }
    uninstall
    rm -rf "$root/etc/recount" "$root/var/lib/recount" "$root/var/lib/private/recount"
    for unit in $units; do
        rm -f "$root/etc/systemd/system/$unit"
        rm -rf "$root/etc/systemd/system/$unit.d"
    done
    if [ -z "$root" ]; then
        userdel recount 2> /dev/null || true
        systemctl daemon-reload
    fi
    echo "Removed, with configuration, keys and history. Exports in /srv/recount are left."
}

case "${1:-}" in
    "") ;;
    --uninstall)
        uninstall
        echo "Removed. Configuration and keys are in /etc/recount, the history in /var/lib/recount."
        exit 0
        ;;
    --purge)
        purge
        exit 0
        ;;
    *)
        echo "install: unknown $1; it takes --uninstall or --purge" >&2
        exit 2
        ;;
esac

[ -x "$binary" ] || { echo "install: $binary is missing; run: cargo build --release --locked" >&2; exit 1; }

install -D -m 0755 "$binary" "$root/usr/bin/recount"
install -D -m 0755 "$here/deploy/share-mapping" "$root/usr/lib/recount/share-mapping"
install -D -m 0755 "$here/deploy/recount-as-service" "$root/usr/sbin/recount-as-service"
install -D -m 0644 "$here/deploy/recount.sysusers" "$root/usr/lib/sysusers.d/recount.conf"
install -D -m 0440 "$here/deploy/recount.sudoers" "$root/etc/sudoers.d/recount"

# What stands in /etc/systemd/system is the administrator's, and goes before these. Earlier versions installed there: what
# is still as it was shipped gives way.
for unit in $units; do
    install -D -m 0644 "$here/systemd/$unit" "$root/usr/lib/systemd/system/$unit"
    old=$root/etc/systemd/system/$unit
    if [ ! -f "$old" ] || [ -L "$old" ]; then continue; fi
    if cmp -s "$old" "$here/systemd/$unit"; then
        rm -f "$old"
    else
        echo "Kept: $old is not as it is shipped, and goes before /usr/lib/systemd/system/$unit."
    fi
done

install -D -m 0644 -t "$doc" "$here/README.md" "$here/CHANGELOG.md" "$here/SECURITY.md" "$here/FAULTS.md" \
    "$here/LICENSE-APACHE" "$here/LICENSE-MIT"
install -D -m 0644 -t "$doc/docs" "$here"/docs/*.md "$here"/docs/*.json "$here"/docs/*.png
# `recount init` makes the real ones; these show every key.
install -D -m 0644 "$here/deploy/recount.example.toml" "$doc/examples/recount.toml"
install -D -m 0644 "$here/deploy/customers.example.csv" "$doc/examples/customers.csv"
install -d -m 0755 "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" \
    "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d"
"$binary" --quiet man --out "$root/usr/share/man/man1" > /dev/null
"$binary" completions bash > "$root/usr/share/bash-completion/completions/recount"
"$binary" completions zsh > "$root/usr/share/zsh/vendor-completions/_recount"
"$binary" completions fish > "$root/usr/share/fish/vendor_completions.d/recount.fish"

install -d -m 0755 "$root/etc/recount"
install -d -m 0700 "$root/etc/recount/credentials"
install -d -m 0755 "$root/srv/recount/exports"

if [ -z "$root" ]; then
    systemd-sysusers recount.conf
    # The service reads its configuration by its group, which the folder hands on to what is made in it: a file of mode 0640,
    # as `recount init` writes it, is readable by the service and by nobody else. Before, `init` left it to root's group.
    chgrp recount /etc/recount
    chmod 2755 /etc/recount
    find /etc/recount -maxdepth 1 -type f -group root \( -name '*.toml' -o -name '*.csv' \) -exec chgrp recount {} +
    systemctl daemon-reload
fi

cat <<'NEXT'
Installed. Next:
  1. Put the key pair into /etc/recount/credentials/cw-public and cw-private (root only, mode 0600).
  2. sudo recount init --dir /etc/recount
  3. sudo recount check
  4. sudo systemctl enable --now recount.timer
Whoever else is to answer open items: sudo usermod -aG recount NAME
NEXT
