import type { CompletionCommand, CompletionOption, CompletionTree } from './completion.ts';

/** For bash 4 and later, with or without the package bash-completion. */
export function bashCompletion({ program, options, commands }: CompletionTree): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const all = new Map([...options, ...commands.flatMap((command) => command.options)].map((one) => [one.long, one]));
  return `# bash completion for ${program}: source <(${program} completion bash)
${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${commands.map((command) => command.name).join('|')}) command="\${COMP_WORDS[at]}"; break ;;
    esac
  done
  case "$prev" in
${valueCases([...all.values()])}  esac
  case "$command" in
    "") mapfile -t COMPREPLY < <(compgen -W "${[...commands.map((one) => one.name), ...words(options)].join(' ')}" -- "$cur") ;;
${commands.map(commandCase).join('\n')}
  esac
}
complete -F ${name} ${program}
`;
}

function valueCases(options: readonly CompletionOption[]): string {
  const lines = options.flatMap(({ long, short, value }) => {
    const names = short === undefined ? long : `${short}|${long}`;
    switch (value.kind) {
      case 'none':
        return [];
      case 'path':
        return [`    ${names}) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;\n`];
      case 'choices':
        return [
          `    ${names}) mapfile -t COMPREPLY < <(compgen -W "${value.choices.join(' ')}" -- "$cur"); return ;;\n`,
        ];
      case 'text':
        return value.isOptional ? [] : [`    ${names}) return ;;\n`];
      default:
        throw new Error(`unknown value: ${value satisfies never}`);
    }
  });
  return lines.join('');
}

function commandCase({ name, options, choices }: CompletionCommand): string {
  const list = [...choices, ...words(options)].join(' ');
  return `    ${name}) mapfile -t COMPREPLY < <(compgen -W "${list}" -- "$cur") ;;`;
}

function words(options: readonly CompletionOption[]): readonly string[] {
  return options.flatMap(({ long, short }) => (short === undefined ? [long] : [short, long]));
}
