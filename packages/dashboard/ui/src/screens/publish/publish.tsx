import "./publish.css";
import "../../parts/parts.css";
import type { JSX } from "preact";
import type { Topics } from "../../../../src/api/topics.ts";
import { replaceQuery } from "../../location.ts";
import { Notice } from "../../parts/notice.tsx";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { PublishForm } from "./publish-form.tsx";

const TOPICS_EVERY_MS = 60_000;

/** Publishes one event to a declared topic. */
export function Publish({ session, query }: ScreenProps): JSX.Element {
  const { value, error } = usePolled<Topics>("topics", { everyMs: TOPICS_EVERY_MS });
  const topics = value?.topics ?? [];
  const topic = query.get("topic") ?? topics[0]?.name ?? "";
  return (
    <>
      <h1>Publish</h1>
      {error && <Notice kind="error">{error.message}</Notice>}
      {!session.can.includes("publish") && (
        <Notice kind="warning">
          You may look, but not publish. With <code>anytopic dashboard</code>, start it with{" "}
          <code>--allow publish</code>; in an application, <code>authorize</code> gives the permission{" "}
          <code>"publish"</code>.
        </Notice>
      )}
      {value !== undefined && topics.length === 0 && <p>No topic is declared.</p>}
      {topics.length > 0 && (
        <>
          <div class="field">
            <label for="publish-topic">Topic</label>
            <select
              id="publish-topic"
              value={topic}
              onChange={(event) => replaceQuery("topic", event.currentTarget.value)}
            >
              {topics.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <Receivers count={topics.find(({ name }) => name === topic)?.subscriptions.length} />
          </div>
          <PublishForm key={topic} topic={topic} mayPublish={session.can.includes("publish")} />
        </>
      )}
    </>
  );
}

function Receivers({ count }: { readonly count: number | undefined }): JSX.Element | null {
  if (count === undefined) return null;
  if (count === 0) return <span class="quiet">No declared subscription gets it.</span>;
  const words =
    count === 1 ? "One subscription gets it, through its" : `${count} subscriptions get it, each through its own`;
  return <span class="quiet">{words} filter.</span>;
}
