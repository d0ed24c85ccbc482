/** A body of the proxy's own requests, read into memory. */
import type { Body, ByteSource } from "./body.ts";
import { ProxyError } from "./errors.ts";
import { joinBytes } from "./join-bytes.ts";

/** Rejects with `bad-upstream-response` where it is longer than `maxBytes`, and with why it broke off. */
export const readBody = (body: Body, maxBytes: number): Promise<Uint8Array> => {
  switch (body.kind) {
    case "none":
      return Promise.resolve(new Uint8Array(0));
    case "bytes":
      return body.bytes.byteLength > maxBytes
        ? Promise.reject(tooLong(maxBytes))
        : Promise.resolve(body.bytes);
    case "stream":
      return readSource(body.source, maxBytes);
    case "native":
      return readNative(body.stream, maxBytes);
  }
};

const tooLong = (maxBytes: number): ProxyError =>
  new ProxyError("bad-upstream-response", { detail: `content of more than ${maxBytes} bytes` });

const readSource = (source: ByteSource, maxBytes: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    source.start({
      write(bytes) {
        length += bytes.byteLength;
        if (length <= maxBytes) {
          pieces.push(bytes);
          return true;
        }
        const error = tooLong(maxBytes);
        source.cancel(error);
        reject(error);
        return false;
      },
      end: () => resolve(joinBytes(pieces, length)),
      fail: reject,
    });
  });

const readNative = async (stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> => {
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joinBytes(pieces, length);
    length += value.byteLength;
    if (length > maxBytes) {
      const error = tooLong(maxBytes);
      await reader.cancel(error);
      throw error;
    }
    pieces.push(value);
  }
};
