/** `listen`: where and how clients connect. */
import * as v from "valibot";
import type { ConfigInput, ListenConfig } from "../types.ts";
import { addressRange, bindAddress, path } from "./addresses.ts";
import { oneOrMany } from "./collections.ts";
import { oneOf } from "./leaf.ts";
import { defaulted, object, optional } from "./object.ts";
import type { Schema } from "./run.ts";
import { bodySize, duration, listenPort, size, whole } from "./values.ts";

type ListenInput = NonNullable<ConfigInput["listen"]>;

const limits = object<NonNullable<ListenInput["limits"]>>("an object of limits")({
  headerBytes: defaulted(size(256), "32KiB", "Size of a request's header section, names and values."),
  headers: defaulted(whole("a whole number", 1, 100_000), 100, "Number of header fields of a request."),
  targetBytes: defaulted(size(1), "8KiB", "Size of the request target (path and query)."),
  bodyBytes: defaulted(bodySize, "100MiB", 'Size of a request\'s body, or "unlimited".'),
  connections: defaulted(
    whole("a whole number", 1, 1_000_000),
    10_000,
    "Client connections open at the same time.",
  ),
  requestsPerConnection: defaulted(
    whole("a whole number", 1, 1_000_000_000),
    10_000,
    "Requests answered on one client connection before it is closed.",
  ),
});

const timeouts = object<NonNullable<ListenInput["timeouts"]>>("an object of durations")({
  header: defaulted(duration, "10s", "Time a client may take to send its header section."),
  keepAlive: defaulted(duration, "75s", "Time that an idle client connection stays open."),
});

const drain = object<NonNullable<ListenInput["drain"]>>("an object of durations")({
  delay: defaulted(duration, "5s", "Time between turning not-ready and refusing new connections."),
  timeout: defaulted(duration, "30s", "Time that requests in flight get after that."),
});

const input = object<ListenInput>("an object")({
  port: defaulted(listenPort, 8080, "Port to listen on; 0 is any free one."),
  host: defaulted(bindAddress, "0.0.0.0", "Address to bind."),
  trustedProxies: defaulted(
    oneOrMany("an IP address or CIDR range, or a list of them", addressRange, 0),
    [],
    "Addresses or CIDR ranges of proxies whose forwarding headers are believed.",
  ),
  readyPath: optional(path, "Path that answers 200 while serving and 503 while draining. None unless set."),
  halfClose: defaulted(
    oneOf("close", "answer"),
    "close",
    'What a client means that ends its side of the connection behind a complete request: it has left ("close"), or it still reads ("answer").',
  ),
  limits: defaulted(limits, {}, "What a client may ask for at most."),
  timeouts: defaulted(timeouts, {}, "How long clients may take."),
  drain: defaulted(drain, {}, "How a stop proceeds."),
});

export const listen: Schema<ListenInput, ListenConfig> = v.pipe(
  input,
  v.transform(({ timeouts: times, drain: stop, ...rest }) => ({
    ...rest,
    readyPath: rest.readyPath,
    timeouts: { headerMs: times.header, keepAliveMs: times.keepAlive },
    drain: { delayMs: stop.delay, timeoutMs: stop.timeout },
  })),
);
