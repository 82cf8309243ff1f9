#!/usr/bin/env bash
# Installs what the tests need and is missing. Safe to run again, and quick when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

test/setup/modules.sh

missing=()
command -v busted >/dev/null || missing+=(lua-busted lua-cjson)
command -v luacheck >/dev/null || missing+=(lua-check)
command -v openssl >/dev/null || missing+=(openssl)
command -v promtool >/dev/null || missing+=(prometheus)
# The page is tested in a real browser; CHROMIUM_BIN names another one.
[ -n "${CHROMIUM_BIN:-}" ] || [ -x /usr/bin/chromium-headless-shell ] || missing+=(chromium-headless-shell fonts-dejavu-core)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these too; install them under Debian's names or your system's: ${missing[*]}" >&2
    exit 1
  fi
  apt-get -o DPkg::Lock::Timeout=600 update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The tests beside decK are skipped without it, and counted as skipped.
if ! command -v "${DECK_BIN:-deck}" >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || ! apt-get -o DPkg::Lock::Timeout=600 install -y -qq deck >/dev/null 2>&1; then
    echo "No decK found: what is tested with it is skipped." >&2
  fi
fi

test/setup/consul.sh >/dev/null
