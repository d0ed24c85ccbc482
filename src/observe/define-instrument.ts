/** How the lists of instruments are written. */
import type { Instrument } from "./instrument.ts";

export const METHOD = "http.request.method";
export const STATUS = "http.response.status_code";
export const ERROR = "error.type";
export const SCHEME = "url.scheme";
export const VERSION = "network.protocol.version";
/** The path of a route, which may have several. */
export const ROUTE_PATH = "http.route";
/** Its name. */
export const ROUTE = "fairlead.route";
export const UPSTREAM = "fairlead.upstream";
/** An upstream and where one of its endpoints is. */
export const ENDPOINT: readonly [string, string, string] = [UPSTREAM, "server.address", "server.port"];

/** Instruments by what code calls them. */
export type Group<Names extends string> = Readonly<Record<Names, Instrument>>;

type Define = (name: string, unit: string, attributes: readonly string[], about: string) => Instrument;

const define =
  (kind: Instrument["kind"], bounds?: readonly number[]): Define =>
  (name, unit, attributes, about) => ({ name, unit, about, kind, attributes, bounds });

export const counter: Define = define("counter");
export const state: Define = define("up-down-counter");
export const gauge: Define = define("gauge");
/** Of threads: what they have together. */
export const summedGauge: Define = (...of) => ({ ...gauge(...of), ofThreads: "sum" });
export const histogram = (bounds: readonly number[]): Define => define("histogram", bounds);
