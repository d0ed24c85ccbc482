/**
 * Deno's `spawn` makes descriptors that it passes on blocking, and with them the sockets that this process goes on to accept from: the
 * next `accept` would stop everything until a client comes. No API of Deno undoes that; the C library does.
 */

interface Library {
  readonly symbols: { readonly fcntl: (descriptor: number, command: number, flags: number) => number };
}

interface DenoGlobal {
  dlopen(path: string, symbols: object): Library;
}

/** Of Linux, on all architectures that Deno runs on. */
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/** glibc and musl. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

const openLibrary = (): Library => {
  const { Deno } = globalThis as unknown as { readonly Deno: DenoGlobal };
  const fcntl = { parameters: ["i32", "i32", "i32"], result: "i32" };
  for (const path of LIBRARIES) {
    try {
      return Deno.dlopen(path, { fcntl });
    } catch {
      // Another one may be there.
    }
  }
  throw new Error("the C library can't be called, which takes --allow-ffi (or --allow-all)");
};

/**
 * A function that makes descriptors non-blocking.
 *
 * @throws where the C library can't be called
 */
export const nonBlocking = (): ((descriptors: readonly number[]) => void) => {
  const { fcntl } = openLibrary().symbols;
  return (descriptors) => {
    for (const each of descriptors) fcntl(each, F_SETFL, fcntl(each, F_GETFL, 0) | O_NONBLOCK);
  };
};
