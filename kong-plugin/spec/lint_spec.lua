local cjson = require "cjson.safe"
local defaults = require "kong.plugins.kong-upstream-healthcheck.defaults"
local lint = require "kong.plugins.kong-upstream-healthcheck.lint"


-- The sidecar's tests read the same table, so the two languages cannot drift
-- apart.
local function read_cases()
  local file = assert(io.open("../test/lint-cases.json"))
  local cases = assert(cjson.decode(file:read("*a")))
  file:close()
  return cases
end


describe("health check lint, by the table shared with the sidecar:", function()
  for _, case in ipairs(read_cases()) do
    it(case.name, function()
      assert.same(case.findings, lint.lint(case.healthchecks, case.context))
    end)

    it(case.name .. " (defaults twice change nothing)", function()
      local once = defaults.complete(case.healthchecks, case.context)
      assert.same(once, defaults.complete(once, case.context))
    end)

    if case.complete then
      it(case.name .. " (complete)", function()
        assert.same(case.complete,
                    defaults.complete(case.healthchecks, case.context))
      end)
    end
  end
end)


describe("what the schema refuses", function()
  it("is nothing where nothing is wrong", function()
    assert.is_true(lint.validate({}, {}))
  end)

  it("is not a warning", function()
    local gap = { active = { healthy = { http_statuses = { 200 } } } }
    assert.equal("warning", lint.lint(gap)[1].level)
    assert.is_true(lint.validate(gap))
  end)

  it("is every error, in one sentence that begins with the field", function()
    local ok, err = lint.validate({
      threshold = 100,
      active = { healthy = { successes = 0 } },
    })
    assert.is_nil(ok)
    assert.matches("^config%.healthchecks%.active%.healthy%.successes: ", err)
    assert.matches("; config%.healthchecks%.threshold: ", err)
  end)
end)
