















































































import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "@anytopic/core";
import { startServer } from "./server.ts";
import { startWorker } from "./worker.ts";

// Two connections, as in two processes.
const [forServer, forWorker] = [await connect(), await connect()];
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
const probes = await startWorker(forWorker, welcome, 0);
const server = startServer(forServer, 0);
await once(server, "listening");

const { port } = server.address() as AddressInfo;
const response = await fetch(`http://localhost:${port}/`, { method: "POST", body: '{"email":"ada@example.com"}' });
console.log(response.status);
console.log("welcome,", await welcomed);

server.close();
await forServer.close();
await forWorker.close(); // ends when its handler has ended
probes.close();
