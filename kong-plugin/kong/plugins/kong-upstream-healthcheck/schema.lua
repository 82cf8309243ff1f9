local typedefs = require "kong.db.schema.typedefs"
local defaults = require "kong.plugins.kong-upstream-healthcheck.defaults"
local lint = require "kong.plugins.kong-upstream-healthcheck.lint"


local ACTIVE = defaults.NUMBERS.active
local PASSIVE = defaults.NUMBERS.passive


local function text(description)
  return { description = description, type = "string" }
end


local function seconds(default, description)
  return {
    description = description,
    type = "number",
    between = { 0, 65535 },
    default = default,
  }
end


local function counter(default, description)
  return {
    description = description,
    type = "integer",
    between = { 0, 255 },
    default = default,
  }
end


local function statuses(description)
  return {
    description = description,
    type = "array",
    elements = { type = "integer", between = { 100, 999 } },
  }
end


local function check_type(description)
  return {
    description = description,
    type = "string",
    one_of = { "tcp", "http", "https", "grpc", "grpcs" },
  }
end


local function hash_input(description)
  return {
    description = description,
    type = "string",
    one_of = {
      "none", "consumer", "ip", "header", "cookie", "path", "query_arg",
      "uri_capture",
    },
  }
end


-- Kong's own rules for hashing, so that they are told here and not only when
-- the sidecar writes the upstream.
local function hash_checks()
  local checks = {
    { distinct = { "hash_on_header", "hash_fallback_header" } },
    { distinct = { "hash_on_query_arg", "hash_fallback_query_arg" } },
    { distinct = { "hash_on_uri_capture", "hash_fallback_uri_capture" } },
    { conditional_at_least_one_of = {
        if_field = "hash_fallback",
        if_match = { required = true, not_one_of = { "none" } },
        then_at_least_one_of = { "hash_on" },
    } },
  }
  local function needs(field, value, then_field, then_match)
    table.insert(checks, { conditional = {
      if_field = field,
      if_match = { required = true, match = "^" .. value .. "$" },
      then_field = then_field,
      then_match = then_match,
    } })
  end
  for _, input in ipairs({ "header", "query_arg", "uri_capture" }) do
    needs("hash_on", input, "hash_on_" .. input, { required = true })
    needs("hash_fallback", input, "hash_fallback_" .. input,
          { required = true })
  end
  for _, field in ipairs({ "hash_on", "hash_fallback" }) do
    needs(field, "cookie", "hash_on_cookie", { required = true })
  end
  for _, input in ipairs({ "none", "cookie" }) do
    needs("hash_on", input, "hash_fallback", { one_of = { "none" } })
  end
  for _, input in ipairs({ "consumer", "ip", "path" }) do
    needs("hash_on", input, "hash_fallback", { not_one_of = { input } })
  end
  return checks
end


-- No defaults below: what is left out here is left as Kong has it.
local upstream = {
  description = "Settings of the Kong upstream, in Kong's own names.",
  type = "record",
  fields = {
    { algorithm = {
        description = "How targets are chosen; latency needs Kong 3.2.",
        type = "string",
        one_of = {
          "consistent-hashing", "least-connections", "round-robin", "latency",
        },
    } },
    { slots = {
        description = "Slots of the load balancer's ring.",
        type = "integer",
        between = { 10, 65536 },
    } },
    { hash_on = hash_input(
        "What to hash on; path, query_arg and uri_capture need Kong 3.0.") },
    { hash_fallback = hash_input(
        "What to hash on when hash_on gives nothing.") },
    { hash_on_header = typedefs.header_name {
        description = "The header for hash_on: header.",
    } },
    { hash_fallback_header = typedefs.header_name {
        description = "The header for hash_fallback: header.",
    } },
    { hash_on_cookie = {
        description = "The cookie for hash_on or hash_fallback: cookie.",
        type = "string",
        match = "^[%w%-_]+$",
    } },
    { hash_on_cookie_path = typedefs.path {
        description = "The path of that cookie.",
    } },
    { hash_on_query_arg = text(
        "The query argument for hash_on: query_arg.") },
    { hash_fallback_query_arg = text(
        "The query argument for hash_fallback: query_arg.") },
    { hash_on_uri_capture = text(
        "The route's capture for hash_on: uri_capture.") },
    { hash_fallback_uri_capture = text(
        "The route's capture for hash_fallback: uri_capture.") },
    { host_header = typedefs.host_with_optional_port {
        description = "The Host header sent to targets.",
    } },
    { use_srv_name = {
        description = "Whether a target's SRV name becomes the Host header.",
        type = "boolean",
    } },
  },
  entity_checks = hash_checks(),
}


