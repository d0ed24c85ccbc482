/** What may be shown of a config. */
import { effective } from "./effective.ts";
import { masking } from "./masking.ts";
import { type Resolved, pathKey } from "./references.ts";
import { isRecord } from "./tree.ts";
import type { Config } from "./types.ts";

export interface ShownConfig {
  /** The effective config as one would write it, defaults filled in, `***` in place of every secret. */
  readonly masked: () => unknown;
  /** `text` with `***` in place of every secret of the config, credential in a query and password in a URL. */
  readonly mask: (text: string) => string;
}

/** @param resolved what `config` was read from. */
export const shownConfig = (
  { value: input, secrets, secretTexts }: Resolved,
  config: Config,
): ShownConfig => {
  let mask: ShownConfig["mask"] | undefined;
  return {
    masked: () => effective(withRoute(input, config), (path) => secrets.get(pathKey(path))),
    mask: (text) => (mask ??= masking(secretTexts))(text),
  };
};

/** The input with the route that goes without saying. */
const withRoute = (input: unknown, { routes: [only, ...others] }: Config): unknown => {
  const written = isRecord(input) ? input["routes"] : undefined;
  const isImplied = !Array.isArray(written) || written.length === 0;
  return isImplied && isRecord(input) && only !== undefined && others.length === 0
    ? { ...input, routes: [{ name: only.name, upstream: only.upstreams?.[0]?.name }] }
    : input;
};
