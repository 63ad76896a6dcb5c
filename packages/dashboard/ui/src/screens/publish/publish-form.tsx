import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { PublishAnswer, PublishCheck, TopicDetail } from "../../../../src/api/topics.ts";
import { get, post } from "../../api.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownBytes } from "../../parts/format.ts";
import { MessageLink } from "../../parts/message-link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { AttributeLines } from "./attribute-lines.tsx";
import { type Draft, EMPTY_DRAFT, requestOf } from "./draft.ts";
import { EventEditor } from "./event-editor.tsx";
import { firstValue } from "./json-schema.ts";
import { TemplateList } from "./template-list.tsx";
import { Times } from "./times.tsx";

type Outcome = { readonly error: string } | { readonly id: string } | { readonly check: PublishCheck };

interface PublishFormProps {
  readonly topic: string;
  readonly mayPublish: boolean;
}

export function PublishForm({ topic, mayPublish }: PublishFormProps): JSX.Element {
  const [detail, setDetail] = useState<TopicDetail>();
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [outcome, setOutcome] = useState<Outcome>();
  const [isBusy, setBusy] = useState(false);
  const place = useRef<HTMLFormElement>(null);
  const change = (part: Partial<Draft>): void => setDraft((former) => ({ ...former, ...part }));
  useEffect(() => {
    const read = async (): Promise<void> => {
      const found = await get<TopicDetail>("topic", { name: topic });
      setDetail(found);
      change({ form: found.forms[0] ?? "json", text: firstText(found) });
    };
    read().catch((error: unknown) => setOutcome({ error: wordsOf(error) }));
  }, [topic]);
  const ask = async (send: () => Promise<Outcome>): Promise<void> => {
    setBusy(true);
    setOutcome(await send().catch((error: unknown) => ({ error: wordsOf(error) })));
    setBusy(false);
  };
  const publish = (event: Event): void => {
    event.preventDefault();
    void ask(async () => await post<PublishAnswer>("publish", requestOf(topic, draft)));
  };
  const check = (): void =>
    void ask(async () => ({ check: await post<PublishCheck>("publish-check", requestOf(topic, draft)) }));
  if (detail === undefined) return <>{outcome && <OutcomeWords outcome={outcome} />}</>;
  return (
    <div class="publish">
      <form ref={place} onSubmit={publish} class="panel" aria-label={`Publish to ${topic}`}>
        <EventEditor key={draft.form} detail={detail} draft={draft} onChange={change} />
        <AttributeLines lines={draft.attributes} onChange={(attributes) => change({ attributes })} />
        {detail.hasAttributes && <p class="quiet">The declaration adds attributes; those that you write win.</p>}
        <Times draft={draft} onChange={change} />
        <p class="actions">
          <button type="submit" class="main" disabled={!mayPublish || isBusy}>
            Publish
          </button>
          <button type="button" disabled={!mayPublish || isBusy} onClick={check}>
            Check only
          </button>
        </p>
        {outcome && <OutcomeWords outcome={outcome} />}
      </form>
      <TemplateList
        topic={topic}
        draft={draft}
        onUse={({ form, text, attributes }) => {
          change({ form, text, attributes });
          place.current?.querySelector<HTMLElement>("input, textarea")?.focus();
        }}
      />
    </div>
  );
}

function firstText({ jsonSchema, forms }: TopicDetail): string {
  if (forms[0] !== "json") return "";
  return jsonSchema === null ? "" : JSON.stringify(firstValue(jsonSchema) ?? {}, null, 2);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : "the dashboard's process does not answer";
}

function OutcomeWords({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  if ("error" in outcome) {
    return (
      <Notice kind="error">
        Not published: <ForeignText text={outcome.error} most={2000} />
      </Notice>
    );
  }
  if ("id" in outcome) {
    return (
      <Notice kind="done">
        Published as <MessageLink id={outcome.id} />. Its timeline shows what becomes of it.
      </Notice>
    );
  }
  const { bytes, orderingKey, attributes } = outcome.check;
  return (
    <Notice kind="done">
      It can be published: {shownBytes(bytes)}
      {orderingKey !== null && (
        <>
          , ordering key <ForeignText text={orderingKey} />
        </>
      )}
      {Object.entries(attributes).map(([key, value]) => (
        <span key={key}>
          , <ForeignText text={`${key}=${value}`} />
        </span>
      ))}
      . Nothing was sent. The limits of the broker are checked when it is published.
    </Notice>
  );
}
