























































import { connect, shutdownOnSignal } from "@anytopic/core";
import { startServer } from "./server.ts";
import { type SendEmail, startWorker } from "./worker.ts";

declare const sendEmail: SendEmail; // yours

const isServer = process.argv[2] === "server";
const pubsub = await connect(); // ANYTOPIC_URL, or anytopic.config.json
const server = isServer ? startServer(pubsub, 8080) : await startWorker(pubsub, sendEmail, 8081);
const closeServer = () => new Promise<void>((resolve) => server.close(() => resolve()));

shutdownOnSignal(
  pubsub,
  // The requests of a server publish: it ends first. A worker keeps its probes to the end.
  isServer ? { readinessDelayMs: 5000, onClosing: closeServer } : { timeoutMs: 60_000, onClosed: closeServer },
);
