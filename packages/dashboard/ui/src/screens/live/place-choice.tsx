import type { JSX } from "preact";
import type { Topics } from "../../../../src/api/topics.ts";
import { replaceQuery } from "../../location.ts";
import { usePolled } from "../../use-polled.ts";

const TOPICS_EVERY_MS = 60_000;

/** Everything, one topic, or one subscription. */
export function PlaceChoice({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const { value } = usePolled<Topics>("topics", { everyMs: TOPICS_EVERY_MS });
  const topic = query.get("topic") ?? "";
  const subscription = query.get("subscription") ?? "";
  const chosen = subscription === "" ? topic : `${topic}/${subscription}`;
  const choose = (path: string): void => {
    const [newTopic = "", newSubscription = ""] = path.split("/");
    replaceQuery("topic", newTopic);
    replaceQuery("subscription", newSubscription);
  };
  return (
    <select aria-label="Topic or subscription" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">All topics</option>
      {value?.topics.map(({ name, subscriptions }) => (
        <optgroup key={name} label={name}>
          <option value={name}>{name}</option>
          {subscriptions.map((one) => (
            <option key={one} value={`${name}/${one}`}>
              {name}/{one}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
