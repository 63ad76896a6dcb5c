import { silentLogger, systemClock } from "@anytopic/core";
import type { Adapter, Driver, DriverPublisher, OutgoingMessage, PublishRequest } from "@anytopic/core/driver";
import type { HostilePublisher, Random } from "@anytopic/conformance";

type Lies = Partial<Omit<OutgoingMessage, "body">>;

/** A memory broker has no strangers. This one goes past core, to the driver: what it says there, another broker would carry. */
export function hostilePublisher(adapter: Adapter): HostilePublisher & { close(): Promise<void> } {
  let driver: Promise<Driver> | undefined;
  const publishers = new Map<string, Promise<DriverPublisher>>();
  const opened = (topic: string): Promise<DriverPublisher> => {
    driver ??= adapter.open({ clock: systemClock, random: Math.random, logger: silentLogger, status: () => {} });
    const spec = {
      name: topic,
      physicalName: topic,
      ordered: false,
      exactlyOnce: false,
      retentionMs: 604_800_000,
      replay: false,
    };
    const known = publishers.get(topic) ?? driver.then((one) => one.openPublisher(spec));
    publishers.set(topic, known);
    return known;
  };
  return {
    async publish(topic, body, random) {
      const lies = hostileMessage(random);
      const message = { id: `stranger-${random.integer(0, 2 ** 40)}`, orderingKey: undefined };
      const publisher = await opened(topic);
      const stored = await new Promise<boolean>((resolve) => {
        const request: PublishRequest = {
          ...message,
          publishTimeMs: Date.now(),
          ...lies,
          // As core hands them over: without a prototype.
          attributes: Object.assign(Object.create(null) as Record<string, string>, lies.attributes),
          body,
          awaited: true,
          accept: () => resolve(true),
          reject: () => resolve(false),
        };
        publisher.publish([request]);
      });
      return { stored, what: JSON.stringify(lies).slice(0, 120) };
    },
    async close() {
      await (await driver)?.close(1000);
    },
  };
}

function hostileMessage(random: Random): Lies {
  const kinds: readonly (() => Lies)[] = [
    () => ({ id: "x".repeat(random.integer(200, 60_000)) }),
    () => ({ id: `\u001b]0;owned\u0007 ${random.integer(0, 1e9)}` }),
    () => ({ id: `æ ${random.integer(0, 1e9)}` }),
    () => ({ publishTimeMs: [1e300, -1e300, 8.64e15 + 1][random.integer(0, 2)] as number }),
    () => ({ attributes: { "anytopic-dead-letter": '{"reason":"rejected","last":1e300,"attempts":-1,"sub":"a/b"}' } }),
    () => ({ attributes: { "anytopic-dead-letter": "{" } }),
    () => ({ attributes: { "anytopic-attempt": "0", "anytopic-redriven-to": "nobody" } }),
    () => ({ attributes: { constructor: "a", hasOwnProperty: "b", "\u001b[2J": "\u009b" } }),
    () => ({ attributes: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`a${index}`, "v"])) }),
    () => ({ orderingKey: "\u0000".repeat(3000) }),
  ];
  return (kinds[random.integer(0, kinds.length - 1)] as () => Lies)();
}
