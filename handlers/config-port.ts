/** The config in effect, and how another one takes its place. */
import type { ConfigDocument, ConfigVerdict } from "./control.ts";
import type { ConfigSnapshot } from "./snapshot.ts";

export interface ConfigPort {
  status(): ConfigSnapshot;
  /** Defaults filled in, `***` in place of every secret. */
  masked(): unknown;
  /** `text` with `***` in place of every secret of the config. */
  mask(text: string): string;
  check(document: ConfigDocument): Promise<ConfigVerdict>;
  put(document: ConfigDocument): Promise<ConfigVerdict>;
}
