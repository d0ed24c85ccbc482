/** The command line: `fairlead start|check|explain|top|upgrade|schema|init|cert`. Runtime-neutral; `bin/*` supply the host. */
import { Command } from "commander";
import { showValue } from "../src/config/problem.ts";
import { DEFAULT_FILES } from "../src/config/config-file.ts";
import type { CheckOptions } from "./check.ts";
import { CliError } from "./cli-error.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import type { ExplainOptions } from "./explain.ts";
import { failureReason, showFailure } from "./failure.ts";
import type { Host } from "./host.ts";
import type { CertOptions } from "./cert.ts";
import type { InitOptions } from "./init.ts";
import { parsePort } from "./port.ts";
import { RUNTIME_PROFILES } from "./runtime-profile.ts";
import type { SchemaOptions } from "./schema.ts";
import type { StartOptions } from "./start.ts";
import type { TopOptions } from "./top/top.ts";
import type { UpgradeOptions } from "./upgrade.ts";
import { VERSION } from "../src/version.ts";

/** Runs one command. Resolves to the exit code; never rejects. */
export const main = async (host: Host): Promise<number> => {
  let code: number = EXIT.ok;
  const program = commandLine(host, (done) => {
    code = done;
  });
  try {
    await program.parseAsync(host.args, { from: "user" });
    return code;
  } catch (thrown) {
    host.failed(failureReason(thrown));
    return showFailure(host, thrown);
  }
};

// Each command's module is imported when it is asked for: starting must not wait for what explaining needs.
type Finished = (code: number) => void;

/** A value that stands once; of two the last would win, which nobody means. */
const once =
  <Value>(flag: string, read: (text: string) => Value) =>
  (text: string, before: Value | undefined): Value => {
    if (before !== undefined) throw new CliError(EXIT.usage, `${flag} is given twice`, "give it once");
    return read(text);
  };

const asText = (text: string): string => text;

const CONFIG_OPTION = [
  "-c, --config <file>",
  `config file; without it the first of ${DEFAULT_FILES.join(", ")} that is here`,
  once("--config", asText),
] as const;

const EXAMPLES_HELP = `
Examples:
  fairlead                               a demo, or what fairlead.json here says
  fairlead http://localhost:3000         everything goes to this server
  fairlead --config site.yaml --port 80  what that config says, on another port

Without a command, the options of start count; "fairlead start --help" lists them.
`;

const commandLine = (host: Host, finished: Finished): Command => {
  const program = new Command("fairlead")
    .description("A programmable edge proxy.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Failures are shown in one place, below.
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText("after", `${EXAMPLES_HELP}${EXIT_CODES_HELP}`);
  addStart(program, host, finished);
  addCheck(program, host, finished);
  addExplain(program, host, finished);
  addTop(program, host, finished);
  addUpgrade(program, host, finished);
  addFiles(program, host, finished);
  addCert(program, host, finished);
  return program;
};

const addStart = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("start [urls...]", { isDefault: true })
    .summary("start the proxy (what fairlead does without a command)")
    .description(
      "Start the proxy: in front of the given URLs, or as the config says.\nWith no URL and nothing configured, start a demo.",
    )
    .option(...CONFIG_OPTION)
    .option("-p, --port <port>", "port to listen on; 0 takes any free one", once("--port", portOption))
    .option("--host <address>", "address to listen on", once("--host", asText))
    .option("-w, --watch", "reload when the config file, or a file that it names, changes")
    .option("--preserve-host", "send the Host that clients ask for to the URLs, instead of the URL's own")
    .addHelpText(
      "after",
      `
Examples:
  fairlead http://localhost:3000
  fairlead start --config fairlead.json --port 8443
${EXIT_CODES_HELP}`,
    )
    .action(async (urls: string[], options: StartOptions) =>
      finished(await (await import("./start.ts")).start(host, urls, options)),
    );
};

const addCheck = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("check")
    .summary("validate the config")
    .description(
      "Validate the config: a verdict, warnings, or every problem with its place, all on standard error.",
    )
    .option(...CONFIG_OPTION)
    .option(
      "-r, --runtime <name>",
      `also check that this runtime can do it: ${Object.keys(RUNTIME_PROFILES).join(", ")}`,
      once("--runtime", asText),
    )
    .option("--print", "print the effective config as JSON on standard output, secrets masked")
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (options: CheckOptions) =>
      finished(await (await import("./check.ts")).check(host, options)),
    );
};

/** An address for documentation (RFC 5737). */
const SOME_CLIENT = "192.0.2.1";

