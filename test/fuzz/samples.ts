/** Answers and files as they should be, for the fuzz tests to spoil. */
export const healthList: readonly unknown[] = [
  {
    Node: {
      ID: 'd8f3',
      Node: 'node-1',
      Address: '10.0.0.1',
      Datacenter: 'dc1',
      TaggedAddresses: { lan: '10.0.0.1' },
      Meta: {},
    },
    Service: {
      ID: 'web-1',
      Service: 'web',
      Tags: ['v1', 'a=b'],
      Address: '10.1.0.1',
      Port: 8080,
      TaggedAddresses: { lan_ipv4: { Address: '10.1.0.1', Port: 8080 }, wan: { Address: '203.0.113.7', Port: 80 } },
      Weights: { Passing: 10, Warning: 1 },
      Meta: { version: '1' },
    },
    Checks: [
      { Node: 'node-1', CheckID: 'serfHealth', Name: 'Serf', Status: 'passing', Output: 'alive' },
      { Node: 'node-1', CheckID: 'service:web-1', Name: 'http', Status: 'warning', Output: '' },
    ],
  },
  {
    Node: { Node: 'node-2', Address: '2001:db8::2' },
    Service: { ID: 'web-2', Service: 'web', Tags: null, Address: '', Port: 8081, Weights: null },
    Checks: [{ CheckID: '_service_maintenance:web-2', Name: 'm', Status: 'critical', Output: '' }],
  },
];

export const agentSelf = {
  Config: { Version: '1.14.8', Datacenter: 'dc1', NodeName: 'n', Server: true },
  DebugConfig: { HTTPMaxConnsPerClient: 200, ACLTokens: { secret: 'hidden' } },
};

export const serviceNames = { consul: [], web: ['v1'], 'web-admin': [] };

const id = (at: number) => `00000000-0000-4000-8000-00000000000${at}`;

export const upstream = {
  id: id(1),
  name: 'web.service.consul',
  tags: ['kong-consul:test'],
  algorithm: 'round-robin',
  slots: 10_000,
  hash_on: 'none',
  hash_on_header: null,
  healthchecks: {
    threshold: 0,
    active: { type: 'http', headers: { 'X-A': ['b'] }, healthy: { http_statuses: [200, 302] } },
  },
};
export const target = {
  id: id(2),
  target: '10.0.0.1:8080',
  weight: 100,
  tags: ['kong-consul:test'],
  upstream: { id: id(1) },
};
export const kongService = {
  id: id(3),
  name: 'shop',
  host: 'web.service.consul',
  protocol: 'http',
  port: 80,
  path: null,
};
export const kongRoute = { id: id(4), name: 'r', service: { id: id(3) }, paths: ['/'] };
export const plugin = {
  id: id(5),
  name: 'kong-upstream-healthcheck',
  enabled: true,
  service: { id: id(3) },
  route: null,
  config: {
    service: 'web',
    tags: ['v1'],
    passing_only: true,
    upstream: { slots: 100 },
    healthchecks: { active: { timeout: 1 } },
  },
};
export const tagEntry = { entity_id: id(2), entity_name: 'targets', tag: 'kong-consul:test' };
export const targetHealth = { id: id(2), target: '10.0.0.1:8080', health: 'HEALTHY', weight: 100, data: {} };
export const kongInfo = {
  version: '3.9.1',
  node_id: id(6),
  configuration: { database: 'postgres', role: 'traditional' },
  plugins: { available_on_server: { 'kong-upstream-healthcheck': { version: '1.0.0' } } },
};

export const configFile = {
  owner: 'edge',
  consul: { addr: 'http://127.0.0.1:8500', token: 'hush-token', verify: true, max_body_mb: 64, datacenter: 'dc1' },
  kong: {
    admin_url: ['http://127.0.0.1:8001/base'],
    header: { Authorization: 'hush-header' },
    admin_token: 'hush-admin',
    workspace: 'team',
    concurrency: 8,
  },
  sources: { plugin: true, file: true },
  upstreams: {
    'web.service.consul': {
      tags: ['v1'],
      healthchecks: { active: { http_path: '/', headers: { 'X-Key': ['hush-check'] } } },
    },
    billing: { service: 'billing-v2', port: 80, upstream: { hash_on: 'header', hash_on_header: 'X-User' } },
  },
  hold_seconds: 10,
  log: { level: 'info', format: 'json' },
  listen: '127.0.0.1:7070',
  listen_token: 'hush-listen',
};

