/** Control over a server: over its own thread, or over all where it is the main one. */
import { type ConfigOrigin, readPlainDocument } from "../../handlers/config-document.ts";
import type { Control } from "../../handlers/control.ts";
import { type LocalControlParts, localControl } from "../../handlers/local-control.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import type { ConfigHistory } from "./config-history.ts";
import type { ServerObserver } from "./observation.ts";
import { servedConfig } from "./served-config.ts";
import type { ThreadPart } from "./thread-part.ts";

export interface ServerControlParts extends Pick<
  LocalControlParts,
  "platform" | "lifecycle" | "journal" | "gateway"
> {
  /** Its sockets and connections. */
  readonly view: LocalControlParts["server"];
  readonly observer: ServerObserver;
  readonly history: ConfigHistory;
  readonly readDocument: ServeOptions["readDocument"];
  /** Puts configs into effect. */
  readonly server: Pick<Serving, "prepare" | "noteRefusal">;
  /** Of the config in effect. */
  readonly origin: () => ConfigOrigin | undefined;
  readonly part: ThreadPart;
}

export const serverControl = (parts: ServerControlParts): Control => {
  const { platform, observer, history, part, origin, readDocument = readPlainDocument } = parts;
  return localControl({
    platform,
    lifecycle: parts.lifecycle,
    journal: parts.journal,
    gateway: parts.gateway,
    // The main thread reads what all have counted.
    traffic: () => (part?.role === "serving" ? undefined : observer.currentTraffic),
    others: part?.role === "main" ? part.others : undefined,
    server: parts.view,
    configs: servedConfig({
      platform,
      history,
      server: part?.role === "main" ? part.server : parts.server,
      read: readDocument,
      origin,
    }),
  });
};
