import "./search.css";
import "../../parts/parts.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FoundLetter, FoundMessage, SearchAnswer } from "../../../../src/api/search.ts";
import { get } from "../../api.ts";
import { go } from "../../location.ts";
import { clockTime } from "../../parts/clock-time.ts";
import { EventSign } from "../../parts/event-sign.tsx";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { MessageLink } from "../../parts/message-link.tsx";
import { Notice } from "../../parts/notice.tsx";
import type { ScreenProps } from "../screen.ts";

type Outcome = { readonly answer: SearchAnswer } | { readonly error: string } | "searching" | undefined;

/** Looks for a message. */
export function Search({ query }: ScreenProps): JSX.Element {
  const asked = query.get("q") ?? "";
  const [text, setText] = useState(asked);
  const [outcome, setOutcome] = useState<Outcome>();
  useEffect(() => {
    setText(asked);
    if (asked === "") return setOutcome(undefined);
    const left = new AbortController();
    setOutcome("searching");
    get<SearchAnswer>("search", { q: asked }, left.signal)
      .then((answer) => setOutcome({ answer }))
      .catch((error: unknown) => {
        if (!left.signal.aborted) setOutcome({ error: error instanceof Error ? error.message : "no answer" });
      });
    return () => left.abort();
  }, [asked]);
  const search = (event: Event): void => {
    event.preventDefault();
    go(`/search?q=${encodeURIComponent(text.trim())}`);
  };
  return (
    <>
      <h1>Search</h1>
      <form class="toolbar" role="search" onSubmit={search}>
        <input
          type="search"
          aria-label="Id or text"
          placeholder="Id, or any text of a dead letter"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="main" disabled={text.trim().length < 2}>
          Search
        </button>
      </form>
      <div aria-live="polite">
        {outcome === "searching" && <p>Searching …</p>}
        {typeof outcome === "object" && "error" in outcome && <Notice kind="error">{outcome.error}</Notice>}
        {typeof outcome === "object" && "answer" in outcome && <Answer answer={outcome.answer} />}
      </div>
      <Limits />
    </>
  );
}

function Answer({
  answer: { messages, letters, searched, incomplete },
}: {
  readonly answer: SearchAnswer;
}): JSX.Element {
  return (
    <>
      <p>
        Searched: events {shownCount(searched.events)}, dead letters {shownCount(searched.letters)}, subscriptions{" "}
        {shownCount(searched.subscriptions)}.
        {messages.length + letters.length === 0 && <strong> Nothing was found.</strong>}
      </p>
      {incomplete.length > 0 && (
        <Notice kind="warning">
          Not searched to the end:{" "}
          {incomplete.slice(0, 10).map(({ of, why }) => (
            <span key={of}>
              {of} ({why}).{" "}
            </span>
          ))}
          {incomplete.length > 10 && <>And {incomplete.length - 10} more.</>}
        </Notice>
      )}
      {messages.length > 0 && <Messages messages={messages} />}
      {letters.length > 0 && <Letters letters={letters} />}
    </>
  );
}

function Messages({ messages }: { readonly messages: readonly FoundMessage[] }): JSX.Element {
  return (
    <section aria-labelledby="found-messages">
      <h2 id="found-messages">Messages with events</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Message</th>
              <th scope="col">Newest event</th>
              <th scope="col">In</th>
              <th scope="col" class="number">
                At
              </th>
              <th scope="col" class="number">
                Events
              </th>
            </tr>
          </thead>
          <tbody>
            {messages.map(({ id, type, topic, subscription, service, atMs, events }) => (
              <tr key={id}>
                <td>
                  <MessageLink id={id} />
                </td>
                <td>
                  <EventSign type={type} />
                </td>
                <td>
                  {[topic, subscription].filter((part) => part !== null).join("/")}
                  {service !== null && <span class="quiet"> · {service}</span>}
                </td>
                <td class="number">{clockTime(atMs)}</td>
                <td class="number">{shownCount(events)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Letters({ letters }: { readonly letters: readonly FoundLetter[] }): JSX.Element {
  return (
    <section aria-labelledby="found-letters">
      <h2 id="found-letters">Dead letters</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Letter</th>
              <th scope="col">Subscription</th>
              <th scope="col">Why</th>
              <th scope="col" class="number">
                Failed
              </th>
            </tr>
          </thead>
          <tbody>
            {letters.map(({ of, ref, id, reason, error, failed }) => (
              <tr key={`${of} ${ref}`}>
                <td>
                  <Link to={`/letters?of=${encodeURIComponent(of)}&ref=${encodeURIComponent(ref)}`}>
                    <ForeignText text={id} short />
                  </Link>
                </td>
                <td>{of}</td>
                <td class="found-error">
                  {reason} <ForeignText text={error} most={200} />
                </td>
                <td class="number">{shownTime(failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What no search finds. */
function Limits(): JSX.Element {
  return (
    <section class="panel search-limits" aria-labelledby="not-searched">
      <h2 id="not-searched">What is not searched</h2>
      <ul>
        <li>
          Messages that wait or are being handled: most brokers let nobody look through them without taking them, so
          that on no broker they are searched.
        </li>
        <li>Messages that were handled, beyond the newest events that are kept: their number is above.</li>
        <li>
          Bodies and attributes of messages that are no dead letters: events do not have them. Of a letter, the first 4
          KiB of the body are searched.
        </li>
        <li>What was archived.</li>
      </ul>
    </section>
  );
}
