local typedefs = require "kong.db.schema.typedefs"
local healthchecks =
  require "kong.plugins.kong-upstream-healthcheck.healthchecks"
local lint = require "kong.plugins.kong-upstream-healthcheck.lint"
local upstream = require "kong.plugins.kong-upstream-healthcheck.upstream"


local function text(description)
  return { description = description, type = "string" }
end


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
