import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import type { Dashboard } from "../src/index.ts";
import { nodeHandler } from "../src/node.ts";

export interface Mounted {
  /** Without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

type Mount = (handle: Dashboard) => Promise<Mounted>;

/** Where each of them mounts it. */
export const BASE = "/admin/anytopic";

/** As the documentation says, one for each framework. Each also has an address of its own, `/own`. */
export const MOUNTS: Readonly<Record<string, Mount>> = {
  "node:http": async (handle) => {
    const bridge = nodeHandler(handle);
    return await served((request, response) => {
      if (request.url?.startsWith(BASE) === true) bridge(request, response);
      else response.end("own");
    });
  },

  "Express 5": async (handle) => {
    const app = express();
    app.use(BASE, nodeHandler(handle));
    app.get("/own", (_request, response) => void response.send("own"));
    return await served(app);
  },

  "Express 5, behind express.json()": async (handle) => {
    const app = express();
    app.use(express.json({ limit: "2mb" }));
    app.use(BASE, nodeHandler(handle));
    app.get("/own", (_request, response) => void response.send("own"));
    return await served(app);
  },

  "Fastify 5": async (handle) => {
    const app = fastify();
    const bridge = nodeHandler(handle);
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
      scope.all(`${BASE}*`, (request, reply) => {
        reply.hijack();
        bridge(request.raw, reply.raw);
      });
    });
    app.get("/own", async () => "own");
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    return {
      origin,
      async close() {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },

  Hono: async (handle) => {
    const app = new Hono();
    app.all(`${BASE}/*`, async (context) => await handle(context.req.raw));
    app.get("/own", (context) => context.text("own"));
    return await served(nodeHandler((request) => app.fetch(request)));
  },

  // Next calls what `app/admin/anytopic/[[...path]]/route.ts` exports, by the method, with a second argument.
  "Next's route handlers": async (handle) => {
    type RouteHandler = (request: Request, context: { readonly params: Promise<object> }) => Promise<Response>;
    const { GET, POST }: Readonly<Record<"GET" | "POST", RouteHandler>> = { GET: handle, POST: handle };
    return await served(
      nodeHandler(async (request) => {
        if (!new URL(request.url).pathname.startsWith(BASE)) return new Response("own");
        const route = request.method === "POST" ? POST : GET;
        return await route(request, { params: Promise.resolve({}) });
      }),
    );
  },
};

async function served(listener: RequestListener): Promise<Mounted> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
