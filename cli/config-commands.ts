/** Commands that read a config: `start` serves by it, `check` and `explain` say what it comes to. */
import type { Command } from "commander";
import type { CheckOptions } from "./check.ts";
import { CONFIG_OPTION, asText, once } from "./command-options.ts";
import { EXIT_CODES_HELP, type Finished } from "./exit-codes.ts";
import type { ExplainOptions } from "./explain.ts";
import type { Host } from "./host.ts";
import { parsePort } from "./port.ts";
import { RUNTIME_PROFILES } from "./runtime-profile.ts";
import type { StartOptions } from "./start.ts";

export const addStart = (program: Command, host: Host, finished: Finished): void => {
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

export const addCheck = (program: Command, host: Host, finished: Finished): void => {
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

export const addExplain = (program: Command, host: Host, finished: Finished): void => {
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

const portOption = (text: string): number => parsePort(text, "--port");

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
