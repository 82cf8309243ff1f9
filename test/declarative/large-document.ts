/**
 * A declarative file as a large site has it: more than 2,000 entities of every kind Kong knows, nested and flat, with
 * anchors, merge keys, comments, references to vaults and text over several lines.
 */
export function largeDocument(services = 220): string {
  return [HEAD, ...numbers(services).map(service), TAIL, ...numbers(150).map(consumer), upstreams(100), REST].join(
    '\n',
  );
}

const HEAD = `# The site's own file. Reviewed by two.
_format_version: "3.0"
_transform: true
_comment: 'edited by hand: "carefully"'
_ignore:
- &retries {retries: 3, connect_timeout: 5_000}
- &checks
  healthchecks:
    active: {healthy: {interval: 5, successes: 1}, unhealthy: {interval: 5, http_failures: 2}}

services:`;

function service(at: number): string {
  return `
# team ${at % 7}
- <<: *retries
  name: service-${at}
  host: ${at % 3 === 0 ? `svc-${at}.service.consul` : `own-${at % 100}`}
  tags: [team-${at % 7}, "no", 'yes']
  routes:
  - name: route-${at}
    paths: ["/s/${at}", ~/re/${at}/(?<id>\\d+)$]
    headers: {x-version: ["${at}"]}
    plugins:
    - name: cors
      config: {origins: ["*"], max_age: 3600}
  - name: route-${at}-b
    hosts: [s${at}.example.com]
    methods: [GET, POST]
  plugins:
  - name: request-transformer
    config:
      add:
        headers:
        - 'x-key: {vault://env/service-${at}}'
  - name: request-termination
    enabled: off
    config:
      body: |
        <html>
        - name: this is no item
        upstreams: none
        </html>
      status_code: 503`;
}

const TAIL = `
consumers:`;

function consumer(at: number): string {
  return `- username: user-${at}
  custom_id: "${at}"
  keyauth_credentials:
  - key: '{vault://env/key-${at}}'
  basicauth_credentials: [{username: user-${at}, password: "p#${at}: x"}]
  jwt_secrets:
  - {key: k${at}, secret: 0${at}, algorithm: HS256}
  acls:
  - group: group-${at % 5}`;
}

function upstreams(count: number): string {
  const items = numbers(count).map(
    (at) => `- <<: *checks
  name: own-${at}
  # by hand
  targets:
  - target: 10.1.${at}.1:8080
  - {target: "10.1.${at}.2:8080", weight: 50}`,
  );
  return `
upstreams: # not from Consul
${items.join('\n')}
targets:
- upstream: own-0
  target: 10.1.0.3:8080 # a spare one`;
}

const REST = `
plugins:
- name: prometheus
- name: rate-limiting
  config:
    minute: 1_000
    policy: redis
    redis: {host: redis, password: "{vault://env/redis-password}"}
certificates:
- id: 6f4f6e64-9c53-4c4c-8a6c-0a8f3b0a1e11
  cert: |
    -----BEGIN CERTIFICATE-----
    MIIB
    -----END CERTIFICATE-----
  key: "{vault://env/tls-key}"
  snis:
  - name: example.com
ca_certificates:
- cert: >-
    folded
    text
vaults:
- {name: env, prefix: my-env, config: {prefix: SECRET_}}
key_sets:
- name: set
keys:
- {name: key, kid: "1", set: {name: set}, jwk: '{"kty":"oct"}'}
consumer_groups:
- name: gold
filter_chains: []
...
`;

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}
