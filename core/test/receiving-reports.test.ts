import { PubSubError } from "@anytopic/core";
import { ReceivingReports } from "@anytopic/core/driver";
import { expect, test } from "vitest";

const lost = new PubSubError("UNAVAILABLE", "the connection was lost");
const missing = new PubSubError("NOT_FOUND", "there is no queue");

function scripted(): { readonly reports: ReceivingReports<string>; readonly told: string[] } {
  const told: string[] = [];
  const reports = new ReceivingReports<string>({
    failing: ({ code }) => void told.push(code),
    receiving: (reconnected) => void told.push(reconnected ? "reconnected" : "receiving"),
  });
  return { reports, told };
}

test("a failure is told once, and again when it is another", () => {
  const { reports, told } = scripted();
  reports.failing("pulls", lost, true);
  reports.failing("connection", lost, true);
  reports.failing("pulls", lost, true);
  reports.failing("pulls", missing, false);
  expect(told).toEqual(["UNAVAILABLE", "NOT_FOUND"]);
});

test("receiving is told when the last that failed works, with the loss of a connection in between", () => {
  const { reports, told } = scripted();
  reports.receiving("pulls");
  reports.failing("connection", lost, true);
  reports.failing("pulls", missing, false);
  reports.receiving("connection");
  reports.receiving("election");
  expect(told).toEqual(["UNAVAILABLE", "NOT_FOUND"]);
  reports.receiving("pulls");
  reports.receiving("pulls");
  reports.failing("pulls", missing, false);
  reports.receiving("pulls");
  expect(told.slice(2)).toEqual(["reconnected", "NOT_FOUND", "receiving"]);
});

test("what comes through for one part has come back for all, except what time does not mend", () => {
  const { reports, told } = scripted();
  reports.failing("main", lost, true);
  reports.failing("redrive", lost, true);
  reports.receiving("main", true);
  expect(told).toEqual(["UNAVAILABLE", "reconnected"]);
  reports.failing("main", lost, true);
  reports.failing("redrive", missing, true);
  reports.receiving("main", true);
  expect(told.slice(2)).toEqual(["UNAVAILABLE", "NOT_FOUND"]);
});
