/** Commands for a proxy that runs: `top` shows what it does, `upgrade` replaces it. */
import type { Command } from "commander";
import { showValue } from "../src/config/problem.ts";
import { CliError } from "./cli-error.ts";
import { CONFIG_OPTION, asText, once } from "./command-options.ts";
import { EXIT, EXIT_CODES_HELP, type Finished } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import type { TopOptions } from "./top/top.ts";
import type { UpgradeOptions } from "./upgrade.ts";

const ADMIN_OPTIONS = {
  url: [
    "-u, --url <url>",
    "its admin listener, or unix:/path; without it, the one of the config",
    once("--url", asText),
  ],
  token: ["--token <token>", "the admin token; better set FAIRLEAD_ADMIN_TOKEN", once("--token", asText)],
} as const;

export const addUpgrade = (program: Command, host: Host, finished: Finished): void => {
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

export const addTop = (program: Command, host: Host, finished: Finished): void => {
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
