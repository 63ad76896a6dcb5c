/** `GET /api/topics` */
export interface Topics {
  readonly topics: readonly { readonly name: string; readonly subscriptions: readonly string[] }[];
}

/** How a body is written on the page. `"json"` also for a codec of the application's own, which encodes the value. */
export type EventForm = "json" | "text" | "hex";

/** `GET /api/topic?name=signups`: what is needed to publish to it. */
export interface TopicDetail {
  readonly name: string;
  /** The forms in which its events can be written; the first is the usual one. */
  readonly forms: readonly EventForm[];
  readonly codec: string;
  /** The declaration computes it from the event. */
  readonly hasOrderingKey: boolean;
  readonly hasAttributes: boolean;
  readonly hasSchema: boolean;
  /** JSON Schema of what `publish` takes; `null` when there is no schema, or it cannot say. */
  readonly jsonSchema: object | null;
}

/** `POST /api/publish`, and `POST /api/publish-check`, which sends nothing. */
export interface PublishRequest {
  readonly topic: string;
  readonly form: EventForm;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly id?: string | undefined;
  readonly delayMs?: number | undefined;
  /** ISO 8601 */
  readonly deliverAt?: string | undefined;
  /** ISO 8601 */
  readonly expiresAt?: string | undefined;
}

export interface PublishAnswer {
  readonly id: string;
}

/** What would be published. */
export interface PublishCheck {
  readonly bytes: number;
  readonly orderingKey: string | null;
  /** With those of the declaration. */
  readonly attributes: Readonly<Record<string, string>>;
}
