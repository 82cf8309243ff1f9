-- Enough of kong.db.schema.typedefs to load the schema without Kong. Like the
-- real one it is called to refine a type, and it fails on what it lacks.
local function define(field)
  return setmetatable(field, {
    __call = function(_, refined)
      for key, value in pairs(field) do
        if refined[key] == nil then
          refined[key] = value
        end
      end
      return refined
    end,
  })
end


--- @param options `described` for a Kong whose schemas take descriptions (3.4
-- and later), `consumer_groups` for Kong Enterprise
local function stub(options)
  local typedefs = {
    no_consumer = define { type = "foreign", reference = "consumers" },
    protocols = define {
      type = "set",
      required = true,
      description = options.described and "A set of protocols." or nil,
    },
    header_name = define { type = "string" },
    headers = define { type = "map" },
    host_with_optional_port = define { type = "string" },
    path = define { type = "string", starts_with = "/" },
    port = define { type = "integer", between = { 0, 65535 } },
    sni = define { type = "string" },
  }
  if options.consumer_groups then
    typedefs.no_consumer_group = define { type = "foreign" }
  end
  return setmetatable(typedefs, {
    __index = function(_, name)
      error("no typedef " .. name, 2)
    end,
  })
end


return stub
