/** Calls about the config. */
import type { ConfigVerdict } from "../control.ts";
import { schemaRef } from "./answer-schemas.ts";
import { type Call, type Operation, get, post, put } from "./operation.ts";
import { anything } from "./plain-schemas.ts";
import { refusal } from "./refusal.ts";

const document = anything("a whole config, as fairlead.json would hold it");

const answer = ({ c }: Pick<Call, "c">, verdict: ConfigVerdict, refused: string): Response => {
  if (!verdict.ok) return refusal(c, 422, refused, { problems: verdict.problems });
  return c.json({ generation: verdict.generation });
};

const ANSWERS = {
  200: schemaRef("ConfigAccepted"),
  400: schemaRef("Problem"),
  413: schemaRef("Problem"),
  422: schemaRef("Problem"),
};

const parts = {
  about:
    "Puts a config into effect, until the next reload or restart. It is checked as a whole first; a bad one changes nothing.",
  body: document,
  answers: ANSWERS,
  run: async (call: Call) =>
    answer(
      call,
      await call.control.putConfig(call.body, call.actor),
      "the config was not put into effect; nothing has changed",
    ),
};

export const CONFIG_OPERATIONS: readonly Operation[] = [
  get({
    path: "/config",
    id: "getConfig",
    about: "The config in effect, with every default, and without secrets.",
    answers: { 200: schemaRef("ConfigView") },
    run: async ({ c, control }) => c.json(await control.config()),
  }),
  put({ path: "/config", id: "putConfig", ...parts }),
  post({ path: "/config", id: "postConfig", ...parts }),
  post({
    path: "/config/check",
    id: "checkConfig",
    about: "Says what is wrong with a config, and changes nothing.",
    body: document,
    answers: ANSWERS,
    run: async (call) =>
      answer(call, await call.control.checkConfig(call.body), "the config can't be put into effect"),
  }),
];
