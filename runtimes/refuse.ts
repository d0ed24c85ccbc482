/** The refusal of a config that a runtime can't honour. */
import { ConfigError } from "../src/config/config-error.ts";
import { unsupported } from "../src/config/requirements.ts";
import type { Config } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";

/** Throws `ConfigError` with everything in `config` that `platform` can't do; `explicit` is what somebody set. */
export const refuseUnsupported = (
  config: Config,
  platform: Platform,
  explicit: ReadonlySet<string> = new Set(),
): void => {
  const refusals = unsupported(config, explicit, platform);
  if (refusals.length === 0) return;
  throw new ConfigError(
    refusals.map(({ path, message }) => ({
      path: path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
      at: "key",
      message,
    })),
  );
};
