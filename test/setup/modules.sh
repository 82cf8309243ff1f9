#!/usr/bin/env bash
# Installs the packages of package-lock.json, if they are not there as they should be.
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
