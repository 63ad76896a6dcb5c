import type { PubSubErrorCode } from "@anytopic/core";

const ADVICE: Readonly<Partial<Record<PubSubErrorCode, string>>> = {
  CLOSED: "The application has closed its connection. Start it again.",
  INVALID_CONFIG: "Run `anytopic doctor`: it shows what is configured, and where each value comes from.",
  ADAPTER_NOT_INSTALLED: "Install the adapter's package where the dashboard runs, and start it again.",
  NOT_FOUND: "Run `anytopic plan`: it shows what is missing. `anytopic apply` creates it.",
  PERMISSION_DENIED: "Give the dashboard's user the permissions that `anytopic export policies` prints for operators.",
  UNAUTHENTICATED: "Check user, password, token or profile. `anytopic doctor` shows where they come from.",
  RESOURCE_EXHAUSTED: "A quota or a limit of the broker is reached. Make room, or wait.",
  UNAVAILABLE:
    "Check that the broker runs, and that host and port are right. `anytopic doctor` tries it from a terminal.",
  TIMEOUT: "The broker is reached and does not answer in time. Look at its load and its log.",
};

/** One sentence or two on what helps, for a person in front of the page. */
export function whatToDo(code: string): string {
  return ADVICE[code as PubSubErrorCode] ?? "Look at the log of the dashboard's process.";
}
