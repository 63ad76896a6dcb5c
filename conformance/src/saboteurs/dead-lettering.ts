import {
  DEAD_LETTER_ATTRIBUTE,
  type Attributes,
  type Driver,
  type DriverDeadLetters,
  type OutgoingMessage,
  PubSubError,
  type SubscriptionSpec,
} from "@anytopic/core/driver";
import { forwardDeadLetters, forwardLetter } from "../intercept.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

function sabotageLetters(
  change: (letters: DriverDeadLetters, subscription: SubscriptionSpec, driver: Driver) => Partial<DriverDeadLetters>,
): Saboteur["sabotage"] {
  return sabotageDriver((driver) => ({
    openDeadLetters: async (subscription) => {
      const letters = await driver.openDeadLetters(subscription);
      return forwardDeadLetters(letters, change(letters, subscription, driver));
    },
  }));
}

/** Keeps those attributes. */
function picked(letter: OutgoingMessage, keep: (key: string) => boolean): OutgoingMessage {
  const attributes = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(letter.attributes)) if (keep(key)) attributes[key] = value;
  const { id, body, orderingKey, publishTimeMs } = letter;
  return { id, body, orderingKey, publishTimeMs, attributes: attributes satisfies Attributes };
}

const firstOfTopic = new Map<string, string>();

export const deadLettering: readonly Saboteur[] = [
  {
    name: "letters-without-reason",
    wrong: "dead letters do not say why they are there",
    killedBy: ["dead-letters.contents", "dead-letters.undecodable", "batches.undecodable"],
    sabotage: sabotageLetters((letters) => ({
      store: (letter) => letters.store(picked(letter, (key) => key !== DEAD_LETTER_ATTRIBUTE)),
    })),
  },
  {
    name: "letters-without-attributes",
    wrong: "dead letters lose the attributes of their message",
    killedBy: ["dead-letters.contents", "dead-letters.redrive"],
    sabotage: sabotageLetters((letters) => ({
      store: (letter) => letters.store(picked(letter, (key) => key === DEAD_LETTER_ATTRIBUTE)),
    })),
  },
  {
    name: "letters-without-key",
    wrong: "dead letters lose the ordering key of their message",
    killedBy: ["dead-letters.contents", "ordering.dead-letter"],
    sabotage: sabotageLetters((letters) => ({
      store: (letter) => letters.store({ ...letter, orderingKey: undefined }),
    })),
  },
  {
    name: "lose-letters",
    wrong: "dead letters are reported as stored, and are not",
    killedBy: ["dead-letters.poison", "retry.zero", "dead-letters.store-fails"],
    sabotage: sabotageLetters(() => ({ store: () => Promise.resolve() })),
  },
  {
    name: "letters-into-nowhere",
    wrong: "dead letters are sent to the broker and reported as stored, whether or not a queue exists that keeps them",
    killedBy: ["dead-letters.queue-gone"],
    sabotage: sabotageLetters((letters) => ({
      async store(letter) {
        try {
          await letters.store(letter);
        } catch (error) {
          if (!(error instanceof PubSubError && error.code === "NOT_FOUND")) throw error;
        }
      },
    })),
  },
  {
    name: "letters-of-first-subscription",
    wrong: "only the first subscription of a topic has a dead-letter queue",
    killedBy: ["dead-letters.each-subscription"],
    sabotage: sabotageLetters((_, { topic, name }) => {
      const first = firstOfTopic.get(topic.name) ?? name;
      firstOfTopic.set(topic.name, first);
      return first === name ? {} : { store: () => Promise.resolve() };
    }),
  },
  {
    name: "redrive-to-all",
    wrong: "a redriven letter is published to the topic again, so that every subscription gets it",
    killedBy: ["dead-letters.redrive", "exactly-once.redrive"],
    sabotage: sabotageLetters((_, { topic }, driver) => ({
      async redeliver(message) {
        const publisher = await driver.openPublisher(topic);
        await new Promise<void>((accept, reject) => {
          publisher.publish([{ ...message, id: `${message.id}-again`, awaited: true, accept, reject }]);
        });
      },
    })),
  },
  {
    name: "redrive-loses",
    wrong: "a redriven letter is removed and is never delivered",
    killedBy: ["dead-letters.redrive", "dead-letters.redrive-live"],
    sabotage: sabotageLetters(() => ({ redeliver: () => Promise.resolve() })),
  },
  {
    name: "scan-removes",
    wrong: "looking at dead letters removes them",
    killedBy: ["dead-letters.peek-and-purge", "dead-letters.scan"],
    sabotage: sabotageLetters((letters) => ({
      async scan(limit, visit) {
        const taken = await letters.take(Math.min(limit, 1000), 0);
        await Promise.all(taken.map((letter) => letter.remove()));
        for (const letter of taken) if (!visit(letter)) return;
      },
    })),
  },
  {
    name: "scan-of-one-page",
    wrong: "looking at dead letters ends after the first page of them",
    killedBy: ["dead-letters.scan"],
    sabotage: sabotageLetters((letters) => {
      if (letters.scan === undefined) return {};
      const scan = letters.scan.bind(letters);
      return { scan: (limit, visit) => scan(Math.min(limit, 100), visit) };
    }),
  },
  {
    name: "scan-keeps-on",
    wrong: "looking at dead letters goes on when nobody wants to see more",
    killedBy: ["dead-letters.scan"],
    sabotage: sabotageLetters((letters) => ({
      async scan(limit, visit) {
        await letters.scan?.(limit, (letter) => {
          visit(letter);
          return true;
        });
      },
    })),
  },
  {
    name: "keep-what-was-redriven",
    wrong: "letters stay in the dead-letter queue after they were redriven",
    killedBy: ["dead-letters.redrive"],
    sabotage: sabotageLetters((letters) => ({
      take: async (limit, waitMs) =>
        (await letters.take(limit, waitMs)).map((letter) => ({
          ...letter,
          remove: () => letter.putBack(),
          putBack: () => letter.putBack(),
        })),
    })),
  },
  {
    name: "remove-letters-when-taken",
    wrong:
      "letters are removed from their queue when a redrive takes them, before the broker has stored their messages",
    killedBy: ["dead-letters.redrive-fails", "dead-letters.redrive-some"],
    says: "3 letters: the refused one and those behind it",
    sabotage: sabotageLetters((letters) => ({
      async take(limit, waitMs) {
        const taken = await letters.take(limit, waitMs);
        await Promise.all(taken.map((letter) => letter.remove()));
        const nothing = { remove: () => Promise.resolve(), putBack: () => Promise.resolve() };
        return taken.map((letter) => forwardLetter(letter, nothing));
      },
    })),
  },
  {
    name: "letters-told-by-id",
    wrong:
      "letters are identified by what publishers chose, so that a redrive sees only one of two with the same id and time",
    killedBy: ["dead-letters.stored-twice"],
    sabotage: sabotageLetters((letters) => ({
      take: async (limit, waitMs) =>
        (await letters.take(limit, waitMs)).map((letter) => ({ ...letter, mark: undefined })),
    })),
  },
  {
    name: "lose-what-is-put-back",
    wrong: "letters that a redrive leaves are lost",
    killedBy: ["dead-letters.redrive-some"],
    says: "an interrupted redrive to reject, it resolved with 0",
    sabotage: sabotageLetters((letters) => ({
      take: async (limit, waitMs) =>
        (await letters.take(limit, waitMs)).map((letter) => forwardLetter(letter, { putBack: () => letter.remove() })),
    })),
  },
];
