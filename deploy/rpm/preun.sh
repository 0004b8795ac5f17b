# Before the program goes: nothing may start it any more. Configuration, keys and history stay. An upgrade ($1 is 1)
# leaves what runs alone.
if [ "$1" = 0 ] && [ -d /run/systemd/system ]; then
    systemctl disable --now recount.timer recount-daemon.service recount-desk.service || true
    systemctl stop recount.service || true
fi
