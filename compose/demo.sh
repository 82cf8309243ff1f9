#!/usr/bin/env bash
# Starts the demo stack and walks through it: scale, stop, kill, maintenance, a failing health check; shows who answers
# after each step. Ends with an error as soon as something is not as it should be, so it is the stack's test as well.
set -euo pipefail
cd "$(dirname "$0")"

proxy=http://127.0.0.1:${PROXY_PORT:-8000}/api
consul=http://127.0.0.1:${CONSUL_PORT:-8500}
sidecar=http://127.0.0.1:${SIDECAR_PORT:-7070}
upstream=my-service
requests=60
patience=90

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() {
  printf '\n%s\n' "$*" >&2
  docker compose ps --all >&2 || true
  docker compose logs --tail 20 sidecar setup >&2 || true
  exit 1
}

scale() {
  docker compose up --detach --no-recreate --scale "demo-service=$1" demo-service 2>/dev/null || fail "Compose could not scale."
}

# Container ids of the running instances, in a fixed order.
instances() { docker compose ps --quiet --status running demo-service | sort; }
nth() { instances | sed -n "$1p"; }

# The id under which a container registers: service, host name, port.
consul_id() { echo "$upstream-${1:0:12}-3000"; }

maintenance() { curl -fsS -X PUT "$consul/v1/agent/service/maintenance/$1?enable=$2&reason=demo"; }

# One answer: the instance's name, or the status.
ask() { curl -s -m 20 -w '\n%{http_code}\n' "$proxy" | awk '/"instance"/ { sub(/.*"instance":"/, ""); sub(/".*/, ""); who = $0 } END { print $0 == 200 ? who : "status " $0 }'; }

answers() { for _ in $(seq "$1"); do ask; done; }

# Waits until exactly so many instances answer and nothing else does, then shows who answered how often.
traffic() {
  local expected=$1 begun=$SECONDS seen
  while :; do
    seen=$(answers $((expected * 6)) | sort | uniq -c)
    if [ "$(wc -l <<<"$seen")" -eq "$expected" ] && ! grep -q status <<<"$seen"; then break; fi
    if [ $((SECONDS - begun)) -gt "$patience" ]; then fail "Not $expected instances after $patience s, but:"$'\n'"$seen"; fi
    sleep 0.5
  done
  seen=$(answers "$requests" | sort | uniq -c)
  say "answering: $expected, after $((SECONDS - begun)) s; $requests requests:"
  while read -r times who; do printf '     %-32s %-30s %s\n' "$who" "$(printf '#%.0s' $(seq $((times / 2))))" "$times"; done <<<"$seen"
  if grep -q status <<<"$seen"; then fail 'A request failed.'; fi
}

step 'Consul, Kong, the sidecar, and three instances that register themselves'
docker compose up --detach --build
traffic 3

step 'Scale to five'
scale 5
traffic 5

step 'Stop one: it deregisters first, so no request meets it'
docker stop "$(nth 1)" >/dev/null
traffic 4

step "Kill one: Kong's own check and Consul's take it out"
docker kill "$(nth 1)" >/dev/null
traffic 3

step 'Put one into maintenance'
resting=$(consul_id "$(nth 1)")
maintenance "$resting" true
traffic 2

step 'Break the health of another: it still answers, but says that it is not well'
broken=$(nth 2)
docker kill --signal USR2 "$broken" >/dev/null
traffic 1

step 'All is well again, and five run'
docker kill --signal USR2 "$broken" >/dev/null
maintenance "$resting" false
scale 5
traffic 5

step 'What the sidecar says'
docker compose exec -T sidecar kong-consul status || fail 'The sidecar says that Kong is not in sync.'

cat <<EOF

   through Kong     $proxy
   sidecar          $sidecar
   Kong's Admin API http://127.0.0.1:${ADMIN_PORT:-8001}
   Consul           $consul

   scale it         docker compose -f compose/docker-compose.yml up -d --no-recreate --scale demo-service=8
   more             docker compose -f compose/docker-compose.yml --profile ui --profile monitoring up -d
   take it down     make demo-down
EOF
