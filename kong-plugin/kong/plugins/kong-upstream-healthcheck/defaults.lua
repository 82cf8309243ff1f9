-- What a health check means where the config says nothing. The sidecar holds
-- the same rules (core/health-check-defaults.ts); test/lint-cases.json proves
-- that they agree.
--
-- | unset                           | becomes                               |
-- | ------------------------------- | ------------------------------------- |
-- | active.type                     | what fits the protocols: http, https, |
-- |                                 | tcp; no checks at all on gRPC and UDP |
-- | active.http_statuses, no        | below 500 healthy, from 500 unhealthy |
-- |   http_path given               |                                       |
-- | active.http_statuses, http_path | 200 and 302 healthy, from 400         |
-- |   given                         | unhealthy                             |
-- | active.https_verify_certificate | false if https comes from the         |
-- |                                 | protocols and no server name is known |
-- | one of two status lists         | its default without what is in the    |
-- |                                 | other                                 |
local _M = {}


-- Good answers reset Kong's failure counters only where successes is above 0;
-- so passive.healthy.successes is not 0, or five errors in a million answers
-- would eject a target.
_M.NUMBERS = {
  active = {
    timeout = 1,
    concurrency = 10,
    healthy = { interval = 5, successes = 2 },
    unhealthy = {
      interval = 5,
      tcp_failures = 3,
      timeouts = 3,
      http_failures = 3,
    },
  },
  passive = {
    healthy = { successes = 5 },
    unhealthy = { tcp_failures = 3, timeouts = 5, http_failures = 5 },
  },
  threshold = 0,
}

local OFF = {
  active = {
    timeout = 1,
    concurrency = 10,
    healthy = { interval = 0, successes = 0 },
    unhealthy = {
      interval = 0,
      tcp_failures = 0,
      timeouts = 0,
      http_failures = 0,
    },
  },
  passive = {
    healthy = { successes = 0 },
    unhealthy = { tcp_failures = 0, timeouts = 0, http_failures = 0 },
  },
}

-- ws and wss are Kong Enterprise's.
local PROBES = {
  http = "http",
  ws = "http",
  https = "https",
  wss = "https",
  tcp = "tcp",
  tls = "tcp",
  tls_passthrough = "tcp",
  grpc = "none",
  grpcs = "none",
  udp = "none",
}


