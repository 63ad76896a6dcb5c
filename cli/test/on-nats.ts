import { type Broker, startBroker } from "@anytopic/brokers";
import { connect, type PubSub } from "@anytopic/core";
import { afterAll, beforeAll, expect } from "vitest";
import { anytopic, type Finished, type ProgramOptions, runHere, TOPICS } from "./program.ts";

export interface OnNats {
  readonly broker: Broker;
  readonly pubsub: PubSub;
  /** Runs a command with the fixtures' declarations; in a process of its own when there are options. */
  cli(args: readonly string[], options?: ProgramOptions): Promise<Finished>;
  /** The one JSON document that it printed. */
  json(args: readonly string[], code?: number): Promise<Record<string, unknown>>;
}

/** A private server for the tests of one file. What is in it is there once they run. */
export function onNats(): OnNats {
  let broker: Broker;
  let pubsub: PubSub;
  beforeAll(async () => {
    broker = await startBroker("nats");
    pubsub = await connect(broker.url);
  });
  afterAll(async () => {
    await pubsub?.close();
    await broker?.close();
  });
  const cli: OnNats["cli"] = async (args, options) => {
    const all = [...args, "--url", broker.url, "--declarations", TOPICS];
    return options === undefined ? await runHere(all) : await anytopic(all, options);
  };
  return {
    get broker() {
      return broker;
    },
    get pubsub() {
      return pubsub;
    },
    cli,
    async json(args, code = 0) {
      const finished = await cli([...args, "--json"]);
      expect(finished).toMatchObject({ code });
      return JSON.parse(finished.stdout) as Record<string, unknown>;
    },
  };
}
