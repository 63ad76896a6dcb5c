import type { Msg } from "@nats-io/nats-core";
import type { Connection } from "../connection.ts";
import { ReplyInbox } from "./reply-inbox.ts";

/** Publishes for the driver itself, with a promise for each reply. */
export class Asker {
  readonly #inbox: ReplyInbox<PromiseWithResolvers<Msg>>;

  constructor(connection: Connection) {
    this.#inbox = new ReplyInbox(connection, {
      replied: (question, reply) => question.resolve(reply),
      lost: (question, error) => question.reject(error),
    });
  }

  ask(subject: string, body: Uint8Array, headers: string | undefined): Promise<Msg> {
    const question = Promise.withResolvers<Msg>();
    this.#inbox.ask(subject, body, headers, question);
    return question.promise;
  }

  close(): void {
    this.#inbox.close();
  }
}
