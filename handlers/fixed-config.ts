/** A config that stays for as long as the process: in apps on other servers, and on Workers. */
import { ConfigError } from "../src/config/config-error.ts";
import { refusals } from "../src/config/requirements.ts";
import type { ShownConfig } from "../src/config/shown-config.ts";
import type { Platform } from "../src/core/platform.ts";
import { complaintsOf, readPlainDocument } from "./config-document.ts";
import type { ConfigPort } from "./config-port.ts";

/** @param shown what may be shown of the config; nothing where it is left out */
export const fixedConfig = (platform: Platform, shown?: ShownConfig): ConfigPort => {
  let loadedAt: number | undefined;
  return {
    // Made at the first call: a Worker has no time before its first request.
    status: () => ({ generation: 1, loadedAt: (loadedAt ??= platform.clock.epoch()), sources: [] }),
    masked: () => shown?.masked() ?? null,
    mask: (text) => shown?.mask(text) ?? text,
    async check(document) {
      try {
        const { config, explicit } = await readPlainDocument(document);
        const problems = refusals(config, explicit, platform);
        if (problems.length > 0) throw new ConfigError(problems);
        return { ok: true, generation: 1 };
      } catch (thrown) {
        return complaintsOf(thrown);
      }
    },
    put: async () => ({
      ok: false,
      problems: [{ path: "", message: `the config of ${platform.name} can't be exchanged while it runs` }],
    }),
  };
};
