import { type Codec, connect, defineTopic, jsonCodec } from "@anytopic/core";
import type { PublishRequest } from "@anytopic/core/driver";
import { forwardDriver, forwardPublisher, intercept } from "@anytopic/core/intercept";
import { describe, expect, it } from "vitest";

import { capabilities, ScriptedAdapter } from "./scripted-adapter.ts";

const LONGEST = 4096;
const wide = {
  ...capabilities,
  maxMessageBytes: 100_000,
  publishBatch: { ...capabilities.publishBatch, maxBytes: 100_000 },
};

/** What a driver gets that takes text: it does not read the bytes of a text to count them. */
async function published(event: unknown, codec: Codec | "json" = "json"): Promise<PublishRequest> {
  const adapter = new ScriptedAdapter(wide);
  const takesText = intercept(adapter, (driver) =>
    forwardDriver(driver, {
      openPublisher: async (topic) =>
        forwardPublisher(await driver.openPublisher(topic), {
          sizeOf: (message) => (message.bodyText ?? message.body).length,
        }),
    }),
  );
  const pubsub = await connect(takesText);
  const sent = pubsub.publish(defineTopic("events", { codec }), event);
  await expect.poll(() => adapter.requests.length).toBe(1);
  const request = adapter.requests[0] as PublishRequest;
  request.accept();
  await sent;
  await pubsub.close();
  return request;
}

/** Its JSON has this many characters. */
const textOf = (characters: number): string => "x".repeat(characters - 2);

describe("the body as text", () => {
  it.each([
    ["a word", "short"],
    ["no character", ""],
    ["escapes", 'quoted " and \u0000'],
    ["the longest", textOf(LONGEST)],
  ])("is there for short ASCII: %s", async (_, event) => {
    const request = await published(event);
    expect(request.bodyText).toBe(JSON.stringify(event));
    expect(Buffer.from(request.body).toString()).toBe(JSON.stringify(event));
    expect(request.bodyText).toBeUndefined();
  });

  it.each([
    ["Latin", "ä"],
    ["Cyrillic, as long as can be", "ж".repeat(LONGEST - 2)],
    ["beyond 16 bits", "\u{1f600} and more"],
    ["one character too long", textOf(LONGEST + 1)],
    ["a last letter", `${textOf(LONGEST - 1)}ä`],
  ])("is not there for other text, whose bytes are UTF-8: %s", async (_, event) => {
    const request = await published(event);
    expect(request.bodyText).toBeUndefined();
    expect(Buffer.from(request.body).equals(Buffer.from(JSON.stringify(event)))).toBe(true);
  });

  it("keeps the bytes of one message when the next is published", async () => {
    const adapter = new ScriptedAdapter(wide);
    const pubsub = await connect(adapter);
    const Events = defineTopic<string>("events");
    const events = ["first ä", "second ö", "third", "fourth"];
    const sent = events.map((event) => pubsub.publish(Events, event));
    await expect.poll(() => adapter.requests.length).toBe(events.length);
    expect(adapter.requests.map(({ body }) => Buffer.from(body).toString())).toEqual(
      events.map((event) => JSON.stringify(event)),
    );
    for (const request of adapter.requests) request.accept();
    await Promise.all(sent);
    await pubsub.close();
  });

  it("is not there when a codec has encoded in its own way", async () => {
    const own: Codec = { ...jsonCodec, encode: (value) => Buffer.from(JSON.stringify([value])) };
    const request = await published("x", own);
    expect(request.bodyText).toBeUndefined();
    expect(Buffer.from(request.body).toString()).toBe('["x"]');
  });
});
