/** The servers behind the demo: small ones, each on a free port of the loopback interface. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Host } from "../cli/host.ts";

export const serveDemo: Host["serveDemo"] = (answer) =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      void answerWith(answer, request, response);
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        close: async () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });

const answerWith = async (
  answer: Parameters<Host["serveDemo"]>[0],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  request.resume();
  const { status, fields, body } = await answer({
    method: request.method ?? "GET",
    target: request.url ?? "/",
    fields: request.headers,
  });
  response.writeHead(status, fields);
  response.end(body);
};
