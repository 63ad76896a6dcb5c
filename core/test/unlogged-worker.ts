/** A program without a logger, whose workers cannot receive and whose connection is lost, again and again. */
import { connect, defineSubscription, defineTopic, PubSubError, silentLogger, VirtualClock } from "@anytopic/core";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Signups = defineTopic<string>("signups");
const adapter = new ScriptedAdapter();
const clock = new VirtualClock();
const pubsub = await connect(adapter, { clock, ...(process.argv[2] === "silent" ? { logger: silentLogger } : {}) });
const sinks = [];
for (const name of ["first", "second"]) {
  await pubsub.subscribe(defineSubscription(Signups, name), () => {
    throw new Error("s3cret of the handler");
  });
  sinks.push(adapter.sink);
}
adapter.deliver({ id: "a", body: Buffer.from('"s3cret of the body"') });
for (let round = 0; round < 3; round += 1) {
  for (const sink of sinks) {
    sink.failing(new PubSubError("NOT_FOUND", "the queue is gone"));
    sink.receiving(false);
  }
}
const cut = new PubSubError("UNAVAILABLE", "the line is cut");
// A short loss is not worth a warning.
adapter.context.status("reconnecting", cut);
await clock.advance(9999);
adapter.context.status("up");
await clock.advance(60_000);
for (let round = 0; round < 2; round += 1) {
  adapter.context.status("reconnecting", cut);
  await clock.advance(10_000);
  adapter.context.status("up");
}
adapter.context.status("down", new PubSubError("CLOSED", "closed"));
await clock.advance(60_000);
process.disconnect();
