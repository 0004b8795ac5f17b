#!/usr/bin/env bash
# A Debian root under a real systemd: install, a first plan, a night, commands of two people, the daemon, an upgrade,
# uninstall, purge. Root; packages mmdebstrap and systemd-container.
#
#   tests/installed/run.sh target/debug/recount
#
# Exits with 77 where a container cannot boot. BUILT=FOLDER takes a root that was built before.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=$(realpath "$1")
source tests/installed/container.sh

echo "installed: build and boot"
build
boot
mkdir -p "$root/opt/recount/target/release"
cp -r README.md CHANGELOG.md SECURITY.md FAULTS.md LICENSE-APACHE LICENSE-MIT deploy docs systemd "$root/opt/recount/"
cp "$binary" "$root/opt/recount/target/release/recount"

expect 0 "Installed" /opt/recount/deploy/install.sh
expect 0 "Installed" /opt/recount/deploy/install.sh
expect 0 "" visudo -cf /etc/sudoers.d/recount
for file in share/man/man1/recount-map-add.1 share/bash-completion/completions/recount share/doc/recount/docs/morning.md; do
    [ -s "$root/usr/$file" ] || fail "/usr/$file is not installed"
done

echo "installed: what init writes is read by the service"
simulated
set_up_by_init

configured
# As an earlier version left them: an upgrade lets the service read them.
chmod 0640 "$root"/etc/recount/{recount.toml,customers.csv}
inside chgrp root /etc/recount/recount.toml /etc/recount/customers.csv
expect 16 "sudo chgrp recount /etc/recount/recount.toml" recount check
expect 0 "Installed" /opt/recount/deploy/install.sh
inside useradd --create-home molly
inside useradd --create-home eve
inside usermod -aG recount molly

echo "installed: commands of root, of a member and of somebody else"
expect 3 "Next:" recount check
expect 3 "to decide" recount plan
no_file_of_root "recount plan"
expect 3 "" runuser -u molly -- sudo recount plan
expect 2 "sudo recount plan" runuser -u molly -- recount plan
expect 2 "sudo usermod -aG recount eve" runuser -u eve -- recount why "Acme Dental"
expect 2 "sudo recount why 'Acme Dental'" runuser -u eve -- recount why "Acme Dental"
expect 1 "password" runuser -u eve -- sudo -n recount plan
expect 1 "password" runuser -u molly -- sudo -n recount init --dir /etc/sudoers.d
expect 2 "leave sudo out" runuser -u molly -- sudo recount check --config /etc/shadow

echo "installed: decisions, with the names of those who gave them"
plan=$( (inside recount plan --json < /dev/null || true) | sed -n 's/.*"plan": *"\([0-9a-f]*\)".*/\1/p' | head -n 1)
[ -n "$plan" ] || fail "a plan has no fingerprint"
expect 3 "changed" runuser -u molly -- sudo recount apply "$plan"
no_file_of_root "recount apply"
handle=$( (inside recount held < /dev/null || true) | sed -n 's/^.*recount keep \([0-9a-z]*\).*/\1/p' | head -n 1)
[ -n "$handle" ] || fail "nothing is held"
expect 0 "" runuser -u molly -- sudo recount keep "$handle" --note "as agreed"
expect 0 "kept by molly" recount held --all
expect 0 "is company 3321" runuser -u molly -- sudo recount map add "New Customer" 3321 --new
grep -q '^New Customer,3321' "$root/etc/recount/customers.csv" || fail "map add wrote no row"
no_file_of_root "recount map add"

echo "installed: the timer's run, and the daemon"
printf '[Timer]\nOnCalendar=\nOnCalendar=*-*-* 07:30:00 Australia/Sydney\n' | inside systemctl edit --stdin recount.timer 2> /dev/null \
    || { mkdir -p "$root/etc/systemd/system/recount.timer.d"
        printf '[Timer]\nOnCalendar=\nOnCalendar=*-*-* 07:30:00 Australia/Sydney\n' \
            > "$root/etc/systemd/system/recount.timer.d/schedule.conf"
        inside systemctl daemon-reload; }
expect 0 "" systemctl enable --now recount.timer
expect 0 "" systemctl start recount.service
[ "$(inside systemctl show --property=ExecMainStatus --value recount.service)" = 3 ] || fail "the night did not end with 3"
expect 0 "" recount verify
printf '\n[daemon]\nschedule = "0 4 * * *"\n' >> "$root/etc/recount/recount.toml"
expect 0 "" systemctl start recount-daemon.service
expect 0 "active" systemctl is-active recount-daemon.service
expect 0 "" systemctl stop recount-daemon.service

echo "installed: an upgrade keeps what is the administrator's"
before=$(cat "$root/etc/recount/recount.toml" "$root/etc/recount/customers.csv" | sha256sum)
expect 0 "Installed" /opt/recount/deploy/install.sh
[ "$(cat "$root/etc/recount/recount.toml" "$root/etc/recount/customers.csv" | sha256sum)" = "$before" ] || fail "files changed"
expect 0 "07:30:00 Australia/Sydney" systemctl cat recount.timer
expect 0 "enabled" systemctl is-enabled recount.timer
expect 3 "" recount plan

echo "installed: the desk, and the mapping that it may write"
expect 0 "" systemctl start recount-desk.service
moved="$root/var/lib/private/recount/mapping/customers.csv"
[ "$(readlink "$root/etc/recount/customers.csv")" = /var/lib/recount/mapping/customers.csv ] || fail "customers.csv did not move"
grep -q '^New Customer,3321' "$moved" || fail "the customers are not where the desk writes"
[ "$(stat -c %u "$moved")" = "$(stat -c %u "$root/var/lib/private/recount")" ] || fail "the service may not write the customers"
# shellcheck disable=SC2016
asked='for i in $(seq 50); do exec 3<>/dev/tcp/127.0.0.1/8080 && break; sleep 0.2; done 2> /dev/null
    printf "GET /signin HTTP/1.0\r\nhost: localhost\r\n\r\n" >&3; cat <&3'
expect 0 "Sign in to recount" bash -c "$asked"
expect 1 "password" runuser -u molly -- sudo -n recount users add dana --role operator
expect 0 "/welcome/" recount users add dana --role operator
expect 0 "is company 3321" runuser -u molly -- sudo recount map add "Second Customer" 3321 --new
grep -q '^Second Customer,3321' "$moved" || fail "map add wrote no row into the moved file"
[ -L "$root/etc/recount/customers.csv" ] || fail "map add put a file in the place of the link"
expect 0 "" systemctl restart recount-desk.service
expect 0 "active" systemctl is-active recount-desk.service
expect 3 "" recount plan
expect 0 "" systemctl stop recount-desk.service
no_file_of_root "the desk"

echo "installed: uninstall and purge"
expect 0 "history in /var/lib/recount" /opt/recount/deploy/install.sh --uninstall
[ ! -e "$root/usr/bin/recount" ] && [ ! -e "$root/etc/sudoers.d/recount" ] || fail "something was left"
[ -s "$root/etc/recount/recount.toml" ] && [ -s "$root/var/lib/private/recount/history.db" ] || fail "something is gone"
expect 0 "Installed" /opt/recount/deploy/install.sh
expect 3 "" recount plan
expect 1 "Nothing was removed" /opt/recount/deploy/install.sh --purge
inside sh -c 'echo purge | /opt/recount/deploy/install.sh --purge' > /dev/null
[ ! -e "$root/etc/recount" ] && [ ! -e "$root/var/lib/private/recount" ] || fail "purge left something"
echo "installed: all is well"
