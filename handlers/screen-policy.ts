/** What every request's head must keep to, as the config says. */
import type { Config } from "../src/config/types.ts";
import type { ScreenPolicy } from "../src/http/screen.ts";

export const screenPolicy = ({ listen, validation }: Config): ScreenPolicy => ({
  headerBytes: listen.limits.headerBytes,
  headers: listen.limits.headers,
  targetBytes: listen.limits.targetBytes,
  underscores: validation.underscores,
});
