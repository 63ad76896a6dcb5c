import type { TestClients } from "./clients.ts";

/** Requests by command, for example `PublishBatch`, as AWS bills them. */
export type RequestCounts = Readonly<Record<string, number>>;

/** Counts the requests of these clients, with each retry. */
export class RequestCounter {
  readonly #counts = new Map<string, number>();

  constructor({ sns, sqs }: TestClients) {
    // After the step that retries, so that each retry counts.
    const where = { step: "deserialize", name: "anytopicRequestCounter" } as const;
    sns.middlewareStack.add((next, context) => (args) => next(this.#counted(context.commandName, args)), where);
    sqs.middlewareStack.add((next, context) => (args) => next(this.#counted(context.commandName, args)), where);
  }

  /** Since the last call. */
  take(): RequestCounts {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }

  #counted<Args>(command: unknown, args: Args): Args {
    const name = String(command).replace(/Command$/, "");
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return args;
  }
}
