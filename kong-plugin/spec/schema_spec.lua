local stub_typedefs = require "stub_typedefs"


local TYPEDEFS = "kong.db.schema.typedefs"
local PLUGIN = "kong.plugins.kong-upstream-healthcheck."
local SCHEMA = PLUGIN .. "schema"


local function load_schema(options)
  package.loaded[TYPEDEFS] = stub_typedefs(options or { described = true })
  for _, name in ipairs({ "schema", "upstream", "healthchecks" }) do
    package.loaded[PLUGIN .. name] = nil
  end
  return require(SCHEMA)
end


local function field_of(record, name)
  for _, field in ipairs(record.fields) do
    if field[name] then
      return field[name]
    end
  end
  error("no field " .. name)
end


local function at(schema, path)
  local field = schema
  for name in path:gmatch("[^.]+") do
    field = field_of(field, name)
  end
  return field
end


local function each_field(record, path, visit)
  for _, field in ipairs(record.fields) do
    local name, definition = next(field)
    local inner = path .. "." .. name
    visit(inner, definition)
    if definition.fields then
      each_field(definition, inner, visit)
    end
  end
end


local function names_of(record)
  local names = {}
  for _, field in ipairs(record.fields) do
    names[#names + 1] = next(field)
  end
  return names
end


describe("schema", function()
  local schema = load_schema()

  after_each(function()
    package.loaded[TYPEDEFS] = nil
    package.loaded[SCHEMA] = nil
  end)

  it("has the keys of a binding block", function()
    assert.same({
      "service", "tags", "filter", "datacenter", "namespace", "partition",
      "passing_only", "on_no_healthy", "panic_threshold", "address_tag",
      "port", "adopt", "upstream", "healthchecks",
    }, names_of(at(schema, "config")))
  end)

  it("has a type and a description on every field", function()
    each_field(at(schema, "config"), "config", function(path, definition)
      assert.is_string(definition.type, path)
      local length = #(definition.description or "")
      assert.is_true(length >= 10 and length <= 500, path)
    end)
  end)

  it("has no description where Kong refuses one", function()
    local older = load_schema({})
    each_field(at(older, "config"), "config", function(path, definition)
      assert.is_nil(definition.description, path)
    end)
  end)

  it("cannot be put on a consumer, nor on a group where there are groups",
     function()
    assert.same({ "consumer", "protocols", "config" }, names_of(schema))
    local enterprise = load_schema({ described = true, consumer_groups = true })
    assert.same({ "consumer", "consumer_group", "protocols", "config" },
                names_of(enterprise))
  end)

  for path, default in pairs({
    ["passing_only"] = false,
    ["on_no_healthy"] = "keep",
    ["panic_threshold"] = 0,
    ["adopt"] = false,
    ["healthchecks.active.timeout"] = 1,
    ["healthchecks.active.concurrency"] = 10,
    ["healthchecks.active.healthy.interval"] = 5,
    ["healthchecks.active.healthy.successes"] = 2,
    ["healthchecks.active.unhealthy.interval"] = 5,
    ["healthchecks.active.unhealthy.tcp_failures"] = 3,
    ["healthchecks.active.unhealthy.timeouts"] = 3,
    ["healthchecks.active.unhealthy.http_failures"] = 3,
    ["healthchecks.passive.healthy.successes"] = 5,
    ["healthchecks.passive.unhealthy.tcp_failures"] = 3,
    ["healthchecks.passive.unhealthy.timeouts"] = 5,
    ["healthchecks.passive.unhealthy.http_failures"] = 5,
    ["healthchecks.threshold"] = 0,
  }) do
    it("defaults " .. path .. " to " .. tostring(default), function()
      assert.equal(default, at(schema, "config." .. path).default)
    end)
  end

  it("leaves unset what the sidecar or Kong decides", function()
    for _, path in ipairs({
      "healthchecks.active.type",
      "healthchecks.active.http_path",
      "healthchecks.active.https_sni",
      "healthchecks.active.https_verify_certificate",
      "healthchecks.active.headers",
      "healthchecks.active.healthy.http_statuses",
      "healthchecks.active.unhealthy.http_statuses",
      "healthchecks.passive.type",
      "healthchecks.passive.healthy.http_statuses",
      "healthchecks.passive.unhealthy.http_statuses",
    }) do
      assert.is_nil(at(schema, "config." .. path).default, path)
    end
    each_field(at(schema, "config.upstream"), "upstream",
               function(path, definition)
      assert.is_nil(definition.default, path)
    end)
  end)

  for path, between in pairs({
    ["panic_threshold"] = { 0, 100 },
    ["port"] = { 1, 65535 },
    ["upstream.slots"] = { 10, 65536 },
    ["healthchecks.active.timeout"] = { 0, 65535 },
    ["healthchecks.active.concurrency"] = { 1, 2147483648 },
    ["healthchecks.active.healthy.interval"] = { 0, 65535 },
    ["healthchecks.active.unhealthy.interval"] = { 0, 65535 },
    ["healthchecks.active.unhealthy.timeouts"] = { 0, 255 },
    ["healthchecks.passive.healthy.successes"] = { 0, 255 },
    ["healthchecks.threshold"] = { 0, 100 },
  }) do
    it("bounds " .. path, function()
      assert.same(between, at(schema, "config." .. path).between)
    end)
  end

  it("bounds statuses", function()
    for _, path in ipairs({
      "active.healthy", "active.unhealthy",
      "passive.healthy", "passive.unhealthy",
    }) do
      local field =
        at(schema, "config.healthchecks." .. path .. ".http_statuses")
      assert.same({ type = "integer", between = { 100, 999 } },
                  field.elements, path)
    end
  end)

  for path, one_of in pairs({
    ["on_no_healthy"] = { "keep", "remove" },
    ["upstream.algorithm"] = {
      "consistent-hashing", "least-connections", "round-robin", "latency",
    },
    ["upstream.hash_on"] = {
      "none", "consumer", "ip", "header", "cookie", "path", "query_arg",
      "uri_capture",
    },
    ["healthchecks.active.type"] = { "tcp", "http", "https", "grpc", "grpcs" },
    ["healthchecks.passive.type"] = {
      "tcp", "http", "https", "grpc", "grpcs",
    },
  }) do
    it("lists the values of " .. path, function()
      assert.same(one_of, at(schema, "config." .. path).one_of)
    end)
  end

  it("asks for what a hash needs, as Kong does", function()
    local needed = {}
    for _, check in ipairs(at(schema, "config.upstream").entity_checks) do
      local conditional = check.conditional
      if conditional and conditional.then_match.required then
        needed[#needed + 1] =
          conditional.if_field .. " " .. conditional.if_match.match ..
          " " .. conditional.then_field
      end
    end
    assert.same({
      "hash_on ^header$ hash_on_header",
      "hash_fallback ^header$ hash_fallback_header",
      "hash_on ^query_arg$ hash_on_query_arg",
      "hash_fallback ^query_arg$ hash_fallback_query_arg",
      "hash_on ^uri_capture$ hash_on_uri_capture",
      "hash_fallback ^uri_capture$ hash_fallback_uri_capture",
      "hash_on ^cookie$ hash_on_cookie",
      "hash_fallback ^cookie$ hash_on_cookie",
    }, needed)
  end)

  describe("lints", function()
    local check = schema.entity_checks[1].custom_entity_check

    it("with the plugin's protocols", function()
      local function plugin(protocols)
        return {
          protocols = protocols,
          config = {
            upstream = {},
            healthchecks = { active = { type = "tcp" } },
          },
        }
      end
      assert.same({ "protocols", "config" }, check.field_sources)
      assert.is_true(check.fn(plugin({ "tcp" })))
      local ok, err = check.fn(plugin({ "http", "https" }))
      assert.is_nil(ok)
      assert.matches("^config%.healthchecks%.active%.type: ", err)
    end)

    it("with the upstream's host header", function()
      local function plugin(upstream)
        return {
          protocols = { "http" },
          config = {
            upstream = upstream,
            healthchecks = { active = { type = "https" } },
          },
        }
      end
      assert.is_true(check.fn(plugin({ host_header = "web.example.com" })))
      assert.is_nil((check.fn(plugin({}))))
    end)
  end)
end)
