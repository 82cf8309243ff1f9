-- Health checks that Kong takes but that would hurt. The sidecar holds the
-- same rules with the same words (core/health-check-lint.ts);
-- test/lint-cases.json proves both.
--
-- | rule              | level   | why                                       |
-- | ----------------- | ------- | ----------------------------------------- |
-- | never-recovers    | error   | ejected targets are lost (Kong#7566)      |
-- | always-down       | error   | threshold 100 answers 503 for ever        |
-- | status-overlap    | error   | Kong counts it as healthy only            |
-- | https-without-sni | error   | an IP address is in no certificate        |
-- | type-skipped      | error   | http: no tcp probes; stream: only those   |
-- | type-unsupported  | error   | grpc breaks the upstream (Kong#13336)     |
-- | counter-too-high  | error   | Kong takes 255, its checker 254 at most   |
-- | status-gap        | warning | no verdict, the state freezes (Kong#15001)|
-- | failures-add-up   | warning | good answers do not reset the counters    |
-- | unprobed          | warning | Kong has no probe for gRPC and UDP        |
local defaults = require "kong.plugins.kong-upstream-healthcheck.defaults"
local rules = require "kong.plugins.kong-upstream-healthcheck.rules"


local fmt = string.format


local _M = {}


--- What is wrong with these health checks, in the order of the rules.
-- @param healthchecks as given; fields may be missing or ngx.null
-- @param context see defaults.complete
-- @return list of { level = "error"|"warning", rule, path, message }
function _M.lint(healthchecks, context)
  local given = type(healthchecks) == "table" and healthchecks or {}
  local known = context or {}
  local checks = defaults.complete(given, known)
  local findings = {}
  local function report(level, rule, path, message)
    findings[#findings + 1] = {
      level = level,
      rule = rule,
      path = path,
      message = message,
    }
  end
  for _, rule in ipairs(rules) do
    rule(checks, report, known, given)
  end
  return findings
end


--- For the schema: true, or nil and all errors in one sentence; warnings are
-- the sidecar's `doctor` to tell.
function _M.validate(healthchecks, context)
  local errors = {}
  for _, finding in ipairs(_M.lint(healthchecks, context)) do
    if finding.level == "error" then
      errors[#errors + 1] =
        fmt("config.healthchecks.%s: %s", finding.path, finding.message)
    end
  end
  if #errors > 0 then
    return nil, table.concat(errors, "; ")
  end
  return true
end


return _M
