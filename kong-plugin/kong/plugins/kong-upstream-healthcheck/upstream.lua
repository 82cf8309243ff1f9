-- The record "upstream" of the plugin's config.
local typedefs = require "kong.db.schema.typedefs"


local function text(description)
  return { description = description, type = "string" }
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
return {
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
