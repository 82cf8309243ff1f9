import type { CompletionOption, CompletionTree } from './completion.ts';

/** For fish 3 and later. */
export function fishCompletion({ program, options, commands }: CompletionTree): string {
  const by = new Map<string, { readonly option: CompletionOption; readonly commands: string[] }>();
  for (const command of commands) {
    for (const option of command.options) {
      const key = JSON.stringify(option);
      const known = by.get(key) ?? { option, commands: [] };
      known.commands.push(command.name);
      by.set(key, known);
    }
  }
  const start = `complete -c ${program}`;
  const seen = (names: readonly string[]) => `-n ${quoted(`__fish_seen_subcommand_from ${names.join(' ')}`)}`;
  return `${[
    `# fish completion for ${program}: ${program} completion fish | source`,
    `${start} -f`,
    ...options.map((option) => `${start} -n __fish_use_subcommand ${optionText(option)}`),
    ...commands.map(
      ({ name, description }) => `${start} -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ),
    ...commands
      .filter(({ choices }) => choices.length > 0)
      .map(({ name, choices }) => `${start} ${seen([name])} -a ${quoted(choices.join(' '))}`),
    ...[...by.values()].map((one) => `${start} ${seen(one.commands)} ${optionText(one.option)}`),
  ].join('\n')}\n`;
}

function optionText({ long, short, description, value }: CompletionOption): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  return `${names}${valueText(value)} -d ${quoted(description)}`;
}

function valueText(value: CompletionOption['value']): string {
  switch (value.kind) {
    case 'none':
      return '';
    case 'path':
      return ' -r -F';
    case 'choices':
      return ` -x -a ${quoted(value.choices.join(' '))}`;
    case 'text':
      return value.isOptional ? '' : ' -x';
    default:
      throw new Error(`unknown value: ${value satisfies never}`);
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
