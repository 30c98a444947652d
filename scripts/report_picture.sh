#!/bin/sh
# Draws docs/report.png: the beginning of a run's report page, as headless Chromium shows it, 1,080 pixels wide.
#   scripts/report_picture.sh RUN
set -eu

page=$(realpath "$1/report.html")
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/docs/report.png

browser=""
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then browser=$name; break; fi
done
if [ -z "$browser" ]; then
  echo "error: Chromium is missing" >&2
  echo "hint: apt-get install chromium" >&2
  exit 1
fi
# Root has no sandbox.
sandbox=""
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
"$browser" --headless=new --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --window-size=1080,880 \
  ${sandbox:+"$sandbox"} --screenshot="$target" "file://$page" >/dev/null 2>&1
echo "docs/report.png"
