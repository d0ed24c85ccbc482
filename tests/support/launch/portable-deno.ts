import { announce } from "./app-origin.ts";
import { portableApp } from "./portable-app.ts";
import { serveByDeno } from "./web-servers.ts";

const app = await portableApp();
announce(serveByDeno((request, env) => app.fetch(request, env)));
