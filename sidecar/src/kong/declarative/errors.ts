/** A declarative file cannot be read. Each problem starts with `path:line:column`. */
export class DeclarativeFileError extends Error {
  override readonly name = 'DeclarativeFileError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
