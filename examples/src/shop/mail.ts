import { Reject, type DeadLetter, type PubSub } from "@anytopic/core";

import type { Journal } from "./journal.ts";
import { MailSent, SendMail, type Mail } from "./topics.ts";

export interface MailService {
  /** What was sent, by order. */
  readonly sent: ReadonlyMap<string, Mail>;
  /** The first mail that could not be sent, as soon as there is one. */
  readonly deadLetter: () => Promise<DeadLetter | undefined>;
  /** Corrects the addresses of the mails that could not be sent, and redrives them. Returns how many. */
  readonly release: (corrected: (address: string) => string) => Promise<number>;
}

/** Sends mails. It may get the same request twice: its topic is at-least-once. */
export async function startMail(pubsub: PubSub, journal: Journal): Promise<MailService> {
  const sent = new Map<string, Mail>();

  await pubsub.subscribe(SendMail, async (mail, { attempt }) => {
    if (!mail.to.includes("@")) {
      journal.addOnce("mail refused", mail, attempt);
      // Another attempt would not help, so it goes to the dead-letter queue at once.
      throw new Reject(`${mail.to} is not an address`);
    }
    if (journal.addOnce("mail sent", mail, attempt)) sent.set(mail.order, mail);
    await pubsub.publish(MailSent, mail, { id: `sent-${mail.order}` });
  });

  const letters = pubsub.deadLetters(SendMail);
  return {
    sent,
    deadLetter: async () => (await letters.peek({ limit: 1 }))[0],
    release: async (corrected) =>
      await letters.redrive({
        edit({ body }) {
          const mail = JSON.parse(Buffer.from(body).toString("utf8")) as Mail;
          return { body: Buffer.from(JSON.stringify({ ...mail, to: corrected(mail.to) })) };
        },
      }),
  };
}
