/** `fairlead init`: a starter config to edit. */
import { commandName } from "./command-name.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { cantWrite, errorCode, resolvePath, writeFileAt } from "./file-path.ts";
import type { Host } from "./host.ts";
import { STARTER_CONFIG } from "./starter.ts";

export interface InitOptions {
  /** Overwrite a file that is there. */
  readonly force?: boolean;
}

export const init = async (host: Host, file: string, { force = false }: InitOptions): Promise<number> => {
  if (!/\.jsonc?$/.test(file)) {
    throw new CliError(
      EXIT.usage,
      `the starter config is JSONC, so "${file}" is no name for it`,
      'end it in ".jsonc"',
    );
  }
  if (!force && (await isThere(host, file))) {
    throw new CliError(
      EXIT.failed,
      `${file} exists already`,
      "name another file, or add --force to overwrite it",
    );
  }
  await writeFileAt(host, file, STARTER_CONFIG);
  const command = commandName(host);
  host.stdout.write(`wrote ${file}\nEdit it, then: ${command} check, ${command} start\n`);
  return EXIT.ok;
};

const isThere = (host: Host, file: string): Promise<boolean> =>
  host.readText(resolvePath(host.cwd, file)).then(
    () => true,
    (thrown: unknown) => {
      if (errorCode(thrown) === "ENOENT") return false;
      // It may be there all the same, and could not be read: nothing to overwrite unasked.
      throw cantWrite(file, thrown);
    },
  );
