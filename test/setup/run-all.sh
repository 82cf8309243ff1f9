#!/usr/bin/env bash
# Runs every check and every test, and prints the sums as the last line.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
passed=0 failed=0 skipped=0 broken=0

count() { # count NAME PASSED FAILED SKIPPED
  echo "$1: $2 passed, $3 failed, $4 skipped"
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

npm run --silent check || { echo "check: lint or types failed"; broken=1; }

CONSUL_BIN=$(test/setup/consul.sh) || exit 1
export CONSUL_BIN
npm run --silent build || { echo "build failed"; broken=1; }
npx vitest run --reporter=default --reporter=json --outputFile.json="$reports/vitest.json" || broken=1
if [ -s "$reports/vitest.json" ]; then
  # shellcheck disable=SC2046
  count vitest $(node -p '
    const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const brokenFiles = r.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
    [r.numPassedTests, r.numFailedTests + brokenFiles, r.numPendingTests + r.numTodoTests].join(" ")' "$reports/vitest.json")
else
  echo "vitest left no report"
  broken=1
fi

test/lua/run.sh >"$reports/lua.txt" 2>&1 || broken=1
cat "$reports/lua.txt"
if sums=$(grep -oE '^lua: [0-9]+ passed, [0-9]+ failed$' "$reports/lua.txt" | tail -n 1) && [ -n "$sums" ]; then
  # shellcheck disable=SC2046
  count lua $(echo "$sums" | grep -oE '[0-9]+' | tr '\n' ' ') 0
else
  echo "the Lua tests left no sums"
  broken=1
fi

# What failed, once more where the eye falls: right above the sums.
if [ -s "$reports/vitest.json" ]; then
  node -e '
    const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const short = (text) => (text ?? "").split("\n").slice(0, 6).join("\n    ");
    for (const f of r.testResults) {
      const file = require("path").relative(".", f.name);
      if (f.status === "failed" && f.assertionResults.length === 0) console.log(`failed: ${file}\n    ${short(f.message)}`);
      for (const t of f.assertionResults)
        if (t.status === "failed") console.log(`failed: ${file}: ${t.fullName}\n    ${short(t.failureMessages[0])}`);
    }' "$reports/vitest.json"
fi

if [ "$broken" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
