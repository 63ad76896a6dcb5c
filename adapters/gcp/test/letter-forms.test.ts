import { systemClock } from "@anytopic/core";
import { DEAD_LETTER_ATTRIBUTE, type OutgoingMessage, type SubscriptionSpec } from "@anytopic/core/driver";
import { expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { GcpDeadLetters } from "../src/dead-letters.ts";
import { Status } from "../src/errors.ts";
import type { Channel, WireOutgoing } from "../src/connection/rpc.ts";

const LETTERS = "projects/p/topics/orders.mail.dead-letters";
const RECORD = '{"reason":"rejected"}';
const spec = {
  name: "mail",
  physicalName: "mail",
  topic: {
    name: "orders",
    physicalName: "orders",
    ordered: false,
    exactlyOnce: false,
    retentionMs: 86_400_000,
    replay: false,
  },
  ackDeadlineMs: 30_000,
  maxRetries: 5,
  maxBackoffMs: 10_000,
} satisfies SubscriptionSpec;

/** A service with limits: the emulator has none. `look`: its error when it is asked for the subscription of the letters. */
function limited(isTooMuch: (message: WireOutgoing) => boolean, look?: number) {
  const stored: WireOutgoing[] = [];
  let tries = 0;
  const channel: Channel = {
    call(method, request, _options, done) {
      const { messages: [message] = [] } = request as { readonly messages?: readonly WireOutgoing[] };
      const isPublish = method.path === "Publish";
      const refused = isPublish && message !== undefined && isTooMuch(message);
      if (isPublish) tries += 1;
      if (isPublish && !refused && message !== undefined) stored.push(message);
      setImmediate(() => {
        if (refused) done({ code: Status.INVALID_ARGUMENT }, undefined);
        else if (!isPublish && look !== undefined) done({ code: look }, undefined);
        else done(null, { topic: LETTERS, detached: false } as never);
      });
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const warn = vi.fn<Connection["context"]["logger"]["warn"]>();
  const connection = {
    projectId: "p",
    options: { prefix: "" },
    publishing: channel,
    letters: channel,
    methods: { publish: { path: "Publish" }, getSubscription: { path: "GetSubscription" } },
    metadata: () => ({}),
    context: { clock: systemClock, logger: { warn } },
  } as unknown as Connection;
  return { stored, warn, tries: () => tries, letters: new GcpDeadLetters(connection, spec) };
}

function letter(attributes: Readonly<Record<string, string>>): OutgoingMessage {
  return {
    id: "id-1",
    body: Buffer.from("bytes"),
    attributes: { ...attributes, [DEAD_LETTER_ATTRIBUTE]: RECORD },
    orderingKey: undefined,
    publishTimeMs: 1234,
  };
}

const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key-${index}`, "x"]));

test("a letter that the service takes is stored whole, at once, in silence", async () => {
  const { stored, warn, letters } = limited(() => false);
  await letters.store(letter({ user: "x" }));
  expect(stored.map(({ attributes }) => Object.keys(attributes))).toEqual([
    ["anytopic-id", "user", DEAD_LETTER_ATTRIBUTE, "anytopic-publish-time"],
  ]);
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  { what: "100 attributes", max: 100, without: "some of its attributes", kept: 91 },
  { what: "no attribute of the publisher's", max: 3, without: "its attributes", kept: 3 },
  { what: "nothing but bytes", max: 0, without: "its attributes, its id and the reason of its failure", kept: 0 },
])("where there is room for $what, the rest is left out, once, and the log says so", async ({ max, without, kept }) => {
  const { stored, warn, letters } = limited(({ attributes }) => Object.keys(attributes).length > max);
  await letters.store(letter(many));
  expect(stored.length).toBe(1);
  const [only] = stored;
  expect(Buffer.from(only?.data ?? []).toString()).toBe("bytes");
  expect(Object.keys(only?.attributes ?? {}).length).toBe(kept);
  const { "anytopic-id": id, [DEAD_LETTER_ATTRIBUTE]: record } = only?.attributes ?? {};
  expect([id, record]).toEqual(kept > 0 ? ["id-1", RECORD] : [undefined, undefined]);
  expect(warn.mock.calls.map(([, text]) => text)).toEqual([expect.stringContaining(`without ${without}`)]);
});

test("a letter that cannot be stored at all is an error, and the message stays", async () => {
  const { tries, letters } = limited(() => true);
  await expect(letters.store(letter(many))).rejects.toMatchObject({ code: "REJECTED" });
  expect(tries()).toBe(4);
});

test("letters whose subscription is missing are refused at once, and those that cannot be looked at are not", async () => {
  const missing = limited(() => false, Status.NOT_FOUND);
  await expect(missing.letters.check()).rejects.toMatchObject({ code: "NOT_FOUND" });
  const unknown = limited(() => false, Status.UNAVAILABLE);
  await expect(unknown.letters.check()).resolves.toBeUndefined();
});
