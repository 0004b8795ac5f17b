#!/usr/bin/env bash
# A Debian root under a real systemd, booted by systemd-nspawn: sourced by the tests of this folder. Ends with 77 where a
# container cannot boot.
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

# The simulated ConnectWise in the container, with the keys and the exports that belong to it.
simulated() {
    cp -r deploy/sim/exports "$root/srv/recount/"
    touch "$root"/srv/recount/exports/*
    sed -i 's/"1,050"/1050/' "$root"/srv/recount/exports/*.csv
    install -m 0600 /dev/stdin "$root/etc/recount/credentials/cw-public" <<< pub
    install -m 0600 /dev/stdin "$root/etc/recount/credentials/cw-private" <<< priv
    inside systemd-run --quiet --unit=simulated /usr/bin/recount sim
    for _ in $(seq 100); do
        if inside bash -c 'exec 3<> /dev/tcp/127.0.0.1/8480' 2> /dev/null; then break; fi
        sleep 0.1
    done
}

# As the README has it, by an administrator whose files nobody else reads. The service has to read what is written; nobody
# but its group may. Then all of it goes again.
set_up_by_init() {
    inside bash -c 'umask 077 && recount init --yes --dir /etc/recount --url http://127.0.0.1:8480 --company examplemsp \
        --client-id 00000000-0000-0000-0000-000000000000 --public-key credential:cw-public --private-key credential:cw-private \
        --export "/srv/recount/exports/mailprotector-*.csv" --agreement-type "Email Security"' > /dev/null < /dev/null \
        || fail "init does not set it up"
    read_by_the_service "init"
    expect 0 "" recount integrations enable mailprotector --mode observe
    read_by_the_service "integrations enable"
    inside sh -c 'rm -r /etc/recount/*.toml /etc/recount/*.csv /etc/recount/systemd /var/lib/private/recount/*'
}

read_by_the_service() {
    local file
    for file in recount.toml customers.csv; do
        [ "$(inside stat -c '%U:%G %a' "/etc/recount/$file")" = "root:recount 640" ] \
            || fail "after $1 $file is $(inside stat -c '%U:%G %a' "/etc/recount/$file")"
    done
    expect 3 "Next:" recount check
    # A night that cannot begin fails the unit; one that has something to decide does not.
    expect 0 "" systemctl start recount.service
    [ -s "$root/var/lib/private/recount/history.db" ] || fail "no night after $1"
}

# The example set, as an administrator puts it there.
configured() {
    cp deploy/sim/customers.csv "$root/etc/recount/"
    sed -e 's#"state"#"/var/lib/recount"#' -e 's#"exports/#"/srv/recount/exports/#' \
        -e 's#{ env = "CW_PUBLIC" }#{ credential = "cw-public" }#' -e 's#{ env = "CW_PRIVATE" }#{ credential = "cw-private" }#' \
        deploy/sim/recount.toml > "$root/etc/recount/recount.toml"
}
