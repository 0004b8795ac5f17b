#!/usr/bin/env bash
# Makes docs/*.png: the demo's own reports, and its desk (today, plan, customers, tab, phone). Needs chromium, chromedriver,
# pngquant and python3; run it from anywhere. Nothing else may listen on port 8080.
#
#   docs/screenshots.sh [path of a built recount]
set -euo pipefail
cd "$(dirname "$0")/.."

recount=${1:-target/debug/recount}
if [ ! -x "$recount" ]; then
    cargo build --locked
fi
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
missing=()
[ -n "$browser" ] || missing+=(chromium)
command -v chromedriver > /dev/null || missing+=(chromium-driver)
for needed in pngquant python3; do
    command -v "$needed" > /dev/null || missing+=("$needed")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "missing, as Debian calls it: apt-get install -y ${missing[*]}" >&2
    exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

TMPDIR=$scratch "$recount" demo --color never > "$scratch/told.txt"
reports=$(echo "$scratch"/recount-demo-*/state/reports)

# shot NAME WIDTH HEIGHT SCALE PAGE [option of the browser...]
shot() {
    local name=$1 width=$2 height=$3 scale=$4 page=$5
    shift 5
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$scratch/profile" \
        --window-size="$width,$height" --force-device-scale-factor="$scale" \
        --screenshot="$scratch/$name.png" "$@" "file://$reports/$page" > /dev/null 2>&1
    pngquant --force --strip --speed 1 --output "docs/$name.png" 64 "$scratch/$name.png"
}

# Run 2 is the night in which the demo writes; run 4 the one after somebody changed a line by hand.
shot report-desk 1280 1700 1 2.html
shot report-phone 390 1000 2 4.html
shot report-dark 1280 1000 1 4.html --force-dark-mode
shot report-ready 1280 900 1 ready.html
mkdir "$scratch/desk"
docs/screenshots.py "$(realpath "$recount")" "$scratch/desk"
for taken in "$scratch"/desk/desk-*.png; do
    pngquant --force --strip --speed 1 --output "docs/$(basename "$taken")" 64 "$taken"
done

for made in docs/report-*.png docs/desk-*.png; do
    size=$(stat -c %s "$made")
    echo "$made: $size bytes"
    [ "$size" -lt 150000 ]
done
