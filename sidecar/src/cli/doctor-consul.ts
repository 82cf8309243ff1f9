import { type AgentFacts, connectionBudget } from '../consul/agent.ts';
import { type Right, ruleText } from '../consul/rights.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** Connections to spare when the limit is raised: for Consul's own CLI, the services' clients. */
const SPARE = 100;
const READ_ALL = ['service_prefix "" { policy = "read" }', 'node_prefix "" { policy = "read" }'] as const;
/** From so many services on one rule for all is shorter. */
const ONE_BY_ONE = 5;

/** What the agent says of itself. */
export function checkAgent(facts: AgentFacts): Finding {
  if (facts.version !== undefined)
    return ok('Consul', `version ${facts.version}, datacenter ${facts.datacenter ?? '?'}, agent ${facts.node ?? '?'}`);
  return warning(
    'Consul',
    'answers, but the token may not read its agent: the connection limit is not known (150 is taken)',
    'in the ACL policy of the token:',
    'agent_prefix "" { policy = "read" }',
  );
}

/** Whether a poll for each service fits into what the agent allows one client. */
export function checkConnectionLimit(facts: AgentFacts, services: number, configured: number | undefined): Finding {
  const check = 'connection limit';
  const limit = facts.maxConnectionsPerClient;
  if (configured !== undefined && services > configured) {
    const text = `${services} services to follow, but consul.max_connections is ${configured}: watches take turns, and a change may take up to 10 s`;
    return warning(
      check,
      text,
      'in the config file, if the agent allows it:',
      `consul: { max_connections: ${services} }`,
    );
  }
  if (limit === undefined) return ok(check, `${services} services to follow; the agent's limit is not known`);
  const text = `${services} services to follow, ${limit === 0 ? 'no limit' : `limit ${limit}`} on connections of one client`;
  const budget = connectionBudget(facts, undefined);
  if (services <= budget) return ok(check, text);
  return warning(
    check,
    `${text}, ${limit - budget} of them left for others: watches take turns, and a change may take up to 10 s to be seen`,
    "in the agent's configuration, then `consul reload`:",
    `limits { http_max_conns_per_client = ${services + SPARE} }`,
  );
}

/** Nothing can be read with it, so nothing else need be said. */
export function unknownToken(): Finding {
  return failure(
    'ACL token',
    'Consul does not know it (any more): it was deleted or has expired. Nothing can be read; Kong keeps its targets',
    'give a token that Consul knows, in one of:',
    'consul: { token_file: /path } (read again when it changes)',
    'CONSUL_HTTP_TOKEN=… (then restart kong-consul)',
  );
}

/** Whether a check that turns critical is seen at once although watches take turns; undefined: it can be read. */
export function checkCriticalFeed(problem: string | undefined): Finding {
  const check = 'critical checks';
  if (problem === undefined) return ok(check, 'can be read: one that turns critical is seen at once');
  return warning(
    check,
    `cannot be read, so one that turns critical may take 10 s to be seen: ${problem}`,
    'whatever stands between must let through:',
    'GET /v1/health/state/critical',
  );
}

/** Whether the token has the rights it needs; undefined: Consul does not tell, so what could be read speaks. */
export function checkRights(missing: readonly Right[] | undefined, unread: number): readonly Finding[] {
  const check = 'ACL rights';
  if (missing === undefined) return unread === 0 ? [ok(check, 'Consul has ACLs off, or asks for none')] : [];
  if (missing.length === 0) return [ok(check, 'the token has all that it needs')];
  const services = missing.filter(({ resource }) => resource === 'service');
  const others = missing.filter(({ resource }) => resource !== 'service');
  const rules = services.length > ONE_BY_ONE ? [READ_ALL[0]] : services.map(ruleText);
  const findings: Finding[] = [];
  const blind = services.filter(({ name }) => name !== '').map(({ name }) => name);
  if (services.length > 0) {
    const what =
      blind.length === 0
        ? 'the list of services'
        : `the ${blind.length === 1 ? 'service' : 'services'} ${blind.join(', ')}`;
    const finding = blind.length === 0 ? warning : failure;
    findings.push(finding(check, `the token may not read ${what}`, 'in its ACL policy:', ...rules));
  }
  for (const right of others) {
    // Without node:read of all nodes the answers are cut, unless the token may read just those nodes.
    const finding = right.access === 'write' || (right.resource === 'node' && unread > 0) ? failure : warning;
    findings.push(finding(check, `the token lacks ${WHY[right.resource]}`, 'in its ACL policy:', ruleText(right)));
  }
  return findings;
}

const WHY: Readonly<Record<Right['resource'], string>> = {
  service: 'the right to read services',
  node: 'the right to read all nodes: instances on others are left out of answers, which are not believed then',
  session: 'the right to a session, which leader_election needs',
  key: 'the right to the lock, which leader_election needs',
};

/** Whether the catalog can be read in full. */
export function checkCatalog(problem: string | undefined, names: number): Finding {
  const check = 'Consul catalog';
  if (problem === undefined) return ok(check, names === 1 ? '1 service can be seen' : `${names} services can be seen`);
  return failure(check, problem, 'if it is about rights, in the ACL policy of the token:', ...READ_ALL);
}

/** Who else writes as this owner. */
export function checkSidecars(sidecars: readonly string[], leaderElection: boolean, owner: string): Finding {
  const check = 'other sidecars';
  const names = sidecars.join(', ');
  if (sidecars.length === 0) {
    if (leaderElection) return ok(check, `none runs for the election of owner ${owner}`);
    return ok(check, `no election runs for owner ${owner}; sidecars without one cannot be seen here`);
  }
  if (leaderElection) return ok(check, `${sidecars.length} in the election of owner ${owner}: ${names}`);
  return warning(
    check,
    `${names} run with leader_election as owner ${owner}, this config is without: both would write`,
    'in the config file, or another owner:',
    'leader_election: true',
  );
}
