/** SIGHUP from the beginning of the command on: without a listener it would end the process. */
import type { Host } from "./host.ts";

/** Takes the listener once there is something to reload. A SIGHUP that came before counts then. */
export const hangUps = (host: Host): ((listener: () => void) => void) => {
  let isWaiting = false;
  let listener = (): void => {
    isWaiting = true;
  };
  host.onHangUp(() => listener());
  return (given) => {
    listener = given;
    if (isWaiting) given();
  };
};
