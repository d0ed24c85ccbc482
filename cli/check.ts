/** `fairlead check`: is this config good, and what does it come to? */
import { ConfigError } from "../src/config/config-error.ts";
import type { LoadedConfig } from "../src/config/load.ts";
import { type ConfigProblem, problemAt } from "../src/config/problem.ts";
import type { Config } from "../src/config/types.ts";
import { aheadOf, expiryText, servedCertificates } from "../runtimes/served-certificates.ts";
import { CliError } from "./cli-error.ts";
import { type ConfigOptions, refuseUnsupported, requireConfig } from "./configured.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { RUNTIME_PROFILES, type RuntimeProfile, runtimeProfile } from "./runtime-profile.ts";
import { styleFor } from "./style.ts";
import { warningsOf } from "./warnings.ts";

export interface CheckOptions extends ConfigOptions {
  /** Runtime that the config is to run on. */
  readonly runtime?: string;
  /** Print the effective config too. */
  readonly print?: boolean;
}

/** Prints the verdict and warnings on standard error, then the effective config on standard output if it is asked for. */
export const check = async (host: Host, options: CheckOptions): Promise<number> => {
  const profile = options.runtime === undefined ? undefined : runtimeProfile(options.runtime);
  if (options.runtime !== undefined && profile === undefined) {
    const names = Object.keys(RUNTIME_PROFILES).join(", ");
    throw new CliError(EXIT.usage, `there is no runtime "${options.runtime}"`, `give one of ${names}`);
  }
  const loaded = await requireConfig(host, options);
  const style = styleFor(host.stderr, host.env);
  if (profile !== undefined) await refuseUnsupported(loaded, profile);
  const { config } = loaded;
  const counts = `${count(config.routes.length, "route")}, ${count(Object.keys(config.upstreams).length, "upstream")}`;
  host.stderr.write(`${style.green("ok:")} ${loaded.sources.join(", ")}: ${counts}${runsOn(profile)}\n`);
  for (const warning of await shownWarnings(loaded, host.epoch())) {
    host.stderr.write(`\n${style.yellow("warning:")} ${loaded.mask(warning)}\n`);
  }
  if (options.print === true) host.stdout.write(`${JSON.stringify(loaded.masked(), null, 2)}\n`);
  return EXIT.ok;
};

/** Each with its place, the line and a caret. */
const shownWarnings = async (loaded: LoadedConfig, now: number): Promise<readonly string[]> =>
  (await loaded.located([...warningsOf(loaded.config), ...expiring(loaded.config, now)])).map(
    (warning) => new ConfigError([warning]).message,
  );

/** Certificates that are over soon. */
const expiring = (config: Config, now: number): readonly ConfigProblem[] =>
  servedCertificates(config)
    .filter((certificate) => aheadOf(certificate, now) !== undefined)
    .map((certificate) => problemAt(certificate.path, expiryText(certificate, now)));

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

const runsOn = (profile: RuntimeProfile | undefined): string =>
  profile === undefined ? "" : `; runs on ${profile.name}`;
