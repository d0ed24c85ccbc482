/** undici's clients, as a proxy needs them. */
import { type Socket, isIP } from "node:net";
import { Client, buildConnector } from "undici";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ReadBuffer } from "./read-buffer.ts";

/** Bytes of a response's header section. Above what servers send, below what would hurt. */
const MAX_RESPONSE_HEAD_BYTES = 64 * 1024;
/** Kept below the peer's own idle limit, so that a request is not sent into a connection about to close. */
const KEEP_ALIVE_MARGIN_MS = 2_000;
/** Longest that a peer's `Keep-Alive: timeout` is believed. */
const MAX_KEEP_ALIVE_MS = 60_000;

/** Told of each new connection that is read into a buffer of its own; one with TLS is not. */
type OnConnect = (buffer: ReadBuffer) => void;

/** A client of one connection at a time, which connects when there is something to send. */
export const createClient = (endpoint: Endpoint, connectMs: number, onConnect: OnConnect): Client => {
  const { pool } = endpoint;
  const keepsAlive = pool.keepAliveMs > 0;
  return new Client(endpoint.origin, {
    allowH2: false,
    pipelining: keepsAlive ? Math.max(1, pool.pipelining) : 0,
    keepAliveTimeout: keepsAlive ? pool.keepAliveMs : 1,
    keepAliveMaxTimeout: Math.max(pool.keepAliveMs, MAX_KEEP_ALIVE_MS),
    keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
    // Idle time of bodies is watched by each exchange itself: only it knows the content type and who stalls.
    bodyTimeout: 0,
    connect: connectorFor(endpoint, connectMs, onConnect),
  });
};

/** Left to itself undici would ask for, and verify, the name in the Host field, which clients may choose. */
const connectorFor = (
  endpoint: Endpoint,
  timeout: number,
  onConnect: OnConnect,
): buildConnector.connector => {
  const { tls, socketPath } = endpoint;
  const common = { allowH2: false, timeout, ...(socketPath === undefined ? {} : { socketPath }) };
  if (tls !== undefined) {
    const connect = buildConnector({
      ...common,
      rejectUnauthorized: tls.verify,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    });
    const servername = serverNameOf(endpoint);
    return (options, callback) => connect({ ...options, servername }, callback);
  }
  return ({ servername: _ofHost, ...options }, callback) => {
    const buffer = new ReadBuffer();
    const plain = { ...common, onread: buffer } as buildConnector.BuildOptions;
    const connect = buildConnector(plain) as (...args: unknown[]) => Socket;
    buffer.attach(connect(options, callback));
    onConnect(buffer);
  };
};

/** Name to ask for and to verify; an address is verified as one and asked for by no name. */
export const serverNameOf = ({ origin, tls }: Endpoint): string => {
  if (tls?.serverName !== undefined) return tls.serverName;
  const { hostname } = new URL(origin);
  return hostname.startsWith("[") || isIP(hostname) !== 0 ? "" : hostname;
};
