import { announce } from "./app-origin.ts";
import { portableApp } from "./portable-app.ts";
import { serveByBun } from "./web-servers.ts";

const app = await portableApp();
announce(serveByBun((request, env) => app.fetch(request, env)));
