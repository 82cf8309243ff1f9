-- The record "healthchecks" of the plugin's config.
local typedefs = require "kong.db.schema.typedefs"
local defaults = require "kong.plugins.kong-upstream-healthcheck.defaults"


local ACTIVE = defaults.NUMBERS.active
local PASSIVE = defaults.NUMBERS.passive


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


return {
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
