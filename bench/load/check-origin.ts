/** The origin of the correctness checks: answers with what it received, and with fields that must not travel. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { FILE_SIZES, patternBytes } from "./origin.ts";

/** Response field that holds the request as it arrived: JSON of `{ target, pairs }` in base64url. */
export const RECEIVED = "x-received";

const received = (request: IncomingMessage): string =>
  Buffer.from(JSON.stringify({ target: request.url, pairs: request.rawHeaders })).toString("base64url");

const fields = (request: IncomingMessage): [string, string][] => [
  ["Content-Type", "text/plain"],
  ["Server", "check-origin"],
  ["X-Powered-By", "check-origin"],
  ["X-Custom", "from-origin"],
  ["Set-Cookie", "a=1; Path=/"],
  ["Set-Cookie", "b=2; Path=/, really"],
  [
    "Connection",
    `${/\bclose\b/i.test(request.headers.connection ?? "") ? "close" : "keep-alive"}, x-hop-response`,
  ],
  ["X-Hop-Response", "1"],
  [RECEIVED, received(request)],
];

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (path === "/echo") {
    response.writeHead(200, fields(request).flat());
    request.pipe(response);
    return;
  }
  if (path === "/upload") {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => response.end(String(bytes)));
    return;
  }
  const size = FILE_SIZES[path.slice(1)];
  const status = size !== undefined ? 200 : path === "/bad-gateway" ? 502 : 404;
  const body = size === undefined ? Buffer.from(`status ${status}`) : patternBytes(size);
  response.writeHead(status, [...fields(request), ["Content-Length", String(body.length)]].flat());
  response.end(body);
};

/** Listens on a free loopback port. */
export const startCheckOrigin = (): Promise<{ port: number; server: Server }> =>
  new Promise((resolve, reject) => {
    const server = createServer({ requestTimeout: 0 }, answer);
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve({ port: address.port, server });
    });
  });
