import type { Connection } from "../connection.ts";
import { apiPrefix } from "../names.ts";

/** A consumer that messages are requested from. */
export interface PullSource {
  readonly stream: string;
  readonly consumer: string;
}

/** Where messages of a consumer are requested. */
export function nextSubject({ options }: Connection, { stream, consumer }: PullSource): string {
  return `${apiPrefix(options.domain)}.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
}
