#!/usr/bin/env bash
# Installs what the tests need and is missing. Safe to run again, and quick when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v node >/dev/null; then
  echo "Node.js 20.19 or later is needed, and there is none on the PATH." >&2
  exit 1
fi
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

missing=()
command -v busted >/dev/null || missing+=(lua-busted lua-cjson)
command -v luacheck >/dev/null || missing+=(lua-check)
command -v openssl >/dev/null || missing+=(openssl)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these too; install them under Debian's names or your system's: ${missing[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi

test/setup/consul.sh >/dev/null
