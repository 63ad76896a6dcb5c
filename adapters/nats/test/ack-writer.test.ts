import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect } from "@nats-io/transport-node";
import { afterAll, expect, test } from "vitest";
import { AckWriter } from "../src/settle/ack-writer.ts";

const broker = await startBrokerOrSkip("nats");
afterAll(() => broker?.close());

test.skipIf(broker === undefined)("acks of one turn leave together and arrive one by one, in order", async () => {
  const nc = await connect({ servers: broker!.url });
  const got: string[] = [];
  nc.subscribe("acks.*", { callback: (_error, message) => void got.push(`${message.subject} ${message.string()}`) });
  const writer = new AckWriter(nc);
  // The client's release must still have the method that this needs: without it everything works, slower.
  expect(writer.writesTogether).toBe(true);
  writer.write("acks.1");
  writer.write("acks.2");
  await nc.flush();
  writer.write("acks.3");
  writer.flush();
  await nc.flush();
  expect(got).toEqual(["acks.1 +ACK", "acks.2 +ACK", "acks.3 +ACK"]);
  await nc.close();
});
