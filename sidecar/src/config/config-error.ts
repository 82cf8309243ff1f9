/** A file that is none gives thousands. */
const MAX_SHOWN = 50;
const MAX_LENGTH = 500;

/** The config cannot be used: one message that names every mistake and how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, MAX_SHOWN).map((problem) => `  - ${shortened(problem)}`);
    const rest = problems.length > MAX_SHOWN ? [`  - and ${problems.length - MAX_SHOWN} more`] : [];
    super(['the configuration cannot be used:', ...shown, ...rest].join('\n'));
    this.problems = problems;
  }
}

function shortened(problem: string): string {
  return problem.length > MAX_LENGTH ? `${problem.slice(0, MAX_LENGTH)}…` : problem;
}
