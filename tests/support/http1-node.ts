/** The same bytes read by Node's own HTTP (llhttp) and by `src/http1`, told in the same words. */
import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";
import { type AddressInfo, type Server, connect, createServer as createNetServer } from "node:net";
import { HOP_BY_HOP, nominatedBy } from "../../src/http/headers.ts";
import { type BodyDecoder, bodyDecoder } from "../../src/http1/body-decoder.ts";
import { requestBodyLength, responseBodyLength } from "../../src/http1/body-length.ts";
import { type HeadFormat, HeadReader } from "../../src/http1/head-reader.ts";
import { persists } from "../../src/http1/persistence.ts";
import { isRefusal, refuse, refuseResponse } from "../../src/http1/refusal.ts";
import { requestHeads } from "../../src/http1/request-head.ts";
import { responseHeads } from "../../src/http1/response-head.ts";
import { bytesOf, latin1 } from "./http1-wire.ts";

/** Each message that was read whole, and at the end `refused` if the rest was not. */
export type Reading = readonly string[];

const LIMITS = { headerBytes: 16_384, headers: 100, targetBytes: 8192 };
const REQUESTS = requestHeads(latin1, LIMITS);
const RESPONSES = responseHeads(latin1, LIMITS);

const told = (start: string, fields: readonly string[], body: string, trailers: readonly string[]): string =>
  JSON.stringify([start, fields, body, ...(trailers.length > 0 ? [trailers] : [])]);

const decodeAll = (decoder: BodyDecoder, bytes: Uint8Array, from: number): { body: string; end: number } => {
  if (decoder.done) return { body: "", end: from };
  const end = decoder.push(bytes, from);
  const body = latin1(decoder.data, 0, decoder.data.length);
  if (!decoder.done) decoder.end();
  return { body, end };
};

/** A message of which the head has been read. */
interface Opened {
  readonly decoder: BodyDecoder;
  readonly start: string;
  readonly fields: readonly string[];
  /** Whether another message may follow on the connection. */
  readonly persists: boolean;
}

/** Reads one message after the other; `open` says how each goes on behind its head. */
const readAll = <Head extends object>(
  format: HeadFormat<Head>,
  text: string,
  open: (head: Head) => Opened,
): Reading => {
  const readings: string[] = [];
  const reader = new HeadReader(format);
  const bytes = bytesOf(text);
  let at = 0;
  while (at < bytes.length) {
    const head = reader.push(bytes, at);
    if (head === undefined || isRefusal(head)) return [...readings, "refused"];
    const { decoder, start, fields, persists: goesOn } = open(head);
    const { body, end } = decodeAll(decoder, bytes, reader.end);
    if (!decoder.done) return [...readings, "refused"];
    readings.push(told(start, fields, body, decoder.trailers));
    at = end;
    if (!goesOn && at < bytes.length) return [...readings, "refused"];
  }
  return readings;
};

export const readRequestsHere = (text: string): Reading =>
  readAll(REQUESTS, text, ({ method, target, version, fields, notes }) => {
    const length = requestBodyLength(notes);
    return {
      decoder: bodyDecoder(length, refuse, LIMITS),
      start: `${method} ${target} ${version}`,
      fields,
      persists: persists(version, notes, length),
    };
  });

export const readResponsesHere = (text: string, method: string): Reading =>
  readAll(RESPONSES, text, ({ status, reason, version, fields, notes }) => {
    const length = responseBodyLength(method, status, notes);
    return {
      decoder: bodyDecoder(length, refuseResponse, LIMITS),
      start: `${status} ${reason} ${version}`,
      fields,
      persists: persists(version, notes, length),
    };
  });

const bodyOf = async (message: IncomingMessage): Promise<string> => {
  let body = "";
  message.setEncoding("latin1");
  for await (const piece of message) body += piece as string;
  if (!message.complete) throw new Error("incomplete");
  return body;
};

const listening = async (server: Server): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** What Node's server made of a connection: each message that it began, undefined where it did not end. */
class Connection {
  readonly #messages: (string | undefined)[] = [];
  isRefused = false;

  async take(message: IncomingMessage): Promise<void> {
    const index = this.#messages.push(undefined) - 1;
    const body = await bodyOf(message);
    const { method = "", url = "", httpVersion, rawHeaders, rawTrailers } = message;
    this.#messages[index] = told(`${method} ${url} ${httpVersion}`, rawHeaders, body, rawTrailers);
  }

  get reading(): Reading {
    const whole = this.#messages.filter((message) => message !== undefined);
    return this.isRefused || whole.length < this.#messages.length ? [...whole, "refused"] : whole;
  }
}

/** Reads requests as Node's server does, each text on a connection of its own that ends behind it. */
export const readRequestsInNode = async (texts: readonly string[]): Promise<Reading[]> => {
  let connection = new Connection();
  const server = createServer({ requireHostHeader: false }, (message, response) => {
    connection.take(message).then(
      () => response.end(),
      () => response.destroy(),
    );
  });
  server.on("clientError", (_, socket) => {
    connection.isRefused = true;
    socket.destroy();
  });
  const port = await listening(server);
  const all: Reading[] = [];
  for (const text of texts) {
    connection = new Connection();
    const closed = once(server, "connection").then(([socket]) => once(socket as Server, "close"));
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    socket.resume();
    socket.end(Buffer.from(text, "latin1"));
    await closed;
    socket.destroy();
    all.push(connection.reading);
  }
  server.close();
  await once(server, "close");
  return all;
};

/** End-to-end fields less `Content-Length`, which is what `src/http1` hands out. */
const endToEnd = (rawHeaders: readonly string[]): string[] => {
  const gone = new Set([...HOP_BY_HOP, "content-length"]);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "connection") continue;
    for (const name of nominatedBy(rawHeaders[i + 1] ?? "")) gone.add(name);
  }
  return rawHeaders.filter((_, i) => !gone.has((rawHeaders[i - (i % 2)] ?? "").toLowerCase()));
};

/** Reads the answers to one request as Node's client does. */
const readOneInNode = (port: number, method: string): Promise<Reading> =>
  new Promise((resolve) => {
    const readings: string[] = [];
    const refused = (): void => resolve([...readings, "refused"]);
    const asked = request({ port, host: "127.0.0.1", method, agent: false });
    asked.on("information", ({ statusCode, statusMessage, httpVersion, rawHeaders }) =>
      readings.push(told(`${statusCode} ${statusMessage} ${httpVersion}`, endToEnd(rawHeaders), "", [])),
    );
    asked.on("response", (message) => {
      const { statusCode = 0, statusMessage = "", httpVersion, rawHeaders } = message;
      bodyOf(message).then((body) => {
        const start = `${statusCode} ${statusMessage} ${httpVersion}`;
        resolve([...readings, told(start, endToEnd(rawHeaders), body, message.rawTrailers)]);
      }, refused);
    });
    asked.on("error", refused);
    asked.end();
  });

/** Reads answers as Node's client does, each text on a connection of its own that ends behind it. */
export const readResponsesInNode = async (
  cases: readonly { readonly text: string; readonly method: string }[],
): Promise<Reading[]> => {
  let answer = "";
  const server = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.from(answer, "latin1")));
  });
  const port = await listening(server);
  const all: Reading[] = [];
  for (const { text, method } of cases) {
    answer = text;
    all.push(await readOneInNode(port, method));
  }
  server.close();
  await once(server, "close");
  return all;
};
