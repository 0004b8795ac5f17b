# The user and the folders. Nothing is started and nothing enabled; what runs already goes on with this version.
systemd-sysusers recount.conf || true
install -d -m 0755 /etc/recount /srv/recount /srv/recount/exports
[ -d /etc/recount/credentials ] || install -d -m 0700 /etc/recount/credentials
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
    systemctl try-restart recount-daemon.service recount-desk.service || true
fi