export const criticalChecks: readonly unknown[] = [
  {
    Node: 'node-1',
    CheckID: 'service:web-1',
    Name: 'http',
    Status: 'critical',
    Output: 'connection refused',
    ServiceID: 'web-1',
    ServiceName: 'web',
    ServiceTags: ['v1'],
  },
  { Node: 'node-2', CheckID: 'serfHealth', Name: 'Serf', Status: 'critical', ServiceID: '', ServiceName: '' },
];
export const rightsAnswer: readonly unknown[] = [
  { Resource: 'service', Segment: '', Access: 'read', Allow: true },
  { Resource: 'key', Segment: 'kong-consul/test/leader', Access: 'write', Allow: false },
];
export const sessionList: readonly unknown[] = [
  { ID: id(7), Name: 'kong-consul/test/leader', Node: 'node-1', TTL: '10s', Behavior: 'release', LockDelay: 1e9 },
  { ID: id(8), Name: 'other', Node: 'node-1' },
];
export const lockRecord: readonly unknown[] = [
  {
    Key: 'kong-consul/test/leader',
    Session: id(7),
    LockIndex: 3,
    Flags: 0,
    Value: Buffer.from(JSON.stringify({ holder: 'host-1' })).toString('base64'),
    ModifyIndex: 17,
  },
];

export const dataPlane = {
  id: id(9),
  hostname: 'dp-1',
  ip: '10.0.0.9',
  version: '3.9.1',
  sync_status: 'normal',
  config_hash: 'a'.repeat(32),
  last_seen: 1_700_000_000,
};
export const nodeStatus = { configuration_hash: 'a'.repeat(32), database: { reachable: true }, server: {} };
export const nodeSettings = {
  edition: 'community',
  configuration: {
    admin_listeners: [{ ip: '127.0.0.1', port: 8001, ssl: false }],
    dns_resolver: ['127.0.0.1:8600'],
    dns_order: {},
    new_dns_client: false,
    rbac: 'off',
  },
  plugins: { available_on_server: { 'kong-upstream-healthcheck': { version: '1.0.0', priority: 1 } } },
};

export const declarativeFile = {
  _format_version: '3.0',
  _transform: true,
  services: [
    {
      name: 'shop',
      url: 'http://shop.service.consul/base',
      routes: [
        { name: 'r', paths: ['/'], plugins: [{ name: 'kong-upstream-healthcheck', config: { service: 'web' } }] },
      ],
      plugins: [{ name: 'kong-upstream-healthcheck', enabled: true, config: { tags: ['v1'] } }],
    },
    { id: id(3), name: 'web', host: 'web.service.consul', protocol: 'http' },
  ],
  plugins: [{ name: 'kong-upstream-healthcheck', service: 'web', route: { name: 'r' }, config: plugin.config }],
  consumers: [{ username: 'bob', keyauth_credentials: [{ key: 'hush-key' }] }],
  upstreams: [
    { id: id(1), name: 'theirs', tags: ['team'], targets: [{ target: '10.9.9.9:80', weight: 7 }] },
    {
      name: 'ours',
      tags: ['kong-consul:test'],
      healthchecks: { active: { http_path: '/' } },
      targets: [{ target: '10.0.0.1:8080', weight: 1, tags: ['kong-consul:test'] }],
    },
  ],
  targets: [{ upstream: { id: id(1) }, target: '10.0.0.2:8080', tags: ['kong-consul:test'] }],
};
/** What Kong says to a document that it does not take, with and without `flatten_errors`. */
export const refusals: readonly unknown[] = [
  {
    code: 14,
    name: 'invalid declarative configuration',
    message: 'declarative config is invalid: {}',
    fields: { error: 'unknown field', _format_version: 'expected one of: 3.0' },
    flattened_errors: [
      {
        entity_type: 'upstream',
        entity_name: 'web.service.consul',
        entity_tags: ['kong-consul:test'],
        entity: { name: 'web.service.consul', slots: 1 },
        errors: [{ type: 'field', field: 'slots', message: 'value should be between 10 and 65536' }],
      },
      {
        entity_type: 'keyauth_credential',
        entity_id: id(9),
        entity: { key: 'hush-key', username: 'bob' },
        errors: [{ type: 'entity', message: 'no such thing as hush-admin' }],
      },
    ],
  },
  { fields: { services: { web: ['lost'] }, plugins: [null, { name: 'unknown' }] }, flattened_errors: {} },
];