local active = {
  description = "Probes that Kong sends to every target.",
  type = "record",
  fields = {
    { type = check_type(
        "How to probe. Unset: what the Kong Service's protocol asks for.") },
    { timeout = seconds(ACTIVE.timeout, "Seconds until a probe gives up.") },
    { concurrency = {
        description = "How many targets are probed at once.",
        type = "integer",
        between = { 1, 2147483648 },
        default = ACTIVE.concurrency,
    } },
    { http_path = typedefs.path {
        description = "The path to probe. Unset: / where any answer below " ..
                      "500 is good; set: only 200 and 302 are.",
    } },
    { https_sni = typedefs.sni {
        description = "The name in the targets' certificate.",
    } },
    { https_verify_certificate = {
        description = "Whether the targets' certificate is verified.",
        type = "boolean",
    } },
    { headers = typedefs.headers {
        description = "Headers to send with each probe; needs Kong 3.0.",
    } },
    { healthy = {
        description = "When a target counts as up.",
        type = "record",
        fields = {
          { interval = seconds(ACTIVE.healthy.interval,
              "Seconds between probes of a target that is up; 0 is never.") },
          { http_statuses = statuses(
              "Good answers. Unset: see http_path.") },
          { successes = counter(ACTIVE.healthy.successes,
              "Good probes that bring an ejected target back; 0 is never.") },
        },
    } },
    { unhealthy = {
        description = "When a target counts as down.",
        type = "record",
        fields = {
          { interval = seconds(ACTIVE.unhealthy.interval,
              "Seconds between probes of an ejected target; 0 is never.") },
          { http_statuses = statuses(
              "Bad answers. Unset: from 500, with http_path from 400.") },
          { tcp_failures = counter(ACTIVE.unhealthy.tcp_failures,
              "Failed connections that eject a target; 0 is never.") },
          { timeouts = counter(ACTIVE.unhealthy.timeouts,
              "Timeouts that eject a target; 0 is never.") },
          { http_failures = counter(ACTIVE.unhealthy.http_failures,
              "Bad answers that eject a target; 0 is never.") },
        },
    } },
  },
}


local passive = {
  description = "What Kong learns from the traffic it proxies.",
  type = "record",
  fields = {
    { type = check_type(
        "The kind of traffic. Unset: as the Kong Service's protocol says.") },
    { healthy = {
        description = "What resets the failure counters.",
        type = "record",
        fields = {
          { http_statuses = statuses(
              "Good answers. Unset: every 2xx and 3xx.") },
          { successes = counter(PASSIVE.healthy.successes,
              "Good answers that bring a target back; with 0 they do not " ..
              "even reset the failure counters.") },
        },
    } },
    { unhealthy = {
        description = "What ejects a target.",
        type = "record",
        fields = {
          { http_statuses = statuses("Bad answers. Unset: every 5xx.") },
          { tcp_failures = counter(PASSIVE.unhealthy.tcp_failures,
              "Failed connections that eject a target; 0 is never.") },
          { timeouts = counter(PASSIVE.unhealthy.timeouts,
              "Timeouts that eject a target; 0 is never.") },
          { http_failures = counter(PASSIVE.unhealthy.http_failures,
              "Bad answers that eject a target; 0 is never.") },
        },
    } },
  },
}


local healthchecks = {
  description = "Kong's own health checks, in Kong's own names.",
  type = "record",
  fields = {
    { active = active },
    { passive = passive },
    { threshold = {
        description = "Percentage of targets that must be up, or Kong " ..
                      "answers 503; 0 asks for one.",
        type = "number",
        between = { 0, 100 },
        default = defaults.NUMBERS.threshold,
    } },
  },
}


local config = {
  type = "record",
  fields = {
    { service = text(
        "The Consul service. Unset: the Kong Service's host names it.") },
    { tags = {
        description = "Consul tags that an instance must all have.",
        type = "array",
        elements = { type = "string" },
    } },
    { filter = text("A Consul filter expression for instances.") },
    { datacenter = text("The Consul datacenter. Unset: the agent's.") },
    { namespace = text("The Consul namespace (Consul Enterprise).") },
    { partition = text("The Consul admin partition (Consul Enterprise).") },
    { passing_only = {
        description = "Whether an instance with a warning is left out.",
        type = "boolean",
        required = true,
        default = false,
    } },
    { on_no_healthy = {
        description = "When no instance is passing: keep all registered " ..
                      "ones as targets, or remove them.",
        type = "string",
        one_of = { "keep", "remove" },
        required = true,
        default = "keep",
    } },
    { panic_threshold = {
        description = "Percentage of passing instances under which " ..
                      "on_no_healthy applies.",
        type = "number",
        between = { 0, 100 },
        required = true,
        default = 0,
    } },
    { address_tag = text(
        "The Consul tagged address to use, such as wan or lan_ipv4.") },
    { port = typedefs.port {
        description = "The targets' port. Unset: each instance's own.",
        between = { 1, 65535 },
    } },
    { adopt = {
        description = "Whether to take over an upstream of this name that " ..
                      "somebody else created.",
        type = "boolean",
        required = true,
        default = false,
    } },
    { upstream = upstream },
    { healthchecks = healthchecks },
  },
}


local function validate(plugin)
  return lint.validate(plugin.config.healthchecks, {
    protocols = plugin.protocols,
    host_header = plugin.config.upstream.host_header,
  })
end


-- Kong before 3.4 refuses a schema with descriptions.
local function without_descriptions(field)
  if type(field) ~= "table" then
    return
  end
  field.description = nil
  for _, inner in pairs(field.fields or {}) do
    without_descriptions(select(2, next(inner)))
  end
end


local fields = {
  { consumer = typedefs.no_consumer },
  -- HTTP by default and stream protocols allowed: Kong binds a plugin to a
  -- tcp or tls Service only if the plugin has a protocol of its routes.
  { protocols = typedefs.protocols },
  { config = config },
}

-- Kong Enterprise from 3.4 on; a strict table elsewhere.
local no_consumer_group = rawget(typedefs, "no_consumer_group")
if no_consumer_group then
  table.insert(fields, 2, { consumer_group = no_consumer_group })
end

if not typedefs.protocols.description then
  without_descriptions(config)
end


return {
  name = "kong-upstream-healthcheck",
  fields = fields,
  entity_checks = {
    { custom_entity_check = {
        field_sources = { "protocols", "config" },
        fn = validate,
    } },
  },
}
