/** `fairlead schema`: the JSON Schema of the config, for editors. */
import { jsonSchema } from "../src/config/settings/config.ts";
import { writeFileAt } from "./file-path.ts";
import type { Host } from "./host.ts";
import { EXIT } from "./exit-codes.ts";

export interface SchemaOptions {
  /** File to write instead of standard output. */
  readonly output?: string;
}

/** The text of the file. */
export const schemaText = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;

export const schema = async (host: Host, { output }: SchemaOptions): Promise<number> => {
  const text = schemaText();
  if (output === undefined) host.stdout.write(text);
  else {
    await writeFileAt(host, output, text);
    host.stdout.write(`wrote ${output}\n`);
  }
  return EXIT.ok;
};
