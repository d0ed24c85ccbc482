/** `fairlead check`: is this config good, and what does it come to? */
import { CliError } from "./cli-error.ts";
import { type ConfigOptions, refuseUnsupported, requireConfig } from "./configured.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { RUNTIME_PROFILES, type RuntimeProfile, runtimeProfile } from "./runtime-profile.ts";
import { styleFor } from "./style.ts";

export interface CheckOptions extends ConfigOptions {
  /** Runtime that the config is to run on. */
  readonly runtime?: string;
}

/** Prints the effective config on standard output and what was found on standard error. */
export const check = async (host: Host, options: CheckOptions): Promise<number> => {
  const profile = options.runtime === undefined ? undefined : runtimeProfile(options.runtime);
  if (options.runtime !== undefined && profile === undefined) {
    const names = Object.keys(RUNTIME_PROFILES).join(", ");
    throw new CliError(EXIT.usage, `there is no runtime "${options.runtime}"`, `give one of ${names}`);
  }
  const loaded = await requireConfig(host, options);
  const style = styleFor(host.stderr, host.env);
  host.stdout.write(`${JSON.stringify(loaded.masked(), null, 2)}\n`);
  if (profile !== undefined) await refuseUnsupported(loaded, profile);
  const { config } = loaded;
  const counts = `${count(config.routes.length, "route")}, ${count(Object.keys(config.upstreams).length, "upstream")}`;
  host.stderr.write(`${style.green("ok:")} ${loaded.sources.join(", ")}: ${counts}${runsOn(profile)}\n`);
  return EXIT.ok;
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

const runsOn = (profile: RuntimeProfile | undefined): string =>
  profile === undefined ? "" : `; runs on ${profile.name}`;
