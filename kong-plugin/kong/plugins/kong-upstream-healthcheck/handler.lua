-- No phase functions on purpose: the plugin's config is all there is to it.
-- The kong-consul sidecar reads that config from the Admin API and keeps the
-- upstream as it says. Kong calls a plugin only in the phases it has, so a
-- request costs the same with this plugin as without it, and nothing breaks
-- for a request when the sidecar is away.
return {
  PRIORITY = 1, -- Kong wants a number; without a phase the order is moot
  VERSION = "0.1.0",
}
