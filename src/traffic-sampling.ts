/** Notes counts of requests from time to time, so that what happened lately can be told whenever somebody asks. */
import type { Cancel, Clock } from "./core/platform.ts";
import { SAMPLE_MS, type TrafficMeter } from "./observe/traffic.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** A task of a gateway's upkeep. Where timers end with their request it does nothing: there each reading is a sample. */
export const trafficSampling = (meter: TrafficMeter, clock: Clock): UpkeepTask => {
  let cancel: Cancel | undefined;
  const tick = (): void => {
    meter.sample(clock.now());
    cancel = clock.after(SAMPLE_MS, tick);
  };
  return {
    start() {
      cancel?.();
      tick();
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
};
