import { Reject, type DeadLetter, type PubSub } from "@anytopic/core";

import { EmailProvider, InvalidAddressError } from "./email-provider.ts";
import type { Narrator } from "./narrator.ts";
import { CountSignups, SendWelcomeEmail, Signups, type SignupEvent } from "./signups.ts";

const PEOPLE: readonly SignupEvent[] = [
  { userId: 1, email: "ada@example.com", plan: "team" },
  { userId: 2, email: "grace@example.com", plan: "free" },
  { userId: 3, email: "edsger(at)example.com", plan: "free" },
  { userId: 4, email: "barbara@example.com", plan: "team" },
];
const PROVIDER_DOWN_MS = 1500;

/**
 * Signup events with two subscriptions. The e-mail provider fails for a while. One event can never succeed; its dead
 * letter is shown, fixed and redriven. The same on every broker. Throws if the result is not as expected.
 */
export async function tellStory(pubsub: PubSub, say: Narrator): Promise<void> {
  // Removes what an interrupted earlier run may have left.
  await pubsub.destroy([SendWelcomeEmail, CountSignups]);
  const provider = new EmailProvider();
  const counted = new Set<number>();

  say.step("Two subscriptions on one topic");
  const emails = await pubsub.subscribe(SendWelcomeEmail, (event, context) => {
    try {
      provider.send(event.email);
      say.line("welcome-email", `${event.email}: sent at attempt ${context.attempt}`);
    } catch (error) {
      say.line("welcome-email", `${event.email}: attempt ${context.attempt} failed, ${(error as Error).message}`);
      // A Reject goes to the dead-letter queue at once; any other error is retried by the policy.
      throw error instanceof InvalidAddressError ? new Reject(error.message) : error;
    }
  });
  const analytics = await pubsub.subscribe(CountSignups, (event) => {
    counted.add(event.userId);
    say.line("analytics", `${event.email}: counted, ${counted.size} so far, not delayed by the e-mails`);
  });

  say.step(`Publish ${PEOPLE.length} signups, while the e-mail provider is down for ${PROVIDER_DOWN_MS} ms`);
  provider.goDown(PROVIDER_DOWN_MS);
  for (const person of PEOPLE) {
    const id = await pubsub.publish(Signups, person);
    say.line("publisher", `${person.email}: accepted by the broker, id ${id}`);
  }
  await say.until("every signup is counted", () => counted.size === PEOPLE.length);
  await say.until("the valid addresses have their e-mail", () => provider.sent.length === PEOPLE.length - 1);

  say.step("One event could never succeed: its dead letter");
  const letters = pubsub.deadLetters(SendWelcomeEmail);
  let letter: DeadLetter | undefined;
  await say.until("the dead letter is there", async () => {
    [letter] = await letters.peek();
    return letter !== undefined;
  });
  if (letter !== undefined) say.letter(letter);

  say.step("Fix it and redrive it: to the welcome e-mails only");
  const released = await letters.redrive({ edit: (broken) => ({ body: fixedBody(broken.body) }) });
  say.line("operator", `${released} dead letter redriven`);
  await say.until("the last e-mail is sent", () => provider.sent.length === PEOPLE.length);
  await emails.close();
  await analytics.close();
  say.step(`Done: ${PEOPLE.length} signups, ${provider.sent.length} e-mails, ${counted.size} counted, nothing lost`);
  await pubsub.destroy([SendWelcomeEmail, CountSignups]);
}

function fixedBody(body: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(body).toString("utf8").replace("(at)", "@"));
}
