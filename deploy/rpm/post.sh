# The user and the folders. Nothing is started and nothing enabled; what runs already goes on with this version.
systemd-sysusers recount.conf || true
install -d -m 0755 /etc/recount /srv/recount /srv/recount/exports
[ -d /etc/recount/credentials ] || install -d -m 0700 /etc/recount/credentials
# The service reads its configuration by its group, which the folder hands on to what is made in it: a file of mode 0640, as
# `recount init` writes it, is readable by the service and by nobody else. Before, `init` left it to root's group.
chgrp recount /etc/recount && chmod 2755 /etc/recount || true
find /etc/recount -maxdepth 1 -type f -group root \( -name '*.toml' -o -name '*.csv' \) -exec chgrp recount {} + || true
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
    systemctl try-restart recount-daemon.service recount-desk.service || true
fi
