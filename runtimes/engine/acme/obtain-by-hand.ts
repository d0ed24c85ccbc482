/** One certificate for a command: with a listener of its own that answers the authority, and is closed again. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type Server, createServer } from "node:net";
import { webRandom } from "../../fetch/random.ts";
import { errorCode } from "../../error-code.ts";
import { listenError } from "../../serving.ts";
import { issueCertificate, type PemPair } from "../../x509.ts";
import type { AcmeConfig } from "../../../src/config/types.ts";
import { engineClock } from "../clock.ts";
import { challengeFront } from "../server/challenge-front.ts";
import { directoryUrlOf } from "./acme-account.ts";
import { AcmeStorage } from "./acme-storage.ts";
import { ChallengeBoard } from "./challenge-board.ts";
import { obtain } from "./obtain.ts";
import { timeLimit } from "./time-limit.ts";

export interface ByHandRequest {
  readonly settings: AcmeConfig;
  /** Where the authority comes to. */
  readonly host: string;
  readonly port: number;
  /** Takes a sentence for operators. */
  readonly warn: (message: string) => void;
}

const LIMIT_MS = 300_000;
const PREFIX = "/.well-known/acme-challenge/";

/** One certificate for all domains of `settings`. Rejects with `AcmeError`, `ServeError` or a system error. */
export const obtainByHand = async ({ settings, host, port, warn }: ByHandRequest): Promise<PemPair> => {
  const clock = engineClock();
  const limit = timeLimit(new AbortController().signal, LIMIT_MS, clock);
  const storage = new AcmeStorage(settings.storage, directoryUrlOf(settings));
  await storage.prepare();
  const board = new ChallengeBoard({ storage, clock, signal: limit.signal, warn });
  const { challenge = "http-01", domains } = settings;
  const server = challenge === "http-01" ? httpAnswers(board) : await tlsAnswers(board);
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    throw errorCode(cause) === undefined ? cause : listenError(cause, { host, port });
  }
  try {
    const parts = {
      settings,
      storage,
      answers: board,
      clock,
      random: webRandom(),
      signal: limit.signal,
      warn,
    };
    const { stored } = await obtain({ domains, challenge, replaced: undefined }, parts);
    return { cert: stored.chain, key: stored.key };
  } finally {
    limit.end();
    server.close();
  }
};

const httpAnswers = (board: ChallengeBoard): Server =>
  createHttpServer((request, response) => {
    const { url = "" } = request;
    const token = url.startsWith(PREFIX) ? url.slice(PREFIX.length) : "";
    void board.keyAuthorization(token).then((found) => {
      response.writeHead(found === undefined ? 404 : 200, { connection: "close" }).end(found);
    });
  });

const tlsAnswers = async (board: ChallengeBoard): Promise<Server> => {
  const fallback = await issueCertificate(
    { name: "Fairlead", names: [], days: 1, isAuthority: false },
    Date.now(),
  );
  const front = challengeFront({
    challenges: board,
    others: (socket) => socket.destroy(),
    fallback,
    handshakeMs: LIMIT_MS,
  });
  return createServer({ allowHalfOpen: true }, front);
};
