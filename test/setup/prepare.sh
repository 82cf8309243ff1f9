#!/usr/bin/env bash
# Installs what the tests need and is missing. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/../.."

node -e '
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node.js 20.19 or later is needed, this is ${process.versions.node}.`);
  process.exit(1);
}'
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund
  touch node_modules/.package-lock.json
fi
if ! command -v busted >/dev/null || ! command -v luacheck >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq lua-busted lua-check lua-cjson >/dev/null
  else
    echo "busted and luacheck are needed for the plugin's tests: install lua-busted, lua-check and lua-cjson." >&2
    exit 1
  fi
fi
test/setup/consul.sh >/dev/null
