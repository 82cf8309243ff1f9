local handler = require "kong.plugins.kong-upstream-healthcheck.handler"


describe("handler", function()
  it("has what Kong asks of every plugin", function()
    assert.is_number(handler.PRIORITY)
    assert.matches("^%d+%.%d+%.%d+$", handler.VERSION)
  end)

  it("has no phase, so a request costs nothing more", function()
    for name, value in pairs(handler) do
      assert.is_not_function(value, name)
    end
  end)
end)