-- Every registered status from `first` to `last` (IANA's list).
local function registered(first, last)
  local ranges = {
    { 200, 208 }, { 226, 226 }, { 300, 308 }, { 400, 418 }, { 421, 426 },
    { 428, 429 }, { 431, 431 }, { 451, 451 }, { 500, 508 }, { 510, 511 },
  }
  local statuses = {}
  for _, range in ipairs(ranges) do
    for status = math.max(first, range[1]), math.min(last, range[2]) do
      statuses[#statuses + 1] = status
    end
  end
  return statuses
end


local ALIVE = registered(200, 499)
local REFUSED = registered(400, 599)
local BROKEN = registered(500, 599)
local SUCCESS = registered(200, 399)
local KONG_HEALTHY = { 200, 302 }


local function record(value)
  return type(value) == "table" and value or {}
end


-- What Kong calls unset is nil here, ngx.null there: go by the wanted type.
local function given(value, wanted)
  if type(value) == wanted then
    return value
  end
end


local function numbers(from, names, defaults)
  local filled = {}
  for _, name in ipairs(names) do
    filled[name] = given(from[name], "number") or defaults[name]
  end
  return filled
end


local function without(statuses, others)
  local set = {}
  for _, status in ipairs(others or {}) do
    set[status] = true
  end
  local left = {}
  for _, status in ipairs(statuses) do
    if not set[status] then
      left[#left + 1] = status
    end
  end
  return left
end


local function fill_statuses(healthy, unhealthy, good, bad)
  local healthy_given = given(healthy.http_statuses, "table")
  local unhealthy_given = given(unhealthy.http_statuses, "table")
  return healthy_given or without(good, unhealthy_given),
         unhealthy_given or without(bad, healthy_given)
end


-- The one probe that fits all protocols; http where they differ or are not
-- known.
local function probe_of(protocols)
  local probe
  for _, protocol in ipairs(protocols or {}) do
    local this = PROBES[protocol] or "http"
    if probe and probe ~= this then
      return "http"
    end
    probe = this
  end
  return probe or "http"
end


local FAILURES = { "tcp_failures", "timeouts", "http_failures" }
local ACTIVE_FAILURES = {
  "interval", "tcp_failures", "timeouts", "http_failures",
}


local function complete_active(active, probe, off, host_header)
  local healthy, unhealthy = record(active.healthy), record(active.unhealthy)
  local defaults = off and OFF.active or _M.NUMBERS.active
  local http_path = given(active.http_path, "string")
  local good = http_path and KONG_HEALTHY or ALIVE
  local bad = http_path and REFUSED or BROKEN
  local good_statuses, bad_statuses =
    fill_statuses(healthy, unhealthy, good, bad)
  local type_given = given(active.type, "string")
  local https_sni = given(active.https_sni, "string")
  local verify = given(active.https_verify_certificate, "boolean")
  if verify == nil then
    verify = not (probe == "https" and not type_given
                  and not https_sni and not host_header)
  end

  local complete = numbers(active, { "timeout", "concurrency" }, defaults)
  complete.type = type_given or (off and "http" or probe)
  complete.http_path = http_path or "/"
  complete.https_sni = https_sni
  complete.https_verify_certificate = verify
  complete.headers = given(active.headers, "table")
  complete.healthy = numbers(off and {} or healthy,
                             { "interval", "successes" }, defaults.healthy)
  complete.healthy.http_statuses = good_statuses
  complete.unhealthy = numbers(off and {} or unhealthy,
                               ACTIVE_FAILURES, defaults.unhealthy)
  complete.unhealthy.http_statuses = bad_statuses
  return complete
end


local function complete_passive(passive, probe, off)
  local healthy, unhealthy = record(passive.healthy), record(passive.unhealthy)
  local defaults = off and OFF.passive or _M.NUMBERS.passive
  local good_statuses, bad_statuses =
    fill_statuses(healthy, unhealthy, SUCCESS, BROKEN)

  local complete = {
    type = given(passive.type, "string")
           or (probe == "tcp" and "tcp" or "http"),
    healthy = numbers(off and {} or healthy, { "successes" }, defaults.healthy),
    unhealthy = numbers(off and {} or unhealthy, FAILURES, defaults.unhealthy),
  }
  complete.healthy.http_statuses = good_statuses
  complete.unhealthy.http_statuses = bad_statuses
  return complete
end


--- Whether Kong has no probe for these protocols and the config names none:
-- then checks stay off, for without a probe an ejected target is lost.
function _M.is_unprobed(healthchecks, context)
  local active = record(record(healthchecks).active)
  return given(active.type, "string") == nil
         and probe_of(record(context).protocols) == "none"
end


--- Whether a status list for probes was given.
function _M.lists_statuses(healthchecks)
  local active = record(record(healthchecks).active)
  return type(record(active.healthy).http_statuses) == "table"
         or type(record(active.unhealthy).http_statuses) == "table"
end


--- The whole `healthchecks` of a Kong upstream.
-- @param healthchecks what was given; fields may be missing or ngx.null
-- @param context `protocols` that reach the upstream, `host_header` that Kong
-- sends (and, from 3.6, takes as TLS server name), each if known
function _M.complete(healthchecks, context)
  local config, known = record(healthchecks), record(context)
  local probe = probe_of(known.protocols)
  local off = _M.is_unprobed(config, known)
  local host_header = given(known.host_header, "string")
  return {
    active = complete_active(record(config.active), probe, off, host_header),
    passive = complete_passive(record(config.passive), probe, off),
    threshold = given(config.threshold, "number") or _M.NUMBERS.threshold,
  }
end


return _M
