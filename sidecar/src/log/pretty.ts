import { z } from 'zod';

const LEVELS: Readonly<Record<string, { readonly label: string; readonly colour: number }>> = {
  trace: { label: 'trace', colour: 2 },
  debug: { label: 'debug', colour: 2 },
  info: { label: 'info ', colour: 32 },
  warn: { label: 'WARN ', colour: 33 },
  error: { label: 'ERROR', colour: 31 },
  fatal: { label: 'FATAL', colour: 31 },
};

const record = z.looseObject({ time: z.string(), level: z.string(), msg: z.string().default('') });
const differences = z.array(z.object({ path: z.string(), from: z.unknown(), to: z.unknown() }));

/**
 * A line of the JSON log as a sentence: when, how grave, about what, what happened, why; what is left over stands in
 * parentheses. `09:41:02.120Z info  orders: target 10.0.0.1:80 added, weight 1: node-1/web-1 is passing`
 */
export function prettyLine(json: string, colour: boolean): string {
  const { time, level, msg, ...data } = record.parse(JSON.parse(json));
  const { label, colour: code } = LEVELS[level] ?? { label: level, colour: 0 };
  const mark = colour ? `\u001b[${code}m${label}\u001b[0m` : label;
  return `${time.slice(time.indexOf('T') + 1)} ${mark} ${oneLine(sentence(msg, data))}\n`;
}

type Data = Readonly<Record<string, unknown>>;

function sentence(msg: string, data: Data): string {
  const { upstream, service, target, instance, weight, from, to, fields, why, problem, reason, ...rest } = data;
  const subject = upstream ?? (service === undefined ? undefined : `Consul service ${show(service)}`);
  const because = why ?? problem ?? reason;
  const code = because === reason ? {} : { reason };
  return [
    subject === undefined ? '' : `${show(subject)}: `,
    named(named(msg, 'target', target), 'instance', instance),
    weight === undefined ? '' : `, weight ${show(weight)}`,
    from === undefined ? '' : `, ${show(from)} -> ${show(to)}`,
    fields === undefined ? '' : `: ${fieldsText(fields)}`,
    because === undefined ? '' : `: ${show(because)}`,
    restText({ ...code, ...rest }),
  ].join('');
}

/** `target added` becomes `target 10.0.0.1:80 added`. */
function named(msg: string, word: string, name: unknown): string {
  if (name === undefined) return msg;
  return msg.startsWith(`${word} `) ? `${word} ${show(name)}${msg.slice(word.length)}` : `${msg} ${show(name)}`;
}

function fieldsText(fields: unknown): string {
  const parsed = differences.safeParse(fields);
  if (!parsed.success) return show(fields);
  return parsed.data.map(({ path, from, to }) => `${path} ${show(from)} -> ${show(to)}`).join(', ');
}

function restText(rest: Data): string {
  const parts = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${show(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(show).join(' and ') : JSON.stringify(value);
}

/** What others named cannot start a line of its own, nor move the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
