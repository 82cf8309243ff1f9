-- The rules of lint.lua, each a function of the complete checks, of what tells
-- a finding, of the context and of the checks as they were given.
local defaults = require "kong.plugins.kong-upstream-healthcheck.defaults"


local fmt = string.format


local STREAM = { tcp = true, tls = true, tls_passthrough = true, udp = true }
local UNSUPPORTED = { grpc = true, grpcs = true }
local MAX_COUNTER = 254

-- What a probe commonly meets.
local COMMON = {
  200, 204, 301, 302, 401, 403, 404, 429, 500, 502, 503, 504,
}

local COUNTERS = {
  { "active", "healthy", "successes" },
  { "active", "unhealthy", "tcp_failures" },
  { "active", "unhealthy", "timeouts" },
  { "active", "unhealthy", "http_failures" },
  { "passive", "healthy", "successes" },
  { "passive", "unhealthy", "tcp_failures" },
  { "passive", "unhealthy", "timeouts" },
  { "passive", "unhealthy", "http_failures" },
}


local function set_of(statuses)
  local set = {}
  for _, status in ipairs(statuses) do
    set[status] = true
  end
  return set
end


local function counts(unhealthy)
  return unhealthy.tcp_failures > 0
         or unhealthy.timeouts > 0
         or unhealthy.http_failures > 0
end


local function probes(checks)
  local active = checks.active
  return active.healthy.interval > 0 or active.unhealthy.interval > 0
end


-- Counters under active act only when something is probed.
local function ejects(checks)
  return counts(checks.passive.unhealthy)
         or (probes(checks) and counts(checks.active.unhealthy))
end


-- "http" or "stream" where all protocols agree on it, else nil.
local function subsystem_of(protocols)
  local subsystem
  for _, protocol in ipairs(protocols or {}) do
    local this = STREAM[protocol] and "stream" or "http"
    if subsystem and subsystem ~= this then
      return nil
    end
    subsystem = this
  end
  return subsystem
end


local function check_recovery(checks, report)
  if not ejects(checks) then
    return
  end
  local active = checks.active
  if active.unhealthy.interval == 0 then
    report("error", "never-recovers", "active.unhealthy.interval",
      "an ejected target is not probed, so it never comes back; set " ..
      "active.unhealthy.interval above 0, or all unhealthy counters to 0")
  end
  if active.healthy.successes == 0 then
    report("error", "never-recovers", "active.healthy.successes",
      "no number of good probes brings an ejected target back; set " ..
      "active.healthy.successes above 0, or all unhealthy counters to 0")
  end
  if active.type ~= "tcp" and #active.healthy.http_statuses == 0 then
    report("error", "never-recovers", "active.healthy.http_statuses",
      "no answer counts as good, so an ejected target never comes back; " ..
      "list a status in active.healthy.http_statuses, or set all " ..
      "unhealthy counters to 0")
  end
end


local function check_threshold(checks, report)
  if checks.threshold >= 100 then
    report("error", "always-down", "threshold",
      "Kong answers 503 unless more than this percentage of the targets " ..
      "is up, which can never be; set threshold below 100")
  end
end


local function check_overlap(checks, report)
  for _, side in ipairs({ "active", "passive" }) do
    local unhealthy = set_of(checks[side].unhealthy.http_statuses)
    local both = {}
    for _, status in ipairs(checks[side].healthy.http_statuses) do
      if unhealthy[status] then
        both[#both + 1] = status
      end
    end
    if #both > 0 then
      table.sort(both)
      report("error", "status-overlap", side .. ".unhealthy.http_statuses",
        fmt("both lists have %s, which Kong then counts as healthy only; " ..
            "take each out of %s.healthy.http_statuses or of " ..
            "%s.unhealthy.http_statuses",
            table.concat(both, ", "), side, side))
    end
  end
end


local function check_server_name(checks, report, context)
  local active = checks.active
  if active.type ~= "https" or not active.https_verify_certificate
     or not probes(checks) then
    return
  end
  if active.https_sni or type(context.host_header) == "string" then
    return
  end
  report("error", "https-without-sni", "active.https_sni",
    "targets from Consul are IP addresses, which no certificate is made " ..
    "out to, so every probe fails; set active.https_sni to a name in the " ..
    "certificate, or active.https_verify_certificate to false")
end


local function check_type(checks, report, context)
  local typ = checks.active.type
  local subsystem = subsystem_of(context.protocols)
  if UNSUPPORTED[typ] or not subsystem or not probes(checks) then
    return
  end
  if subsystem == "http" and typ == "tcp" then
    report("error", "type-skipped", "active.type",
      "Kong skips tcp probes for an HTTP upstream; set active.type to http " ..
      "or https, or, if this is a stream upstream, say so in the plugin's " ..
      "protocols (tcp, tls)")
  elseif subsystem == "stream" and typ ~= "tcp" then
    report("error", "type-skipped", "active.type",
      fmt("Kong skips %s probes for a stream upstream; set active.type to " ..
          "tcp", typ))
  end
end


local function check_supported(checks, report)
  for _, side in ipairs({ "active", "passive" }) do
    local typ = checks[side].type
    if UNSUPPORTED[typ] then
      report("error", "type-unsupported", side .. ".type",
        fmt("Kong takes %s here, but its health checker knows only http, " ..
            "https and tcp and fails the whole upstream; leave %s.type out",
            typ, side))
    end
  end
end


local function check_counters(checks, report)
  for _, path in ipairs(COUNTERS) do
    local value = checks[path[1]][path[2]][path[3]]
    if value > MAX_COUNTER then
      report("error", "counter-too-high", table.concat(path, "."),
        fmt("Kong takes %d here, but its health checker does not; set at " ..
            "most %d", value, MAX_COUNTER))
    end
  end
end


-- The defaults are documented and left alone; it is a list of one's own in
-- which a status is forgotten.
local function check_gap(checks, report, _, given)
  if not defaults.lists_statuses(given) or checks.active.type == "tcp"
     or not probes(checks) then
    return
  end
  local good = set_of(checks.active.healthy.http_statuses)
  local bad = set_of(checks.active.unhealthy.http_statuses)
  local missing = {}
  for _, status in ipairs(COMMON) do
    if not good[status] and not bad[status] then
      missing[#missing + 1] = status
    end
  end
  if #missing > 0 then
    report("warning", "status-gap", "active.unhealthy.http_statuses",
      fmt("neither list has %s, so a target that answers so is neither " ..
          "ejected nor brought back; add each to " ..
          "active.healthy.http_statuses or active.unhealthy.http_statuses",
          table.concat(missing, ", ")))
  end
end


local function check_reset(checks, report)
  local passive = checks.passive
  if counts(passive.unhealthy) and passive.healthy.successes == 0 then
    report("warning", "failures-add-up", "passive.healthy.successes",
      "good answers do not reset the failure counters, so a few failures " ..
      "among many good answers eject a target; set " ..
      "passive.healthy.successes above 0")
  end
end


local function check_probed(_, report, context, given)
  if defaults.is_unprobed(given, context) then
    report("warning", "unprobed", "active.type",
      "Kong has no probe for gRPC and UDP, so health checks stay off and " ..
      "Consul's checks alone decide; set active.type to probe nonetheless")
  end
end


return {
  check_recovery,
  check_threshold,
  check_overlap,
  check_server_name,
  check_type,
  check_supported,
  check_counters,
  check_gap,
  check_reset,
  check_probed,
}
