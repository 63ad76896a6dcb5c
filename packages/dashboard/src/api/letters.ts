import type { DeadLetterReason } from "@anytopic/core";

/** `GET /api/letters`: one row for each subscription. */
export interface LettersOverview {
  readonly rows: readonly {
    /** `topic/name` */
    readonly of: string;
    /** `null` when the broker does not tell, see `why`. */
    readonly count: number | null;
    readonly exactly: boolean;
    /** The last failure among the letters that were read most recently; `null` when nobody has looked. */
    readonly newest: string | null;
    /** Why there is no number. */
    readonly why: string | null;
  }[];
}

/** Letters that failed in the same way. */
export interface LetterGroup {
  readonly key: string;
  readonly reason: DeadLetterReason;
  readonly errorName: string;
  /** With digits, ids and quoted texts masked. */
  readonly message: string;
  readonly count: number;
  /** The first of all failures, as far as it is known. */
  readonly first: string | null;
  readonly last: string | null;
  /** How many different messages it has; counted up to 100. */
  readonly versions: number;
  /** Some of them, unmasked. */
  readonly examples: readonly string[];
}

/** A letter in a list: without its body and attributes. */
export interface LetterRow {
  /** Tells this letter from all others; made of its content. */
  readonly ref: string;
  readonly id: string;
  readonly reason: DeadLetterReason;
  /** `Error: no such account`. */
  readonly error: string;
  readonly attempts: number;
  readonly key: string | null;
  readonly published: string | null;
  readonly failed: string | null;
  readonly bodyBytes: number;
  /** The first 200 characters of the body, when it is text. */
  readonly preview: string;
}

/** `GET /api/letters/list` */
export interface LetterList {
  readonly of: string;
  /** Of the read; give it back as `at` to turn pages of the same one. */
  readonly at: string;
  /** When the letters were read. */
  readonly readTime: string;
  /** How many were read. */
  readonly read: number;
  /** How many there are, when not all were read. */
  readonly total: number | null;
  readonly groups: readonly LetterGroup[];
  /** Groups and their letters that are not listed, because there are so many. */
  readonly otherGroups: number;
  readonly otherLetters: number;
  /** How many letters fit the search. */
  readonly found: number;
  readonly rows: readonly LetterRow[];
  readonly pages: number;
  /** Whether the subscription has a filter, which can hold back letters in a redrive. */
  readonly hasFilter: boolean;
  /** Letters are invisible to others while they are read. */
  readonly job: LetterJobState | null;
}

/** How a body is shown and edited. `"value"`: what the topic's codec makes of it, as JSON. */
export type BodyForm = "json" | "value" | "text" | "hex";

/** `GET /api/letters/letter` */
export interface LetterDetail {
  readonly row: LetterRow;
  readonly attributes: readonly (readonly [key: string, value: string])[];
  readonly firstFailure: string | null;
  readonly expires: string | null;
  readonly form: BodyForm;
  /** The body in its form. */
  readonly body: string;
  /** The body as it is: text where it is text, else hexadecimal. */
  readonly raw: string;
  /** Why the body cannot be read as the topic's codec says. */
  readonly undecodable: string | null;
  /** Whether `body` is the beginning only: then it cannot be edited here. */
  readonly isCut: boolean;
  readonly schema: boolean;
}

/** What replaces body and attributes. */
export interface WireEdit {
  readonly body?: { readonly form: BodyForm; readonly text: string } | undefined;
  readonly attributes?: readonly (readonly [key: string, value: string])[] | undefined;
}

/** `POST /api/letters/check` */
export interface EditCheck {
  /** Why it cannot be sent; empty when it can. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly bytes: number;
  readonly maxBytes: number;
}

export type LetterChoice =
  | { readonly kind: "all" }
  | { readonly kind: "group"; readonly group: string }
  | { readonly kind: "letters"; readonly refs: readonly string[] };

/** `POST /api/letters/count`: what an action would concern. */
export interface LetterCount {
  readonly matches: number;
  readonly read: number;
  /** How many letters there are, when not all were read. */
  readonly total: number | null;
  /** Give it to the action: it leaves letters that failed later. */
  readonly upTo: string;
  readonly hasFilter: boolean;
}

/** One redrive or purge. `GET /api/letters/jobs` lists them, the newest first. */
export interface LetterJobState {
  readonly id: string;
  readonly kind: "redrive" | "purge";
  readonly of: string;
  readonly user: string;
  readonly choice: LetterChoice["kind"];
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  readonly started: string;
  readonly ended: string | null;
  /** What the check before it has counted; `null` without one. */
  readonly expected: number | null;
  readonly done: number;
  readonly seen: number;
  /** Letters that stay because the subscription's filter does not let them pass. */
  readonly heldBack: number;
  /** Letters per second; `null` for as fast as possible. */
  readonly perSecond: number | null;
  readonly error: string | null;
}

export interface LetterJobs {
  readonly jobs: readonly LetterJobState[];
}
