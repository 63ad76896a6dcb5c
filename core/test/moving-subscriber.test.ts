import { silentLogger, VirtualClock } from "@anytopic/core";
import { MovingSubscriber, PubSubError } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { turn } from "./opened-worker.ts";

const gone = (): PubSubError => new PubSubError("NOT_FOUND", "gone");

/** Subscribers at positions that the test chooses, and everything that reaches core. */
class Broker {
  readonly clock = new VirtualClock();
  /** What core was told. */
  readonly told: string[] = [];
  /** What the subscribers were told. */
  readonly calls: string[] = [];
  readonly sinks: Parameters<Parameters<typeof MovingSubscriber.open<string, string>>[0]["open"]>[1][] = [];
  position: () => Promise<string> = async () => "one";
  opens: (position: string) => Promise<void> = async () => {};

  open = (): ReturnType<typeof MovingSubscriber.open<string, string>> =>
    MovingSubscriber.open<string, string>({
      path: "topic/sub",
      context: { clock: this.clock, logger: silentLogger },
      sink: {
        deliver: (delivery) => void this.told.push(`deliver ${delivery}`),
        revoke: () => true,
        revokeAll: (cause) => void this.told.push(`revokeAll ${cause}`),
        failing: ({ code }) => void this.told.push(`failing ${code}`),
        receiving: () => void this.told.push("receiving"),
      },
      position: () => this.position(),
      isSame: (one, other) => one === other,
      open: async (position, sink) => {
        this.calls.push(`open ${position}`);
        await this.opens(position);
        this.sinks.push(sink);
        return {
          extend: (deliveries) => void this.calls.push(`extend ${deliveries.join(" ")} at ${position}`),
          stop: async () => void this.calls.push(`stop ${position}`),
          close: async () => void this.calls.push(`close ${position}`),
        };
      },
    });
}

test("a subscriber whose position is gone is replaced by one at the new position, and core hears of it once", async () => {
  const broker = new Broker();
  const subscriber = await broker.open();
  broker.sinks[0]?.deliver("a");
  broker.position = async () => "two";
  broker.sinks[0]?.failing(gone());
  broker.sinks[0]?.failing(gone());
  await turn();
  broker.sinks[0]?.deliver("late");
  broker.sinks[0]?.failing(new PubSubError("UNAVAILABLE", "late"));
  broker.sinks[1]?.deliver("b");
  subscriber.extend(["b"]);
  expect(broker.calls).toEqual(["open one", "close one", "open two", "extend b at two"]);
  expect(broker.told).toEqual(["deliver a", "revokeAll seek", "receiving", "deliver b"]);
  await subscriber.close(1000);
  expect(broker.calls.slice(4)).toEqual(["stop two", "close two"]);
});

test("a subscription that is really gone is failing until it is there again", async () => {
  const broker = new Broker();
  const subscriber = await broker.open();
  broker.position = () => Promise.reject(gone());
  broker.sinks[0]?.failing(gone());
  await turn();
  await broker.clock.advance(3000);
  expect(broker.told).toEqual(["failing NOT_FOUND"]);
  broker.position = async () => "two";
  broker.opens = () => Promise.reject(new PubSubError("UNAVAILABLE", "not yet"));
  await broker.clock.advance(1000);
  await turn();
  expect(broker.told).toEqual(["failing NOT_FOUND", "revokeAll seek", "failing UNAVAILABLE"]);
  broker.opens = async () => {};
  await broker.clock.advance(1000);
  await turn();
  expect(broker.told.slice(3)).toEqual(["revokeAll seek", "receiving"]);
  await subscriber.close(1000);
});

test("when the same position is there again, its own subscriber says so, and nothing is looked for any longer", async () => {
  const broker = new Broker();
  const subscriber = await broker.open();
  broker.sinks[0]?.failing(gone());
  await turn();
  broker.sinks[0]?.receiving(false);
  expect(broker.told).toEqual(["failing NOT_FOUND", "receiving"]);
  let looks = 0;
  broker.position = async () => `moved ${(looks += 1)}`;
  await broker.clock.advance(5000);
  expect(looks).toBe(0);
  broker.sinks[0]?.failing(new PubSubError("PERMISSION_DENIED", "no"));
  expect(broker.told.at(-1)).toBe("failing PERMISSION_DENIED");
  await subscriber.close(1000);
});

test("stopping does not wait for a broker that does not answer, and what opens late is closed", async () => {
  const broker = new Broker();
  const subscriber = await broker.open();
  broker.position = () => new Promise(() => {});
  broker.sinks[0]?.failing(gone());
  await turn();
  await subscriber.close(1000);
  expect(broker.calls).toEqual(["open one", "stop one", "close one"]);

  const other = new Broker();
  const second = await other.open();
  const opening = Promise.withResolvers<void>();
  other.position = async () => "two";
  other.opens = () => opening.promise;
  other.sinks[0]?.failing(gone());
  await turn();
  const closing = second.close(1000);
  opening.resolve();
  await closing;
  expect(other.calls).toEqual(["open one", "close one", "open two", "close two"]);
});

test("a subscription that moves while it is being opened is opened where it is", async () => {
  const broker = new Broker();
  broker.opens = async (position) => {
    broker.position = async () => "two";
    if (position === "one") throw gone();
  };
  const subscriber = await broker.open();
  expect(broker.calls).toEqual(["open one", "open two"]);
  await subscriber.close(1000);

  const missing = new Broker();
  missing.opens = () => Promise.reject(gone());
  await expect(missing.open()).rejects.toMatchObject({ code: "NOT_FOUND" });
});
