/** One request over a socket of its own, to a host or a Unix socket. */
import { Buffer } from "node:buffer";
import { type IncomingMessage, type RequestOptions, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Answer, Host, Question } from "../cli/host.ts";
import { reasonFor } from "./reasons.ts";

const MOST_BYTES = 32 * 1024 * 1024;

export const ask: Host["ask"] = ({ url, socketPath, headers, content, timeoutMs }: Question) =>
  new Promise((resolve, reject) => {
    const options: RequestOptions = {
      ...(content === undefined
        ? { headers }
        : { method: "POST", headers: { ...headers, "content-type": "application/json" } }),
      agent: false,
      ...(socketPath !== undefined && { socketPath }),
    };
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, options, (response) => {
      read(response).then(settle, fail);
    });
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const fail = (error: Error): void => {
      clearTimeout(timer);
      request.destroy();
      reject(new Error(reasonFor(error), { cause: error }));
    };
    request.on("error", fail);
    request.end(content === undefined ? undefined : JSON.stringify(content));
  });

const read = async (response: IncomingMessage): Promise<Answer> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error("its answer is too large");
    pieces.push(piece);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString("utf8") };
};
