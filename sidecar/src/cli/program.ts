import { Argument, Command, CommanderError, Option } from 'commander';
import { optionsTable } from '../config/options-table.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { ExportedState } from './export-command.ts';
import type { OutputFormat } from './render.ts';
import type { CommandIo } from './session.ts';
import { SHELLS, type Shell } from './shells.ts';
import { VERSION } from './version.ts';

/** All that the program gets from the outside. */
export interface World {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly readFile: (path: string) => Promise<string>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** For a program that stays: collects garbage sooner, at the cost of speed while there is much to do. */
  readonly saveMemory: () => void;
  readonly onSignal: (name: NodeJS.Signals, react: () => void) => void;
}

type Run = (io: CommandIo) => Promise<ExitCode>;

/** Parses the command line and runs one command. Never rejects: what went wrong is told on stderr. */
export async function runProgram(world: World): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = buildProgram(world, async (flags, run) => {
    code = await execute(world, flags, run);
  });
  try {
    await program.parseAsync([...world.argv]);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.error;
    world.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.error;
  }
}

type Execute = (flags: Readonly<Record<string, unknown>>, run: Run) => Promise<void>;

function buildProgram(world: World, execute: Execute): Command {
  const program = new Command('kong-consul')
    .description("Keeps Kong's upstreams and targets equal to what Consul says.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => world.stdout.write(text), writeErr: (text) => world.stderr.write(text) })
    .showSuggestionAfterError()
    .addHelpText('after', `\nExit codes: 0 done or no difference, 1 error, 2 differences, 3 held by the guard.\n`);

  configured(program.command('run'))
    .description('follow Consul until stopped')
    .option('--dry-run', 'watch, plan, log and serve, but never write', false)
    .action(async (flags: Flags) => {
      world.saveMemory();
      const { runCommand } = await import('./run-command.ts');
      await execute(flags, (io) => runCommand(io, { dryRun: flags.dryRun === true }));
    });
  output(configured(program.command('reconcile')))
    .description('bring Kong up to date once')
    .option('--dry-run', 'show the plan, write nothing', false)
    .option('--force', 'apply what the guard holds', false)
    .option('--only <name>', 'only this upstream (repeatable)', collect, [])
    .option(
      '--output-file <path>',
      'write a declarative file for Kong, not to Kong: kong.declarative_file, or what Kong holds, with what is ours in it; - is stdout',
    )
    .action(async (flags: Flags) => {
      const { outputFile } = flags;
      const all = { ...flags, dryRun: flags.dryRun === true, force: flags.force === true };
      if (outputFile === undefined) {
        const { reconcileCommand } = await import('./reconcile-command.ts');
        await execute(flags, (io) => reconcileCommand(io, all));
        return;
      }
      const { reconcileFileCommand } = await import('./reconcile-file-command.ts');
      await execute(flags, (io) => reconcileFileCommand(io, { ...all, outputFile }));
    });
  output(configured(program.command('diff')))
    .description('show what would be written; exit 2 when there is something')
    .option('--only <name>', 'only this upstream (repeatable)', collect, [])
    .action(async (flags: Flags) => {
      const { diffCommand } = await import('./diff-command.ts');
      await execute(flags, (io) => diffCommand(io, flags));
    });
  fromSidecar(output(configured(program.command('status'))))
    .description('one line an upstream; exit 0 in sync, 2 not')
    .option('-w, --watch', 'show it live, until stopped', false)
    .action(async (flags: Flags) => {
      const { statusCommand } = await import('./status-command.ts');
      await execute(flags, (io) => statusCommand(io, { ...flags, watch: flags.watch === true }));
    });
  output(configured(program.command('bindings')))
    .description('what is bound to which upstream, by what, and what is not and why')
    .action(async (flags: Flags) => {
      const { bindingsCommand } = await import('./bindings-command.ts');
      await execute(flags, (io) => bindingsCommand(io, flags));
    });
  fromSidecar(output(configured(program.command('explain <name>'))))
    .description('why an instance gets traffic or not; name: Consul service, upstream, instance or host:port')
    .action(async (name: string, flags: Flags) => {
      const { explainCommand } = await import('./explain-command.ts');
      await execute(flags, (io) => explainCommand(io, name, flags));
    });
  output(configured(program.command('doctor')))
    .description('what is right and wrong around here, each with the line that mends it')
    .action(async (flags: Flags) => {
      const { doctorCommand } = await import('./doctor-command.ts');
      await execute(flags, (io) => doctorCommand(io, flags));
    });
  output(configured(program.command('config')))
    .description('every option as it is in use, where it came from, secrets masked')
    .option('--schema', 'print the JSON Schema of the config file instead', false)
    .action(async (flags: Flags) => {
      if (flags.schema === true) {
        const { schemaCommand } = await import('./schema-command.ts');
        schemaCommand((text) => world.stdout.write(text));
        return;
      }
      const { configCommand } = await import('./config-command.ts');
      await execute(flags, (io) => configCommand(io, flags));
    });
  configured(program.command('export'))
    .description('what is ours in Kong as a state file of decK')
    .addOption(
      new Option('--state <state>', 'what Kong holds now, or what it would hold after the next run')
        .choices(['current', 'desired'])
        .default('current'),
    )
    .option('--output-file <path>', 'write there instead of to stdout (-)')
    .action(async (flags: Flags) => {
      const { exportCommand } = await import('./export-command.ts');
      await execute(flags, (io) => exportCommand(io, flags));
    });
  configured(program.command('cleanup'))
    .description('delete everything in Kong that carries the owner tag')
    .option('--yes', 'do not ask', false)
    .action(async (flags: Flags) => {
      const { cleanupCommand } = await import('./cleanup-command.ts');
      await execute(flags, (io) => cleanupCommand(io, { yes: flags.yes === true }));
    });
  program
    .command('completion')
    .description('print what makes a shell complete this command; source it, or put it where the shell looks')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts');
      world.stdout.write(completionScript(program, shell));
    });
  return program;
}

interface Flags {
  readonly [key: string]: unknown;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly watch?: boolean;
  readonly schema?: boolean;
  readonly only: readonly string[];
  readonly output: OutputFormat;
  readonly sidecar?: string | true;
  readonly state: ExportedState;
  readonly outputFile?: string;
}

/** Adds every option of the config to a command. */
function configured(command: Command): Command {
  command.option('-c, --config <path>', 'config file (KONG_CONSUL_CONFIG)');
  for (const { flag, description, env, repeatable } of optionsTable) {
    if (flag === undefined) continue;
    const hint = env.length > 0 ? ` (${env.join(', ')})` : '';
    const option = new Option(flag, `${description}${hint}`);
    if (repeatable === true) option.argParser(collect);
    command.addOption(option);
  }
  return command;
}

function output(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json', 'yaml']).default('table'),
  );
}

function fromSidecar(command: Command): Command {
  return command.option('--sidecar [url]', 'ask a sidecar that runs, at this URL or at --listen, not Consul and Kong');
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

async function execute(world: World, flags: Readonly<Record<string, unknown>>, run: Run): Promise<ExitCode> {
  const { prepare } = await import('./prepare.ts');
  const io = await prepare(world, flags);
  if (io === undefined) return EXIT.error;
  try {
    return await run(io);
  } catch (error) {
    if (world.signal.aborted) return EXIT.error;
    io.log.error(error instanceof Error ? error.message : String(error));
    return EXIT.error;
  }
}
