// The one Kong that Konga knows from the start.
module.exports = [{ name: 'demo', type: 'default', kong_admin_url: 'http://kong:8001', health_checks: false }];
