/** One option: its key in the file, its flag and its environment variables are the same thing in three places. */
export interface OptionSpec {
  /** Dotted key in the config file. */
  readonly key: string;
  /** As commander takes it; undefined when there is no flag. */
  readonly flag?: string;
  /** The first one set counts. */
  readonly env: readonly string[];
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'headers';
  readonly fallback?: string | number | boolean;
  readonly description: string;
  readonly secret?: boolean;
  readonly repeatable?: boolean;
}

type Kind = OptionSpec['kind'];
type Extra = Partial<Pick<OptionSpec, 'fallback' | 'secret' | 'repeatable'>> & {
  readonly env?: readonly string[];
  readonly value?: string;
};

/** Every option that is one value, in the order in which `--help` and the README show them. */
export const optionsTable: readonly OptionSpec[] = [
  option('owner', 'text', 'name in the owner tag kong-consul:<owner>', { fallback: 'default', value: 'name' }),
  option('consul.addr', 'text', 'Consul HTTP API: URL, host:port or unix:///path', {
    fallback: 'http://127.0.0.1:8500',
    env: ['CONSUL_HTTP_ADDR'],
    value: 'url',
  }),
  option('consul.token', 'text', 'ACL token', { env: ['CONSUL_HTTP_TOKEN'], secret: true }),
  option('consul.token_file', 'text', 'file with the ACL token, read again when it changes', {
    env: ['CONSUL_HTTP_TOKEN_FILE'],
    value: 'path',
  }),
  option('consul.ca_file', 'text', 'CA certificate', { env: ['CONSUL_CACERT'], value: 'path' }),
  option('consul.ca_path', 'text', 'folder of CA certificates', { env: ['CONSUL_CAPATH'], value: 'path' }),
  option('consul.cert_file', 'text', 'client certificate', { env: ['CONSUL_CLIENT_CERT'], value: 'path' }),
  option('consul.key_file', 'text', 'key of the client certificate', { env: ['CONSUL_CLIENT_KEY'], value: 'path' }),
  option('consul.tls_server_name', 'text', 'name to expect in the server certificate', {
    env: ['CONSUL_TLS_SERVER_NAME'],
    value: 'name',
  }),
  option('consul.ssl', 'boolean', 'use HTTPS whatever the scheme of the address', {
    env: ['CONSUL_HTTP_SSL'],
    fallback: false,
  }),
  option('consul.verify', 'boolean', 'check the server certificate', {
    env: ['CONSUL_HTTP_SSL_VERIFY'],
    fallback: true,
  }),
  option('consul.http_auth', 'text', 'basic authentication, user:password', {
    env: ['CONSUL_HTTP_AUTH'],
    secret: true,
  }),
  option('consul.datacenter', 'text', 'datacenter of bindings that name none', { value: 'name' }),
  option('consul.namespace', 'text', 'namespace of bindings that name none', {
    env: ['CONSUL_NAMESPACE'],
    value: 'name',
  }),
  option('consul.partition', 'text', 'partition of bindings that name none', {
    env: ['CONSUL_PARTITION'],
    value: 'name',
  }),
  option('consul.max_connections', 'number', "polls open at once; default: the agent's own limit minus 50, else 150"),
  option(
    'consul.max_stale_ms',
    'number',
    'answers whose server last heard from the leader longer ago are not believed',
    { fallback: 10_000 },
  ),
  option(
    'consul.wait_seconds',
    'number',
    'how long a poll blocks; default: 55, with over 180 services 55 for each 180 of them, 240 at most',
  ),
  option('consul.max_body_mb', 'number', 'answers larger than this are not read', { fallback: 64 }),
  option('kong.admin_url', 'list', 'Admin API; a base path is kept', {
    fallback: 'http://127.0.0.1:8001',
    env: ['KONG_ADMIN_URL'],
    value: 'url',
    repeatable: true,
  }),
  option('kong.status_url', 'list', 'Status API of each data plane, asked for the health of targets', {
    value: 'url',
    repeatable: true,
  }),
  option('kong.header', 'headers', 'header for every Admin API request, "Name: value"', {
    secret: true,
    repeatable: true,
    value: 'header',
  }),
  option('kong.admin_token', 'text', 'sent as Kong-Admin-Token', { env: ['KONG_ADMIN_TOKEN'], secret: true }),
  option('kong.workspace', 'text', 'workspace', { value: 'name' }),
  option('kong.ca_file', 'text', 'CA certificate of the Admin API', { value: 'path' }),
  option('kong.cert_file', 'text', 'client certificate for the Admin API', { value: 'path' }),
  option('kong.key_file', 'text', 'key of that certificate', { value: 'path' }),
  option('kong.verify', 'boolean', 'check the certificate of the Admin API', { fallback: true }),
  option('kong.policy', 'text', 'sync, or upsert_only: add and change, never remove', {
    fallback: 'sync',
    value: 'sync|upsert_only',
  }),
  option('kong.poll_seconds', 'number', 'how often bindings are read from Kong', { fallback: 5 }),
  option('kong.concurrency', 'number', 'Admin API requests at once', { fallback: 8 }),
  option('kong.writes_per_second', 'number', 'writes to live upstreams per second', { fallback: 200 }),
  option('kong.declarative_file', 'text', "without a database: the user's own declarative file, watched", {
    value: 'path',
  }),
  option('kong.declarative_debounce_ms', 'number', 'without a database: shortest time between two loads', {
    fallback: 1000,
  }),
  option('kong.timeout_seconds', 'number', 'longest wait for one answer of the Admin API', { fallback: 10 }),
  option('sources.plugin', 'boolean', 'bindings from instances of the plugin', { fallback: true }),
  option('sources.file', 'boolean', 'bindings from the config file', { fallback: true }),
  option('empty_grace_seconds', 'number', 'how long the last targets stay when no instance is registered any more', {
    fallback: 30,
  }),
  option('unbind_grace_seconds', 'number', 'how long an upstream stays when nothing binds it any more', {
    fallback: 30,
  }),
  option('max_remove_percent', 'number', 'share of all owned targets that may go within 10 s', { fallback: 50 }),
  option('hold_seconds', 'number', 'how long more than that is held', { fallback: 300 }),
  option('startup_hold_seconds', 'number', 'longest wait for the first answer of every bound service before removals', {
    fallback: 60,
  }),
  option('resync_seconds', 'number', 'how often Kong is read in full', { fallback: 60 }),
  option('owner_check_seconds', 'number', 'how often it is checked that all that is ours is still there', {
    fallback: 10,
  }),
  option('coalesce_ms', 'number', 'shortest time between two plans for one upstream', { fallback: 200 }),
  option(
    'leader_election',
    'boolean',
    'only one of several sidecars writes, chosen by a session and a lock in Consul',
    {
      fallback: false,
    },
  ),
  option('leader_key', 'text', 'key of that lock; default: kong-consul/<owner>/leader', { value: 'key' }),
  option('leader_takeover_seconds', 'number', 'longest time until another leads when the leader dies', {
    fallback: 25,
  }),
  option('log.level', 'text', 'trace, debug, info, warn, error or silent', {
    fallback: 'info',
    value: 'trace|debug|info|warn|error|silent',
  }),
  option('log.format', 'text', 'json, or pretty: sentences for people; on a terminal the default is pretty', {
    fallback: 'json',
    value: 'json|pretty',
  }),
  option('listen', 'text', 'host:port of the HTTP side, or off', { fallback: '127.0.0.1:7070', value: 'address' }),
  option('listen_token', 'text', 'bearer token for the HTTP side', { secret: true }),
];

/** The option that a flag object of commander sets: `--kong-admin-url` is `kongAdminUrl` there. */
export function flagName(key: string): string {
  return flagText(key).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The table of all options for the README. */
export function optionsMarkdown(): string {
  const rows = optionsTable.map(({ key, env, fallback, description }) => {
    const names = env.map((name) => `\`${name}\``).join('<br>');
    return `| \`${key}\` | \`--${flagText(key)}\` | ${names} | ${fallback === undefined ? '' : `\`${fallback}\``} | ${description} |`;
  });
  return ['| file key | flag | environment | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function option(key: string, kind: Kind, description: string, extra: Extra = {}): OptionSpec {
  const { env = [], value, ...rest } = extra;
  const own = `KONG_CONSUL_${key.replaceAll('.', '_').toUpperCase()}`;
  return {
    key,
    kind,
    description,
    env: [...env, own],
    flag: kind === 'boolean' ? `--${flagText(key)} [true|false]` : `--${flagText(key)} <${value ?? valueName(kind)}>`,
    ...rest,
  };
}

function flagText(key: string): string {
  return key.replaceAll('.', '-').replaceAll('_', '-');
}

function valueName(kind: Kind): string {
  return kind === 'number' ? 'n' : 'text';
}
