/** The config of a server, for the admin API. */
import { type ConfigOrigin, type ReadConfigDocument, complaintsOf } from "../../handlers/config-document.ts";
import type { ConfigPort } from "../../handlers/config-port.ts";
import type { Platform } from "../../src/core/platform.ts";
import { refuseUnsupported } from "../refuse.ts";
import { ServeError, type Serving } from "../serving.ts";
import type { ConfigHistory } from "./config-history.ts";

export interface ServedConfigParts {
  readonly platform: Platform;
  readonly history: ConfigHistory;
  readonly server: Pick<Serving, "prepare" | "noteRefusal">;
  readonly read: ReadConfigDocument;
  /** Of the config in effect. */
  readonly origin: () => ConfigOrigin | undefined;
}

/** A document is put into effect like any other config: prepared as a whole, then committed. */
export const servedConfig = ({ platform, history, server, read, origin }: ServedConfigParts): ConfigPort => ({
  status: () => ({
    generation: history.generation,
    loadedAt: history.appliedAt,
    sources: origin()?.sources ?? [],
    ...(history.lastError !== undefined && { lastError: history.lastError }),
  }),
  masked: () => origin()?.masked() ?? null,
  mask: (text) => origin()?.mask(text) ?? text,
  async check(document) {
    try {
      const { config, explicit } = await read(document);
      refuseUnsupported(config, platform, explicit);
      return { ok: true, generation: history.generation };
    } catch (thrown) {
      return complaintsOf(thrown);
    }
  },
  async put(document) {
    try {
      const found = await read(document);
      (await server.prepare(found.config, found.explicit, found)).commit();
      found.adopted?.();
      return { ok: true, generation: history.generation };
    } catch (thrown) {
      const verdict =
        thrown instanceof ServeError
          ? ({ ok: false, problems: [{ path: "", message: thrown.message }] } as const)
          : complaintsOf(thrown);
      server.noteRefusal(verdict.problems.map(({ path, message }) => `${path}: ${message}`).join("; "));
      return verdict;
    }
  },
});
