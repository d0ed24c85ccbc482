/**
 * Deno's `spawn` makes descriptors that it passes on blocking, and with them the sockets that this process goes on to accept from: the
 * next `accept` would stop everything until a client comes. So they are left open for the new process under their own numbers
 * instead, which takes the C library.
 */

interface Library {
  readonly symbols: { readonly fcntl: (descriptor: number, command: number, flags: number) => number };
}

interface DenoGlobal {
  dlopen(path: string, symbols: object): Library;
}

/** Of Linux, on all architectures that Deno runs on. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;

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
 * A function that says whether processes that are started from then on get descriptors too, under the same numbers.
 *
 * @throws where the C library can't be called
 */
export const inheritable = (): ((descriptors: readonly number[], isInheritable: boolean) => void) => {
  const { fcntl } = openLibrary().symbols;
  return (descriptors, isInheritable) => {
    for (const each of descriptors) fcntl(each, F_SETFD, isInheritable ? 0 : FD_CLOEXEC);
  };
};
