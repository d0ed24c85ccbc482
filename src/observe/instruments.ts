/** Every instrument of the proxy. docs/observability.md lists them from here. */
import { ACME_INSTRUMENTS } from "./acme-instruments.ts";
import { type HttpInstruments, REQUEST_INSTRUMENTS, httpInstruments } from "./http-instruments.ts";
import type { Instrument } from "./instrument.ts";
import { EXPORT_INSTRUMENTS, PROCESS_INSTRUMENTS } from "./process-instruments.ts";
import { STATE_INSTRUMENTS } from "./state-instruments.ts";
import { UPSTREAM_INSTRUMENTS } from "./upstream-instruments.ts";

export const allInstruments = (http: HttpInstruments = httpInstruments()): readonly Instrument[] =>
  [
    http,
    REQUEST_INSTRUMENTS,
    UPSTREAM_INSTRUMENTS,
    STATE_INSTRUMENTS,
    ACME_INSTRUMENTS,
    PROCESS_INSTRUMENTS,
    EXPORT_INSTRUMENTS,
  ].flatMap((group) => Object.values<Instrument>(group));
