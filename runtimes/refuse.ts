/** The refusal of a config that a runtime can't honour. */
import { ConfigError } from "../src/config/config-error.ts";
import { refusals } from "../src/config/requirements.ts";
import { checkTls } from "../src/config/certificates.ts";
import type { Config } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";

/**
 * Throws `ConfigError` with everything in `config` that `platform` can't do, certificates that it can't use included;
 * `explicit` is what somebody set.
 */
export const refuseUnsupported = (
  config: Config,
  platform: Platform,
  explicit: ReadonlySet<string> = new Set(),
): void => {
  const tls = platform.inspectTls === undefined ? [] : checkTls(config, platform.inspectTls);
  const problems = [...refusals(config, explicit, platform), ...tls];
  if (problems.length > 0) throw new ConfigError(problems);
};
