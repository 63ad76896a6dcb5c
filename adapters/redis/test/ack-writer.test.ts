import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "@anytopic/core";
import { PubSubError, ReceivingReports } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { WorkerPart, WorkerSetup } from "../src/receive/worker-setup.ts";
import { AckWriter } from "../src/settle/ack-writer.ts";

const lost = new PubSubError("UNAVAILABLE", "the connection to Redis was lost");
const full = new PubSubError("RESOURCE_EXHAUSTED", "the server cannot write its data to disk");

interface Command extends PromiseWithResolvers<void> {
  readonly ids: readonly string[];
}

/** A writer, and its commands, which wait for their answers. */
function writerOf() {
  const clock = new VirtualClock();
  const commands: Command[] = [];
  let reconnected = (): void => {};
  const connection = {
    connected: true,
    context: { clock },
    onReconnected(listener: () => void): () => void {
      reconnected = listener;
      return () => {};
    },
    send([, , , ...ids]: readonly string[]): Promise<void> {
      const command = { ids, ...Promise.withResolvers<void>() };
      commands.push(command);
      return command.promise;
    },
  };
  const told: string[] = [];
  const sink = {
    failing: ({ code }: PubSubError): void => void told.push(code),
    receiving: (): void => void told.push("receiving"),
  };
  const setup = { connection, names: { stream: "events", group: "mail" } } as unknown as WorkerSetup;
  const writer = new AckWriter(setup, new ReceivingReports<WorkerPart>(sink));
  return { writer, clock, commands, connection, told, reconnect: () => reconnected() };
}

/** Resolves after the turns in which acks are written. */
async function written(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}

test("acks are flushed when the last command has its answer, not the first", async () => {
  const { writer, commands } = writerOf();
  for (const id of ["1-0", "2-0"]) {
    writer.write(id);
    await written();
  }
  expect(commands.map(({ ids }) => ids)).toEqual([["1-0"], ["2-0"]]);
  let isFlushed = false;
  const flushed = writer.flushed().then(() => (isFlushed = true));
  commands[0]?.resolve();
  await written();
  expect(isFlushed).toBe(false);
  commands[1]?.resolve();
  await flushed;
});

test("acks that were lost with their connection wait for the next one, and are flushed then", async () => {
  const { writer, commands, connection, reconnect, told } = writerOf();
  writer.write("1-0");
  await written();
  connection.connected = false;
  commands[0]?.reject(lost);
  writer.write("2-0");
  await written();
  expect(commands).toHaveLength(1);
  expect(writer.places().toSorted()).toEqual(["t1-0", "t2-0"]);
  let isFlushed = false;
  const flushed = writer.flushed().then(() => (isFlushed = true));
  connection.connected = true;
  reconnect();
  await written();
  expect(commands[1]?.ids.toSorted()).toEqual(["1-0", "2-0"]);
  expect(isFlushed).toBe(false);
  commands[1]?.resolve();
  await flushed;
  expect(told).toEqual([]);
});

test("acks that the server could not store are written again after a rest, and it is told until they are", async () => {
  const { writer, commands, clock, told } = writerOf();
  writer.write("1-0");
  await written();
  commands[0]?.reject(full);
  await written();
  expect(told).toEqual(["RESOURCE_EXHAUSTED"]);
  expect(commands).toHaveLength(1);
  await clock.advance(200);
  expect(commands[1]?.ids).toEqual(["1-0"]);
  commands[1]?.resolve();
  await writer.flushed();
  expect(told).toEqual(["RESOURCE_EXHAUSTED", "receiving"]);
});
