/** Answers of threads that may be busy or gone. */
import { clearTimeout, setTimeout } from "node:timers";

/** Undefined where `answer` fails or takes longer than `ms`. */
export const within = <Result>(answer: Promise<Result>, ms: number): Promise<Result | undefined> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, undefined);
    answer.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      () => {
        clearTimeout(timer);
        resolve(undefined);
      },
    );
  });
