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
work=$(mktemp -d)
root=$work/root

fail() {
    echo "installed: $*" >&2
    exit 1
}

leader() { pgrep -P "$(cat "$work/nspawn.pid")" | head -n 1; }

# As a login would have it: a clean environment, the machine's own names.
inside() {
    nsenter -t "$(leader)" -m -u -i -n -p -C -r -w env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 TERM=dumb "$@"
}

off() {
    if [ -f "$work/nspawn.pid" ]; then
        inside systemctl poweroff --no-wall > /dev/null 2>&1 || true
        for _ in $(seq 200); do kill -0 "$(cat "$work/nspawn.pid")" 2> /dev/null || break; sleep 0.1; done
        kill -KILL "$(leader)" "$(cat "$work/nspawn.pid")" 2> /dev/null || true
    fi
    rm -rf "$work"
}
trap off EXIT

build() {
    local suite sources
    if [ -n "${BUILT:-}" ]; then
        cp -a "$BUILT" "$root"
        return
    fi
    suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    sources=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2> /dev/null | head -n 1)
    # shellcheck disable=SC2016
    mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
        --include=systemd-sysv,dbus,sudo,ca-certificates,adduser \
        --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='APT::Install-Recommends "false"' \
        --customize-hook='echo box > "$1/etc/hostname"; echo "127.0.0.1 localhost box" > "$1/etc/hosts"; : > "$1/etc/machine-id"' \
        "$suite" "$root" ${sources:+"$sources"}
}

# The network is the container's own: loopback, and nothing else.
boot() {
    local state=
    systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --machine="recount-$$" --hostname=box \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe --directory="$root" > "$work/console.log" 2>&1 < /dev/null &
    echo $! > "$work/nspawn.pid"
    for _ in $(seq 300); do
        kill -0 "$(cat "$work/nspawn.pid")" 2> /dev/null || break
        state=$(inside systemctl is-system-running 2> /dev/null || true)
        case $state in running | degraded) return ;; esac
        sleep 0.1
    done
    cat "$work/console.log" >&2
    echo "installed: skipped, because a container cannot boot here" >&2
    exit 77
}

# expect CODE WORDS COMMAND…: the exit code, and words that have to be said.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$(inside "$@" 2>&1 < /dev/null) || got=$?
    [ "$got" -eq "$code" ] || fail "$* ended with $got, not $code:"$'\n'"$said"
    grep -qF -- "$words" <<< "$said" || fail "$* does not say \"$words\":"$'\n'"$said"
    echo "ok: $*"
}

no_file_of_root() {
    local found
    found=$(inside find /var/lib/private/recount ! -user recount)
    [ -z "$found" ] || fail "after $1 root has files among the service's: $found"
}

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

# The simulated ConnectWise, and the example set that belongs to it.
cp -r deploy/sim/exports "$root/srv/recount/"
touch "$root"/srv/recount/exports/*
cp deploy/sim/customers.csv "$root/etc/recount/"
sed -e 's#"state"#"/var/lib/recount"#' -e 's#"exports/#"/srv/recount/exports/#' \
    -e 's#{ env = "CW_PUBLIC" }#{ credential = "cw-public" }#' -e 's#{ env = "CW_PRIVATE" }#{ credential = "cw-private" }#' \
    deploy/sim/recount.toml > "$root/etc/recount/recount.toml"
install -m 0600 /dev/stdin "$root/etc/recount/credentials/cw-public" <<< pub
install -m 0600 /dev/stdin "$root/etc/recount/credentials/cw-private" <<< priv
sed -i 's/"1,050"/1050/' "$root"/srv/recount/exports/*.csv
inside systemd-run --quiet --unit=simulated /usr/bin/recount sim
for _ in $(seq 100); do
    if inside bash -c 'exec 3<> /dev/tcp/127.0.0.1/8480' 2> /dev/null; then break; fi
    sleep 0.1
done
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
