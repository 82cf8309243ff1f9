import { assertNever } from '../core/assert-never.ts';
import type { DeclarativeNews } from '../kong/declarative/news.ts';

/** One line for what happened to a Kong without a database. */
export interface NewsLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly data: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

export function declarativeLine(news: DeclarativeNews): NewsLine {
  const { kind, ...data } = news;
  switch (kind) {
    case 'loaded':
      return { level: 'debug', data, sentence: 'Kong has loaded the whole configuration' };
    case 'refilled':
      return { level: 'warn', data, sentence: 'Kong had lost its configuration: it was filled again' };
    case 'changed-by-others':
      return { level: 'info', data, sentence: 'another configuration was loaded into Kong: reading it' };
    case 'file-read':
      return { level: 'info', data, sentence: 'declarative file read again' };
    case 'file-broken':
      return { level: 'error', data, sentence: 'declarative file is broken: the last good one stays in use' };
    case 'file-refused':
      return { level: 'error', data, sentence: 'Kong refuses the declarative file: the last good one stays in use' };
    default:
      return assertNever(kind);
  }
}
