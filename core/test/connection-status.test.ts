import { PubSubError } from "@anytopic/core";
import { ConnectionStatus } from "@anytopic/core/driver";
import { expect, test } from "vitest";

const lost = new PubSubError("UNAVAILABLE", "the connection was lost");
const refused = new PubSubError("UNAUTHENTICATED", "the password is wrong");

test("of several connections the worst is told, when it changes or fails otherwise", () => {
  const told: string[] = [];
  const status = new ConnectionStatus<string>((state, error) => void told.push(`${state} ${error?.code ?? ""}`.trim()));
  status.report("publish", "up");
  status.report("consume", "up");
  status.report("consume", "degraded", lost);
  status.report("publish", "reconnecting", lost);
  status.report("publish", "reconnecting", lost);
  status.report("publish", "reconnecting", refused);
  status.report("consume", "up");
  expect(told).toEqual(["up", "degraded UNAVAILABLE", "reconnecting UNAVAILABLE", "reconnecting UNAUTHENTICATED"]);
  status.report("publish", "up");
  expect(told.at(-1)).toBe("up");
});
