/** What an instance may be asked for by. */
export interface Named {
  readonly instance: string;
  readonly target?: string | null | undefined;
  readonly address: string;
}

/** Whether somebody means this instance: by its id, with or without its node, or by its address, with or without the port. */
export function isNamed({ instance, target, address }: Named, name: string): boolean {
  if (target === name || address === name || instance === name || instance.endsWith(`/${name}`)) return true;
  return [target ?? '', address].some((one) => one.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') === name);
}
