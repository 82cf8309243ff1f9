#!/usr/bin/env bash
# Prints the path of a consul binary: CONSUL_BIN, the one on the PATH, the one built before, or one built now.
set -euo pipefail

version=1.14.8
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/kong-consul"
built="$cache/consul-$version"

if [ -n "${CONSUL_BIN:-}" ]; then
  if ! [ -x "$CONSUL_BIN" ]; then
    echo "CONSUL_BIN=$CONSUL_BIN is no program" >&2
    exit 1
  fi
  echo "$CONSUL_BIN"
  exit 0
fi
if command -v consul; then exit 0; fi
if [ ! -x "$built" ]; then
  if ! command -v go >/dev/null; then
    echo "No consul found: set CONSUL_BIN, put consul on the PATH, or install Go 1.20 or later, which builds it once." >&2
    exit 1
  fi
  echo "Building Consul $version: about 8 minutes on 2 cores, once." >&2
  mkdir -p "$cache"
  part="$built.$$"
  (cd "$here/../consul" && go build -trimpath -ldflags '-s -w' -o "$part" github.com/hashicorp/consul) >&2
  mv "$part" "$built"
fi
echo "$built"
