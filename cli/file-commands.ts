/** Commands that write files: the schema, a starter config, certificates. */
import type { Command } from "commander";
import type { CertOptions } from "./cert.ts";
import { asText, once } from "./command-options.ts";
import { EXIT_CODES_HELP, type Finished } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import type { InitOptions } from "./init.ts";
import type { SchemaOptions } from "./schema.ts";

export const addSchema = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("schema")
    .summary("print the JSON Schema of the config")
    .description("Print the JSON Schema of the config, for editors and other tools.")
    .option("-o, --output <file>", "write it to this file instead", once("--output", asText))
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (options: SchemaOptions) =>
      finished(await (await import("./schema.ts")).schema(host, options)),
    );
};

export const addInit = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("init [file]")
    .summary("write a commented starter config")
    .description("Write a commented starter config, to fairlead.jsonc unless another file is named.")
    .option("-f, --force", "overwrite the file if it exists")
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (file: string | undefined, options: InitOptions) =>
      finished(await (await import("./init.ts")).init(host, file ?? "fairlead.jsonc", options)),
    );
};

export const addCert = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("cert [names...]")
    .summary("write a certificate for development, or obtain one by ACME")
    .description(
      "Write a certificate for development, site.pem and site.key, for localhost unless names are given; and the authority that signs it, authority.pem and authority.key, unless there is one.\nWith --acme, obtain one for the names from Let's Encrypt or another ACME authority instead.",
    )
    .option("-f, --force", "overwrite the certificate if it exists")
    .option("--acme", "obtain it from an ACME authority, which comes to this machine to check the names")
    .option("--agree-terms", "agree to the authority's terms of service")
    .option("--email <address>", "where the authority can reach you", once("--email", asText))
    .option("--staging", "ask Let's Encrypt's staging environment, whose certificates nobody trusts")
    .option("--directory <url>", "the authority's ACME directory", once("--directory", asText))
    .option("--ca <file>", "certificates that the authority's own may be signed by", once("--ca", asText))
    .option(
      "--challenge <type>",
      "how it checks names: http-01 (default) or tls-alpn-01",
      once("--challenge", asText),
    )
    .option("--key-type <type>", "kind of the key (default: ecdsa-p256)", once("--key-type", asText))
    .option("--storage <directory>", "where the account is kept (default: acme)", once("--storage", asText))
    .option("-p, --port <port>", "port that it comes to (default: 80, or 443)", once("--port", asText))
    .option("--host <address>", "address to listen on", once("--host", asText))
    .addHelpText(
      "after",
      `
Example:
  fairlead cert --acme --agree-terms --staging app.example.com
${EXIT_CODES_HELP}`,
    )
    .action(async (names: readonly string[], options: CertOptions) =>
      finished(await (await import("./cert.ts")).cert(host, names, options)),
    );
};
