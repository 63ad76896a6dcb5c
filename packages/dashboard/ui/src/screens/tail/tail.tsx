import "./tail.css";
import "../../parts/parts.css";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { TailAnswer, TailBatch, TailMessage } from "../../../../src/api/tail.ts";
import type { Topics } from "../../../../src/api/topics.ts";
import { post } from "../../api.ts";
import { replaceQuery } from "../../location.ts";
import { Notice } from "../../parts/notice.tsx";
import { useRedraw } from "../../parts/use-redraw.ts";
import { useStream } from "../../parts/use-stream.ts";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { TailRow } from "./tail-row.tsx";

const TOPICS_EVERY_MS = 60_000;
/** Bodies are long: no more are in the document. */
const MOST_ROWS = 100;

/** Bodies of a topic, as they come. */
export function TailScreen({ session, query }: ScreenProps): JSX.Element {
  const { value } = usePolled<Topics>("topics", { everyMs: TOPICS_EVERY_MS });
  const topics = value?.topics ?? [];
  const topic = query.get("topic") ?? topics[0]?.name ?? "";
  const attribute = query.get("attribute") ?? "";
  const [running, setRunning] = useState<TailAnswer>();
  const [problem, setProblem] = useState<string>();
  const mayTail = session.can.includes("tail");
  useEffect(() => () => endTail(running), [running]);
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(undefined);
    try {
      setRunning(await post<TailAnswer>("tail", { topic, attributes: attributesOf(attribute) }));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "the dashboard's process does not answer");
    }
  };
  return (
    <>
      <h1>Tail</h1>
      {!mayTail && (
        <Notice kind="warning">
          You may look, but not tail: it creates a temporary subscription on the broker. With{" "}
          <code>anytopic dashboard</code>, start it with <code>--allow tail</code>; in an application,{" "}
          <code>authorize</code> gives the permission <code>"tail"</code>.
        </Notice>
      )}
      <form class="toolbar" onSubmit={(event) => void begin(event)}>
        <label>
          Topic{" "}
          <select
            value={topic}
            disabled={running !== undefined}
            onChange={(event) => replaceQuery("topic", event.currentTarget.value)}
          >
            {topics.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Only with{" "}
          <input
            type="text"
            aria-label="Only with the attribute"
            placeholder="attribute=value"
            disabled={running !== undefined}
            value={attribute}
            onInput={(event) => replaceQuery("attribute", event.currentTarget.value)}
          />
        </label>
        {running === undefined ? (
          <button type="submit" class="main" disabled={!mayTail || topic === ""}>
            Start
          </button>
        ) : (
          <button type="button" onClick={() => setRunning(undefined)}>
            Stop
          </button>
        )}
      </form>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {running === undefined ? (
        <p class="quiet">
          A tail creates a temporary subscription, so that everybody else still gets every message, and removes it when
          you stop or leave. It shows what is published from now on.
        </p>
      ) : (
        <Running key={running.tail} tail={running} topic={topic} />
      )}
    </>
  );
}

function Running({
  tail: { tail, subscription },
  topic,
}: {
  readonly tail: TailAnswer;
  readonly topic: string;
}): JSX.Element {
  const kept = useMemo(() => ({ rows: [] as readonly TailMessage[], missed: 0, ended: null as string | null }), []);
  const redraw = useRedraw();
  const state = useStream(
    kept.ended === null ? `tail-events?tail=${tail}` : undefined,
    (given) => {
      const { messages, missed, ended } = given as TailBatch;
      kept.rows = [...messages.slice(-MOST_ROWS).toReversed(), ...kept.rows].slice(0, MOST_ROWS);
      kept.missed += missed;
      kept.ended = ended;
      redraw();
    },
    { whileHidden: true },
  );
  const { rows, missed, ended } = kept;
  return (
    <>
      <p class="quiet" role="status">
        {ended === null ? (
          <>
            Following {topic} through {subscription}.{" "}
          </>
        ) : (
          <strong>The tail has ended: {ended}. Stop, and start it again. </strong>
        )}
        {state === "lost" && ended === null && (
          <strong class="is-problem">The dashboard does not answer; trying again. </strong>
        )}
        {missed > 0 && <>{missed.toLocaleString("en-US")} messages came too fast to be shown. </>}
        {rows.length === MOST_ROWS && <>The newest {MOST_ROWS} are shown.</>}
      </p>
      {rows.length === 0 && ended === null && <div class="panel">Waiting for the next message of {topic} …</div>}
      <ol class="tail">
        {rows.map((message) => (
          <TailRow key={message.position} message={message} />
        ))}
      </ol>
    </>
  );
}

/** Also when the visitor goes to another screen. Who closes the window ends it too, a few seconds later. */
function endTail(running: TailAnswer | undefined): void {
  if (running !== undefined) post("tail-end", { tail: running.tail }).catch(() => {});
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  const [key = "", ...rest] = text.split("=");
  if (text.trim() === "") return {};
  if (rest.length === 0 || key === "") throw new Error("write the attribute as name=value");
  return { [key]: rest.join("=") };
}
