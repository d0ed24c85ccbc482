/** `fairlead init`: a starter config to edit. */
import { errorCode } from "../runtimes/error-code.ts";
import { commandName } from "./command-name.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { cantWrite, resolvePath, writeFileAt } from "./file-path.ts";
import type { Host } from "./host.ts";
import { schemaText } from "./schema.ts";
import { starterConfig } from "./starter.ts";

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
  const found = await schemaFor(host, file);
  await writeFileAt(host, file, starterConfig(found ?? `./${SCHEMA_FILE}`));
  if (found === undefined) await writeFileAt(host, besides(file), schemaText());
  const command = commandName(host);
  const more = found === undefined ? ` and ${besides(file)}, which editors complete and check it by` : "";
  host.stdout.write(`wrote ${file}${more}\nEdit it, then: ${command} check, ${command} start\n`);
  return EXIT.ok;
};

/** Written where no package has one. */
const SCHEMA_FILE = "fairlead.schema.json";

const besides = (file: string): string => file.replace(/[^/\\]*$/, SCHEMA_FILE);

/** The JSON Schema as seen from `file`: of the package that is installed there or further up, or of a checkout. */
const schemaFor = async (host: Host, file: string): Promise<string | undefined> => {
  let up = "./";
  for (let directory = resolvePath(host.cwd, file); directory !== "";) {
    directory = directory.replace(/[/\\]?[^/\\]*$/, "");
    for (const candidate of ["node_modules/fairlead/schema.json", "schema.json"]) {
      const text = await host.readText(`${directory}/${candidate}`).catch(() => "");
      if (text.includes('"title": "Fairlead config"')) return up + candidate;
    }
    up = up === "./" ? "../" : `${up}../`;
  }
  return undefined;
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
