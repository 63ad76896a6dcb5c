import { type AnySubscription, type Logger, type PubSub, silentLogger } from "@anytopic/core";
import { expect } from "vitest";

import type { LetterChoice, LetterCount, LetterJobState, LetterJobs, LetterList } from "../src/api/letters.ts";
import { type Dashboard, dashboard, type Permission } from "../src/index.ts";

export interface LettersApi {
  readonly handler: Dashboard;
  readonly of: string;
  get<Answer>(path: string, query?: Readonly<Record<string, string>>): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  list(query?: Readonly<Record<string, string>>): Promise<LetterList>;
  /** Counts, begins the action, and waits for its end. */
  act(kind: "redrive" | "purge", choice: LetterChoice, more?: object): Promise<LetterJobState>;
  ended(id: string): Promise<LetterJobState>;
  /** Status and message of an answer that is no success. */
  refusal(path: string, body: object): Promise<string>;
}

export const ORIGIN = "http://localhost:4000";

/** The API of a dashboard, as its page uses it. */
export function lettersApi(
  pubsub: PubSub,
  subscription: AnySubscription,
  {
    can = ["redrive", "purge"],
    logger = silentLogger,
  }: { readonly can?: readonly Permission[]; readonly logger?: Logger } = {},
): LettersApi {
  const of = `${subscription.topic.name}/${subscription.name}`;
  const handler = dashboard({
    pubsub,
    declarations: [subscription.topic, subscription],
    authorize: () => ({ user: "ada", can }),
    logger,
  });
  const send = async (path: string, body: object): Promise<Response> => {
    const headers = { "content-type": "application/json", "x-anytopic": "1", origin: ORIGIN, host: "localhost:4000" };
    return await handler(new Request(`${ORIGIN}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
  };
  const api: LettersApi = {
    handler,
    of,
    async get<Answer>(path: string, query: Readonly<Record<string, string>> = {}) {
      const search = new URLSearchParams({ of, ...query }).toString();
      const headers = { host: "localhost:4000" };
      const response = await handler(new Request(`${ORIGIN}/api/${path}?${search}`, { headers }));
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Answer;
    },
    async post<Answer>(path: string, body: object) {
      const response = await send(path, body);
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Answer;
    },
    list: async (query = {}) => await api.get<LetterList>("letters/list", query),
    async act(kind, choice, more = {}) {
      const count = await api.post<LetterCount>("letters/count", { of, choice });
      const confirm = kind === "purge" ? { confirm: of } : {};
      const begun = { of, choice, upTo: count.upTo, expected: count.matches, ...confirm, ...more };
      const { id } = await api.post<LetterJobState>(`letters/${kind}`, begun);
      return await api.ended(id);
    },
    async ended(id) {
      const job = async (): Promise<LetterJobState | undefined> => {
        const { jobs } = await api.get<LetterJobs>("letters/jobs");
        return jobs.find((one) => one.id === id);
      };
      await expect.poll(async () => (await job())?.ended ?? null, { timeout: 60_000, interval: 20 }).not.toBeNull();
      return (await job()) as LetterJobState;
    },
    async refusal(path, body) {
      const response = await send(path, body);
      const { error } = (await response.json()) as { readonly error?: { readonly message: string } };
      return `${response.status} ${error?.message ?? "no error"}`;
    },
  };
  return api;
}
