import { describe, expect, test } from "vitest";
import { parseAckSubject } from "../src/wire/ack-subject.ts";

const EXPECTED = {
  delivered: 3,
  streamSequence: 9_007_199_254_740_991,
  consumerSequence: 17,
  timestampMs: 1_763_000_000_123,
};
const NUMBERS = "3.9007199254740991.17.1763000000123456789.42";

describe("parseAckSubject", () => {
  test.each([
    ["the form of old servers", `$JS.ACK.orders.mail.${NUMBERS}`],
    ["with domain and account", `$JS.ACK.hub.ACCHASH.orders.mail.${NUMBERS}`],
    ["with domain, account and token", `$JS.ACK._.ACCHASH.orders.mail.${NUMBERS}.x7`],
  ])("reads %s", (_, subject) => {
    expect(parseAckSubject(subject)).toEqual(EXPECTED);
  });

  test.each(["", "_INBOX.a.b", "$JS.ACK.orders.mail.1.2.3", `$JS.ACK.a.orders.mail.${NUMBERS}`])(
    "refuses %j",
    (subject) => {
      expect(parseAckSubject(subject)).toBeUndefined();
    },
  );
});
