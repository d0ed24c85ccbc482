/** The page: a stream of messages, and parts that show what the store knows. */
import { createActions } from "./actions.js";
import { createActivity } from "./activity.js";
import { createCauses } from "./causes.js";
import { createCharts, onWindowChange, shownSeconds } from "./charts.js";
import { createConfig } from "./config.js";
import { createConnection } from "./connection.js";
import { byId } from "./dom.js";
import { createEndpoints } from "./endpoints.js";
import { createFailures } from "./failures.js";
import { createFigures } from "./figures.js";
import { createRoutes } from "./routes.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { setUpTheme } from "./theme.js";
import { askForToken } from "./token.js";
import { createUpstreams } from "./upstreams.js";

const store = new Store();
const connection = createConnection();
const charts = createCharts();
const causes = createCauses();
const act = createActions(store);
const endpoints = createEndpoints((action) => void act(action));
const parts = [
  connection,
  createFigures(),
  charts,
  createRoutes(),
  createUpstreams(endpoints.show),
  endpoints,
  createFailures(),
  createActivity(),
  createConfig(),
];

const show = () => {
  for (const part of parts) part.update(store);
  causes.update(store, shownSeconds());
};

const stream = new Stream({
  full: (message) => {
    store.full(message);
    show();
  },
  tick: (message) => {
    store.tick(message);
    show();
  },
  state: (state) => {
    connection.show(state, store);
    if (state.kind === "unauthorized") askForToken(() => stream.start());
  },
});

const pause = byId("pause");
let isPaused = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Resume" : "Pause";
  if (isPaused) stream.pause();
  else stream.start();
});

/** A tab that nobody sees costs the proxy nothing. */
document.addEventListener("visibilitychange", () => {
  if (isPaused) return;
  if (document.hidden) stream.pause();
  else stream.start();
});

onWindowChange(show);
setUpTheme(charts.redraw);
stream.start();
