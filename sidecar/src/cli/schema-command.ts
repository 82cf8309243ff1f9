import { configJsonSchema } from '../config/json-schema.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** `config --schema`: the JSON Schema of the config file, for editors and for checks before a roll-out. */
export function schemaCommand(print: (text: string) => void): ExitCode {
  print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return EXIT.ok;
}
