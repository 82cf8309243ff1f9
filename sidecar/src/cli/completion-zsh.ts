import type { CompletionCommand, CompletionOption, CompletionTree } from './completion.ts';

/** For zsh's own completion system. */
export function zshCompletion({ program, options, commands }: CompletionTree): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return `#compdef ${program}
# zsh completion for ${program}: source <(${program} completion zsh), or as _${program} in a folder of $fpath
${name}() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.description.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _arguments -C ${options.flatMap(specs).join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = "${name}" ]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
}

function commandCase({ name, options, choices }: CompletionCommand): string {
  const first = choices.length === 0 ? [] : [quoted(`1: :(${choices.join(' ')})`)];
  const lines = [...options.flatMap(specs), ...first].map((spec) => `          ${spec}`);
  return `        ${name}) _arguments -s \\\n${lines.join(' \\\n')} ;;`;
}

/** \`(-o --output)'{-o,--output}'[…]:format:(table json)\`, spelled out: one for each name. */
function specs({ long, short, description, value, isRepeatable }: CompletionOption): readonly string[] {
  const text = `[${description.replace(/[[\]:\\]/g, '\\$&')}]`;
  const others = isRepeatable ? '*' : short === undefined ? '' : `(${short} ${long})`;
  const names = short === undefined ? [long] : [short, long];
  return names.map((name) => quoted(`${others}${name}${sign(name, value)}${text}${action(value)}`));
}

function sign(name: string, { kind }: CompletionOption['value']): string {
  if (kind === 'none') return '';
  return name.startsWith('--') ? '=' : '+';
}

function action(value: CompletionOption['value']): string {
  switch (value.kind) {
    case 'none':
      return '';
    case 'path':
      return ':path:_files';
    case 'choices':
      return `:value:(${value.choices.join(' ')})`;
    case 'text':
      return `${value.isOptional ? '::' : ':'}${value.name}: `;
    default:
      throw new Error(`unknown value: ${value satisfies never}`);
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
