/** Sockets that systemd has opened for this process: sd_listen_fds(3). */
import { ServeError } from "../../serving.ts";
import type { InheritedSocket, Inheritance } from "../../inheritance.ts";
import { type OwnSocket, ownListeningSockets } from "./socket-table.ts";

/** Descriptors from here on are handed over. */
const FIRST_DESCRIPTOR = 3;
/** No unit has more. */
const MOST = 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Sockets that systemd has handed to the process `pid` with `env`; undefined where there are none.
 *
 * @throws ServeError where the variables make no sense, or what was handed over is no listening socket.
 */
export const systemdSockets = async (env: Environment, pid: number): Promise<Inheritance | undefined> => {
  const { LISTEN_PID: forPid, LISTEN_FDS: count, LISTEN_FDNAMES: nameList } = env;
  // Variables of a parent that did not take them out are for another process.
  if (count === undefined || Number(forPid) !== pid) return undefined;
  const sockets = Number(count);
  if (!/^\d+$/.test(count) || sockets > MOST) {
    throw new ServeError(`LISTEN_FDS is "${count}", which is no number of sockets`);
  }
  if (sockets === 0) return undefined;
  const names = nameList?.split(":") ?? [];
  const own = await ownListeningSockets().catch(() => undefined);
  return {
    by: "systemd",
    sockets: Array.from({ length: sockets }, (_, index) =>
      inherited(FIRST_DESCRIPTOR + index, names[index], own),
    ),
  };
};

const inherited = (
  descriptor: number,
  name: string | undefined,
  own: readonly OwnSocket[] | undefined,
): InheritedSocket => {
  const bound = own?.find((socket) => socket.descriptor === descriptor)?.bound;
  if (own !== undefined && bound === undefined) {
    const called = name === undefined ? "" : ` ("${name}")`;
    throw new ServeError(
      `descriptor ${descriptor}${called} from systemd is no listening stream socket; ListenStream= makes one, with Accept=no`,
    );
  }
  return { descriptor, name, hasChosenName: true, bound };
};
