import { isDeepStrictEqual } from 'node:util';
import { readServiceNames } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import type { ServiceQuery } from '../core/binding.ts';
import { type BindingInput, type FileEntry, type Resolution, resolveBindings } from '../core/resolve-bindings.ts';
import { BindingReader, type BlockParser, type KongBindings } from '../kong/binding-reader.ts';
import type { KongClient } from '../kong/client.ts';
import { readDocumentBindings } from '../kong/declarative/document-bindings.ts';
import type { WholeDocument } from '../kong/driver.ts';

/** A complete reading of all binding sources. */
export interface BindingReading {
  readonly resolution: Resolution;
  /** Hosts that a Kong Service sends its traffic to. */
  readonly hostsInUse: ReadonlySet<string>;
}

export interface BindingSourcesOptions {
  readonly kong: KongClient;
  /** Has the bindings when Kong is without a database and the user keeps its configuration in a file. */
  readonly document?: WholeDocument | undefined;
  readonly consul: ConsulClient;
  readonly withPlugins: boolean;
  readonly parseBlock: BlockParser;
  readonly maxStaleMs: number;
  /** Whether Kong already holds an upstream of ours by this name: what a global plugin bound once stays bound. */
  readonly isOurs: (upstream: string) => boolean;
}

type Input = KongBindings & Pick<BindingInput, 'fileEntries'>;
type Scope = Pick<ServiceQuery, 'datacenter' | 'namespace' | 'partition'>;

/** Reads bindings from the config file's entries and from the plugin's instances in Kong. */
export class BindingSources {
  readonly #options: BindingSourcesOptions;
  readonly #inKong: BindingReader;
  readonly #names = new Map<string, ReadonlySet<string>>();
  #fileEntries: readonly FileEntry[];
  #last: { readonly input: Input; readonly reading: BindingReading } | undefined;

  constructor(options: BindingSourcesOptions, fileEntries: readonly FileEntry[]) {
    this.#options = options;
    this.#inKong = new BindingReader(options.kong, options.parseBlock);
    this.#fileEntries = fileEntries;
  }

  setFileEntries(entries: readonly FileEntry[]): void {
    this.#fileEntries = entries;
  }

  /**
   * The same object as the last time when nothing is different.
   * @throws when any part could not be read: the reading is whole or none
   */
  async read(signal: AbortSignal): Promise<BindingReading> {
    const input = await this.#readInput(signal);
    if (this.#last !== undefined && isDeepStrictEqual(this.#last.input, input)) return this.#last.reading;
    const scopes = new Map<string, Scope>();
    const note = (query: ServiceQuery) => {
      scopes.set(scopeKey(query), query);
      return false;
    };
    const hostsInUse = new Set(input.kongServices.map((service) => service.host));
    const reading = { resolution: resolveBindings({ ...input, exists: note }), hostsInUse };
    this.#last = scopes.size === 0 ? { input, reading } : undefined;
    if (scopes.size === 0) return reading;
    // What a global plugin binds depends on what exists.
    await this.#readNames(scopes, signal);
    const exists = (query: ServiceQuery, upstream: string) =>
      this.#options.isOurs(upstream) || this.#names.get(scopeKey(query))?.has(query.service);
    return { resolution: resolveBindings({ ...input, exists }), hostsInUse };
  }

  async #readInput(signal: AbortSignal): Promise<Input> {
    const { document, withPlugins, parseBlock } = this.#options;
    const data = await document?.data();
    const fromKong =
      data === undefined
        ? await this.#inKong.read(withPlugins, signal)
        : readDocumentBindings(data, withPlugins, parseBlock);
    return { ...fromKong, fileEntries: this.#fileEntries };
  }

  /** The service names of every datacenter that a global plugin could bind to; the last known while one is out of reach. */
  async #readNames(scopes: ReadonlyMap<string, Scope>, signal: AbortSignal): Promise<void> {
    for (const [key, scope] of scopes) {
      try {
        this.#names.set(key, await readServiceNames(this.#options.consul, scope, this.#options.maxStaleMs, signal));
      } catch {
        signal.throwIfAborted();
      }
    }
  }
}

function scopeKey({ datacenter, namespace, partition }: Scope): string {
  return JSON.stringify([datacenter ?? '', namespace ?? '', partition ?? '']);
}
