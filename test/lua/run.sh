#!/usr/bin/env bash
# Lints the Lua plugin and runs its specs. Needs luacheck, busted and lua-cjson
# (Debian: lua-check lua-busted lua-cjson). The last line is for other scripts.
set -euo pipefail

cd "$(dirname "$0")/../../kong-plugin"

luacheck --no-color .

status=0
output=$(busted --output=plainTerminal "$@") || status=$?
echo "$output"

sum=$(grep -E '^[0-9]+ success' <<<"$output" || true)
if [[ -z $sum ]]; then
  echo 'lua: busted gave no sum' >&2
  exit 1
fi
read -r passed failed errors <<<"$(sed -E 's|^([0-9]+) success[a-z]* / ([0-9]+) failure[a-z]* / ([0-9]+) error.*|\1 \2 \3|' <<<"$sum")"
echo "lua: $passed passed, $((failed + errors)) failed"
exit "$status"
