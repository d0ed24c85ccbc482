/** Listening sockets that another process has opened, on their way to the listeners of this one. */
import { once } from "node:events";
import { createServer, isIP } from "node:net";
import { type BoundAddress, type Inheritance, type InheritedSocket, boundText } from "../../inheritance.ts";
import { ServeError } from "../../serving.ts";

/** A listener as the config has it. */
export interface WantedListener {
  /** Its place in the config: `listen`, `listen.also.0`, `admin`. */
  readonly name: string;
  readonly address: BoundAddress;
  /** Host to bind instead where there is no such address. */
  readonly fallbackHost?: string | undefined;
}

/** Places of listeners in a config. Whoever gives a socket such a name means that one. */
const PLACE = /^(?:listen(?:\.also\.\d+)?|admin)$/;

/** Each socket is taken once. */
export class InheritedSockets {
  readonly #by: Inheritance["by"];
  readonly #replaces: readonly string[];
  #left: readonly InheritedSocket[];

  constructor({ by, sockets, replaces = [] }: Inheritance) {
    this.#by = by;
    this.#replaces = replaces;
    this.#left = sockets;
  }

  /** Those for `listener`; none where it has to be opened. */
  take(listener: WantedListener): readonly InheritedSocket[] {
    const taken = this.#left.filter((socket) => isFor(socket, listener));
    this.#left = this.#left.filter((socket) => !taken.includes(socket));
    return taken;
  }

  /** Those that are not taken yet. */
  get left(): Inheritance {
    return { by: this.#by, sockets: this.#left, replaces: this.#replaces };
  }

  /** Whether the process before listens on a Unix socket that this one replaces. */
  replaces(path: string): boolean {
    return this.#replaces.includes(path);
  }

  /**
   * Once all listeners have taken theirs: closes what is left of a process with another config.
   *
   * @throws ServeError where systemd has opened a socket that no listener has.
   */
  async settle(): Promise<void> {
    const left = this.#left;
    this.#left = [];
    const [first] = left;
    if (first !== undefined && this.#by === "systemd") throw new ServeError(unwanted(first));
    await Promise.all(left.map(({ descriptor }) => closeDescriptor(descriptor)));
  }
}

const isFor = ({ name = "", hasChosenName, bound }: InheritedSocket, listener: WantedListener): boolean => {
  if (hasChosenName && PLACE.test(name)) return name === listener.name;
  if (!hasChosenName && isAnyPort(listener)) return name === listener.name;
  return bound !== undefined && isBound(bound, listener);
};

const isAnyPort = ({ address }: WantedListener): boolean => "port" in address && address.port === 0;

const isBound = (bound: BoundAddress, { address, fallbackHost }: WantedListener): boolean => {
  if ("path" in address) return "path" in bound && bound.path === address.path;
  if ("path" in bound || bound.port !== address.port) return false;
  // A host name stands for addresses that are not known here.
  return bound.host === address.host || bound.host === fallbackHost || isIP(address.host) === 0;
};

const unwanted = ({ descriptor, name, bound }: InheritedSocket): string => {
  const what = bound === undefined ? `descriptor ${descriptor}` : `the socket ${boundText(bound)}`;
  return `no listener of the config has ${what}${name === undefined ? "" : ` ("${name}")`} from systemd; give one its address, or the socket the listener's name (FileDescriptorName=listen)`;
};

/** By way of a server: a runtime may hold copies of a descriptor that only its server closes. */
const closeDescriptor = async (descriptor: number): Promise<void> => {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ fd: descriptor });
    await once(server, "listening");
  } catch {
    // Nobody can use it then.
  }
  server.close(() => {});
};