const addExplain = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("explain <method-or-url> [url]")
    .summary("say what would become of a request, and why")
    .description(
      "Say which route a request would get, what would be sent to which upstream, and why other routes did not match. No request is sent.",
    )
    .option(...CONFIG_OPTION)
    .option("-H, --header <name: value>", "a header field of the request; may be repeated", collect)
    .option("--from <address>", `address of the client (default: ${SOME_CLIENT})`, once("--from", asText))
    .option("--now", "connect to the endpoints first, and leave out those that do not answer")
    .addHelpText(
      "after",
      `
Example:
  fairlead explain GET https://api.example.com/v1/x -H 'cookie: beta=1'
${EXIT_CODES_HELP}`,
    )
    .action(async (first: string, second: string | undefined, options: Omit<ExplainOptions, "from">) =>
      finished(
        await (
          await import("./explain.ts")
        ).explain(host, second === undefined ? ["GET", first] : [first, second], {
          from: SOME_CLIENT,
          ...options,
        }),
      ),
    );
};

const ADMIN_OPTIONS = {
  url: [
    "-u, --url <url>",
    "its admin listener, or unix:/path; without it, the one of the config",
    once("--url", asText),
  ],
  token: ["--token <token>", "the admin token; better set FAIRLEAD_ADMIN_TOKEN", once("--token", asText)],
} as const;

const addUpgrade = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("upgrade")
    .summary("replace a running proxy by a new process")
    .description(
      "Have a running proxy start its command line once more, with its listening sockets. The new process has the version and the config of now; once it serves, the old one finishes what it has in flight and ends. If it does not get that far, the old one goes on.",
    )
    .option(...ADMIN_OPTIONS.url)
    .option(...CONFIG_OPTION)
    .option(...ADMIN_OPTIONS.token)
    .option(
      "--timeout <seconds>",
      "how long the new process may take until it serves (default: 60)",
      once("--timeout", secondsOption),
    )
    .addHelpText(
      "after",
      `
Examples:
  fairlead upgrade --config /etc/fairlead/fairlead.json
  fairlead upgrade --url unix:/run/fairlead/admin.sock
${EXIT_CODES_HELP}`,
    )
    .action(async (options: UpgradeOptions) =>
      finished(await (await import("./upgrade.ts")).upgrade(host, options)),
    );
};

const addTop = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("top")
    .summary("show what a running proxy does")
    .description(
      "Show requests, latencies, upstreams and endpoints of a running proxy, anew each second. Keys: q quits, s sorts, / filters, arrows scroll, space pauses.",
    )
    .option(...ADMIN_OPTIONS.url)
    .option(...CONFIG_OPTION)
    .option(...ADMIN_OPTIONS.token)
    .option("--once", "print one table and end; so it is where there is no terminal")
    .option("--json", "print the state once, as JSON")
    .option("--sort <key>", "config, name, requests, failed, p99 or in-flight", once("--sort", asText))
    .option("--reverse", "sort the other way round")
    .option("--filter <text>", "only what has this in its name", once("--filter", asText))
    .addHelpText(
      "after",
      `
Examples:
  fairlead top --url http://127.0.0.1:9090
  fairlead top --once --sort failed
${EXIT_CODES_HELP}`,
    )
    .action(async (options: TopCommandOptions) => {
      const { sortKey, top } = await import("./top/top.ts");
      const { sort, ...others } = options;
      finished(await top(host, sort === undefined ? others : { ...others, sort: sortKey(sort) }));
    });
};

type TopCommandOptions = Omit<TopOptions, "sort"> & { readonly sort?: string };

const addFiles = (program: Command, host: Host, finished: Finished): void => {
  program
    .command("schema")
    .summary("print the JSON Schema of the config")
    .description("Print the JSON Schema of the config, for editors and other tools.")
    .option("-o, --output <file>", "write it to this file instead", once("--output", asText))
    .addHelpText("after", EXIT_CODES_HELP)
    .action(async (options: SchemaOptions) =>
      finished(await (await import("./schema.ts")).schema(host, options)),
    );
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

const addCert = (program: Command, host: Host, finished: Finished): void => {
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

const MOST_SECONDS = 3_600;

const secondsOption = (text: string): number => {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw new CliError(
    EXIT.usage,
    `--timeout is ${showValue(text)}, expected a whole number of seconds from 1 to ${MOST_SECONDS}`,
    "for example --timeout 120",
  );
};

const portOption = (text: string): number => parsePort(text, "--port");

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
