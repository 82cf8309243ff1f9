package = "kong-plugin-kong-upstream-healthcheck"
version = "0.1.0-1"

source = {
  url = "file://.",
}

description = {
  summary = "Says which Consul service feeds a Kong upstream, and how Kong " ..
            "checks its health",
  detailed = [[
    The Kong side of kong-consul: its config on a Kong Service, a Route or
    globally is read by the kong-consul sidecar, which keeps the upstream and
    its targets equal to what Consul says. It has no request phase.
  ]],
  license = "Apache-2.0",
}

dependencies = {
  "lua >= 5.1",
}

build = {
  type = "builtin",
  modules = {
    ["kong.plugins.kong-upstream-healthcheck.defaults"] =
      "kong/plugins/kong-upstream-healthcheck/defaults.lua",
    ["kong.plugins.kong-upstream-healthcheck.handler"] =
      "kong/plugins/kong-upstream-healthcheck/handler.lua",
    ["kong.plugins.kong-upstream-healthcheck.healthchecks"] =
      "kong/plugins/kong-upstream-healthcheck/healthchecks.lua",
    ["kong.plugins.kong-upstream-healthcheck.lint"] =
      "kong/plugins/kong-upstream-healthcheck/lint.lua",
    ["kong.plugins.kong-upstream-healthcheck.rules"] =
      "kong/plugins/kong-upstream-healthcheck/rules.lua",
    ["kong.plugins.kong-upstream-healthcheck.schema"] =
      "kong/plugins/kong-upstream-healthcheck/schema.lua",
    ["kong.plugins.kong-upstream-healthcheck.upstream"] =
      "kong/plugins/kong-upstream-healthcheck/upstream.lua",
  },
}
