import type { HealthCheckFinding } from './health-checks.ts';

/** Which instances of which Consul service: everything that is part of the question put to Consul. */
export interface ServiceQuery {
  readonly service: string;
  /** All of them must be on the instance. */
  readonly tags: readonly string[];
  /** A Consul filter expression. */
  readonly filter?: string;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
}

/** What happens when Consul calls no instance passing while some are still registered. */
export type OnNoHealthy = 'keep' | 'remove';

/** Where a binding comes from, told to people by `bindings`, `explain` and in conflicts. */
export type BindingSource =
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | {
      readonly kind: 'plugin';
      readonly pluginId: string;
      readonly scope: 'service' | 'route' | 'global';
      readonly kongService: string;
    };

/** A JSON value as Kong's Admin API takes and gives it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** How a Consul service becomes targets, and what Kong should do with them. Same keys in plugin config and file. */
export interface BindingOptions {
  readonly passingOnly: boolean;
  readonly onNoHealthy: OnNoHealthy;
  /** Percent (0 to 100) of registered instances that must be passing; below it `onNoHealthy` applies. */
  readonly panicThreshold: number;
  /** A key of Consul's `TaggedAddresses`. */
  readonly addressTag?: string;
  /** Overrides the instance's port. */
  readonly port?: number;
  /** Tag an untagged upstream of this name and manage its settings. */
  readonly adopt: boolean;
  /** Fields of a Kong upstream, `healthchecks` among them, in Kong's own names; only those that were given. */
  readonly settings: JsonObject;
}

/** Which Consul service feeds which Kong upstream, with its settings. */
export interface Binding {
  /** The Kong upstream's name, which is the Kong Service's `host`. */
  readonly upstream: string;
  readonly query: ServiceQuery;
  readonly options: BindingOptions;
  readonly source: BindingSource;
  /** What is doubtful about the health checks as they were given, before what they leave open was filled in. */
  readonly healthCheckFindings?: readonly HealthCheckFinding[];
}

/** One string per distinct question, so that bindings with the same one share a watch. */
export function queryKey(query: ServiceQuery): string {
  return JSON.stringify([
    query.service,
    [...query.tags].sort(),
    query.filter ?? '',
    query.datacenter ?? '',
    query.namespace ?? '',
    query.partition ?? '',
  ]);
}

/** `plugin <id> on Kong Service <name>` or `<file>:<line>`. */
export function describeSource(source: BindingSource): string {
  if (source.kind === 'file') return `${source.path}:${source.line}`;
  return `plugin ${source.pluginId} (${source.scope}) for Kong Service ${source.kongService}`;
}
