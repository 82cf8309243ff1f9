import type { Command, Option } from 'commander';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import type { Shell } from './shells.ts';

/** A command line, as far as a shell completes it. */
export interface CompletionTree {
  readonly program: string;
  /** Before any command. */
  readonly options: readonly CompletionOption[];
  readonly commands: readonly CompletionCommand[];
}

export interface CompletionCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletionOption[];
  /** What its first argument may be; empty when nobody can guess. */
  readonly choices: readonly string[];
}

export interface CompletionOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  readonly value: CompletionValue;
  readonly isRepeatable: boolean;
}

/** What may follow an option. */
export type CompletionValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'path' }
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  /** `isOptional`: the option also stands for itself. */
  | { readonly kind: 'text'; readonly name: string; readonly isOptional: boolean };

/** What a shell has to read to complete our command line. */
export function completionScript(program: Command, shell: Shell): string {
  const tree = treeOf(program);
  switch (shell) {
    case 'bash':
      return bashCompletion(tree);
    case 'zsh':
      return zshCompletion(tree);
    case 'fish':
      return fishCompletion(tree);
    default:
      throw new Error(`unknown shell: ${shell satisfies never}`);
  }
}

function treeOf(program: Command): CompletionTree {
  const help = {
    long: '--help',
    short: '-h',
    description: 'how to use it',
    value: { kind: 'none' },
    isRepeatable: false,
  } as const;
  return {
    program: program.name(),
    options: [...program.options.map(optionOf), help],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.description(),
      options: [...command.options.map(optionOf), help],
      choices: command.registeredArguments[0]?.argChoices ?? [],
    })),
  };
}

function optionOf(option: Option): CompletionOption {
  return {
    long: option.long ?? option.flags,
    short: option.short,
    // The variables behind it are for --help.
    description: option.description.replace(/ \([A-Z_, ]+\)$/, ''),
    value: valueAfter(option),
    isRepeatable: option.parseArg !== undefined && option.argChoices === undefined,
  };
}

/** `<path>` is a file, `<a|b>` one of these. */
function valueAfter({ flags, argChoices, required, optional }: Option): CompletionValue {
  if (!required && !optional) return { kind: 'none' };
  const name = /[<[](?<name>[^>\]]+)/.exec(flags)?.groups?.name ?? 'value';
  if (name === 'path') return { kind: 'path' };
  const choices = argChoices ?? (name.includes('|') ? name.split('|') : []);
  return choices.length > 0 ? { kind: 'choices', choices } : { kind: 'text', name, isOptional: optional };
}
