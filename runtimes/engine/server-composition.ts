/** What a running server is made of, over all its configs. */
import type { ConfigOrigin } from "../../handlers/config-document.ts";
import type { Control } from "../../handlers/control.ts";
import type { ServerView } from "../../handlers/server-view.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { LogEvent } from "../../src/observe/event-log.ts";
import { Journal } from "../../src/observe/journal.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { AcmeOnDemand } from "./acme-on-demand.ts";
import { AdminListener } from "./admin-listener.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { ConfigHistory } from "./config-history.ts";
import { Deadlines } from "./deadlines.ts";
import { engineView } from "./engine-view.ts";
import type { Generation, LastingParts } from "./generation.ts";
import type { InheritedSockets } from "./inheritance/inherited-sockets.ts";
import { notices } from "./notices.ts";
import { ServerObserver } from "./observation.ts";
import { clientRoom } from "./open-files.ts";
import { RetiredEndpoints } from "./retired-endpoints.ts";
import { type ServerSockets, serverSockets } from "./server/listen.ts";
import { serverControl } from "./server-control.ts";
import type { ThreadPart } from "./thread-part.ts";

export interface ServerComposition {
  /** What each config is built with. */
  readonly lasting: LastingParts & { readonly lifecycle: { draining: boolean } };
  readonly history: ConfigHistory;
  readonly sockets: ServerSockets;
  readonly admin: AdminListener;
  /** Control over this thread, or over all where it is the main one. */
  readonly control: Control;
  readonly view: ServerView;
  readonly retired: RetiredEndpoints;
  readonly certificates: CertificateWatch;
}

/** What a server is in its process. */
export interface ServerRole {
  readonly part: ThreadPart;
  readonly inherited: InheritedSockets | undefined;
}

/** What its parts need of the server that they belong to, once it listens. */
export interface ServerHost {
  readonly server: Pick<Serving, "prepare" | "noteRefusal">;
  /** In effect. */
  readonly generation: () => Generation;
  /** Of the config in effect. */
  readonly origin: () => ConfigOrigin | undefined;
  /** Writes an event into the log of the config in effect. */
  readonly emit: (event: LogEvent) => void;
  /** A listener is to serve another certificate. */
  readonly certificatesChanged: () => void;
  /** Files that this process may have open. */
  readonly openFiles: number;
  /** Called once when the sockets for clients have ended. */
  readonly closed: () => Promise<void>;
}

export const composeServer = (
  platform: Platform,
  options: ServeOptions,
  { part, inherited }: ServerRole,
  host: ServerHost,
): ServerComposition => {
  const { clock } = platform;
  const { emit } = host;
  const gateway = (): Generation["gateway"] => host.generation().gateway;
  const lifecycle = part?.role === "main" ? part.lifecycle : { draining: false };
  const history = new ConfigHistory(() => clock.epoch());
  const certificates = new CertificateWatch({ clock, emit });
  const observer = new ServerObserver(platform, history, {
    certificates: () => certificates.certificates,
    emit,
    part,
  });
  const journal = new Journal();
  const sockets = serverSockets({
    counts: observer.counts,
    lifecycle,
    share: platform.share,
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    notice: notices(
      (message) => emit({ category: "client", level: "warning", message }),
      () => clock.now(),
    ),
    closed: host.closed,
    room: clientRoom(host.openFiles),
    pacesTls: !platform.capabilities.has("tls-pause"),
    inherited,
  });
  const view = engineView({
    sockets: () => sockets,
    admin: () => admin.address,
    counts: observer.counts,
    clock,
    upgrade: options.upgrade,
  });
  const ownControl = serverControl({
    platform,
    lifecycle,
    journal,
    observer,
    part,
    view,
    history,
    gateway,
    server: host.server,
    readDocument: options.readDocument,
    origin: host.origin,
  });
  const control = part?.role === "serving" ? part.control : ownControl;
  const admin = new AdminListener({
    platform,
    // Until the threads answer requests.
    isHeld: part?.role === "main",
    lifecycle,
    inherited,
    control,
    gateway,
    metrics: () => observer.currentMetrics,
  });
  const registry = createEndpointRegistry();
  return {
    lasting: {
      platform,
      lifecycle,
      observer,
      journal,
      control,
      options,
      part,
      registry,
      redirectRegistry: createEndpointRegistry(),
      acme: new AcmeOnDemand({
        platform,
        emit,
        changed: host.certificatesChanged,
        // The main thread listens on nothing that an authority could come to.
        isOrdering: part?.role !== "main",
      }),
    },
    history,
    sockets,
    admin,
    control: ownControl,
    view,
    retired: new RetiredEndpoints(platform, registry),
    certificates,
  };
};
