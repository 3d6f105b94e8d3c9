#!/usr/bin/env bash
# Installs Chromium on Debian or Ubuntu when it is missing; `--pictures` adds the fonts of the screenshots.
set -euo pipefail

packages=()
if [ -z "${CHROMIUM_PATH:-}" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  packages+=(chromium)
fi
if [ "${1:-}" = --pictures ]; then
  for package in fonts-inter-variable fonts-noto-color-emoji pngquant webp; do
    dpkg -s "$package" >/dev/null 2>&1 || packages+=("$package")
  done
fi
[ ${#packages[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "please install: ${packages[*]} (or name a Chromium in CHROMIUM_PATH)" >&2
  exit 1
fi
echo "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends "${packages[@]}" >/dev/null
