/** Several parts of a change of config as one. */
import type { PreparedConfig } from "../serving.ts";

/** Prepares one after the other. Where one fails, those before it are given up. */
export const preparedTogether = async (
  parts: readonly (() => Promise<PreparedConfig>)[],
): Promise<PreparedConfig> => {
  const prepared: PreparedConfig[] = [];
  const discard = async (): Promise<void> => {
    await Promise.all(prepared.map((each) => each.discard()));
  };
  try {
    for (const prepare of parts) prepared.push(await prepare());
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    commit() {
      for (const each of prepared.toReversed()) each.commit();
    },
    discard,
  };
};
