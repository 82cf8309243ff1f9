/** What happened to a Kong without a database, for log and metrics. */
export type DeclarativeNews =
  | { readonly kind: 'loaded'; readonly bytes: number; readonly ms: number; readonly upstreams: readonly string[] }
  | { readonly kind: 'refilled'; readonly bytes: number }
  | { readonly kind: 'changed-by-others' }
  | { readonly kind: 'file-read'; readonly path: string }
  | { readonly kind: 'file-broken'; readonly path: string; readonly problems: readonly string[] }
  | { readonly kind: 'file-refused'; readonly path: string; readonly problem: string };

export type NewsListener = (news: DeclarativeNews) => void;
