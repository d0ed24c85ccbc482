/** Requests to a collector by `fetch`. */
import { joinBytes } from "../core/join-bytes.ts";
import type { SendPost } from "../core/post.ts";

/** A longer answer is not read: what collectors say of an accepted request is short. */
const MOST_ANSWER_BYTES = 64 * 1024;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Redirects are not followed: what is sent may carry a key. */
export const fetchPost =
  (request: Fetch): SendPost =>
  async ({ url, headers, body, timeoutMs }) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await request(url, { method: "POST", headers, body, redirect: "manual", signal });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after") ?? undefined,
      body: await firstBytes(response),
    };
  };

const firstBytes = async ({ body }: Response): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  if (body === null) return new Uint8Array();
  for await (const piece of body) {
    length += piece.byteLength;
    if (length > MOST_ANSWER_BYTES) return new Uint8Array();
    pieces.push(piece);
  }
  return joinBytes(pieces, length);
};
