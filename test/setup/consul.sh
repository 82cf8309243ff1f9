#!/usr/bin/env bash
# Prints the path of a consul binary: CONSUL_BIN, the one on the PATH, the one built before, or one built now.
set -euo pipefail

version=1.14.8
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/kong-consul"
built="$cache/consul-$version"

if [ -n "${CONSUL_BIN:-}" ]; then
  [ -x "$CONSUL_BIN" ] || { echo "CONSUL_BIN=$CONSUL_BIN is no program" >&2; exit 1; }
  echo "$CONSUL_BIN"
  exit 0
fi
if command -v consul; then exit 0; fi
if [ ! -x "$built" ]; then
  if ! command -v go >/dev/null; then
    echo "No consul found: set CONSUL_BIN, put consul on the PATH, or install Go 1.20 or later to build it." >&2
    exit 1
  fi
  echo "Building Consul $version: about 8 minutes on 2 cores, once." >&2
  mkdir -p "$cache"
  (cd "$here/../consul" && go build -trimpath -ldflags '-s -w' -o "$built.part" github.com/hashicorp/consul) >&2
  mv "$built.part" "$built"
fi
echo "$built"
