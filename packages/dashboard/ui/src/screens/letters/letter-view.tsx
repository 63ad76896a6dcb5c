import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LetterDetail, WireEdit } from "../../../../src/api/letters.ts";
import type { Session } from "../../../../src/api/session.ts";
import { get } from "../../api.ts";
import { go } from "../../location.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { ScreenHeading } from "../../parts/screen-heading.tsx";
import { refusalWords } from "../../parts/refusal-words.ts";
import { lettersAddress } from "./addresses.ts";
import { ExportButton } from "./export-button.tsx";
import { letterActions } from "./letter-action.ts";
import { LetterBody } from "./letter-body.tsx";
import { LetterEditor } from "./letter-editor.tsx";
import { AttributesTable, LetterFacts } from "./letter-facts.tsx";
import { PurgeDialog } from "./purge-dialog.tsx";
import { RedriveDialog } from "./redrive-dialog.tsx";

interface LetterViewProps {
  readonly of: string;
  readonly letterRef: string;
  readonly can: Session["can"];
}

type Step = "look" | "edit" | "redrive" | "purge";

/** One letter: what it is, why it failed, and what can be done with it. */
export function LetterView({ of, letterRef, can }: LetterViewProps): JSX.Element {
  const [letter, setLetter] = useState<LetterDetail>();
  const [error, setError] = useState<string>();
  const [step, setStep] = useState<Step>("look");
  const [edit, setEdit] = useState<WireEdit>();
  useEffect(() => {
    const ended = new AbortController();
    get<LetterDetail>("letters/letter", { of, ref: letterRef }, ended.signal).then(setLetter, (caught: unknown) => {
      if (!ended.signal.aborted) {
        setError(refusalWords(caught));
      }
    });
    return () => ended.abort();
  }, []);
  const actions = letterActions(can);
  const choice = { kind: "letters", refs: [letterRef] } as const;
  const close = (): void => setStep(edit === undefined ? "look" : "edit");
  const begun = (): void => go(lettersAddress({ of }));
  return (
    <>
      <nav aria-label="Where you are">
        <Link to={lettersAddress()}>Dead letters</Link> / <Link to={lettersAddress({ of })}>{of}</Link> /
      </nav>
      <ScreenHeading>
        Letter {letter !== undefined && <ForeignText text={letter.row.id} most={60} short />}
      </ScreenHeading>
      {error !== undefined && (
        <Notice kind="error">
          {error}. <Link to={lettersAddress({ of })}>Go to the list</Link>
        </Notice>
      )}
      {letter === undefined && error === undefined && <p role="status">Reading the letter…</p>}
      {letter !== undefined && (
        <>
          {step === "look" && (
            <p class="buttons">
              {actions.includes("redrive") && (
                <>
                  <button type="button" class="main" onClick={() => setStep("redrive")}>
                    Redrive…
                  </button>
                  <button type="button" onClick={() => setStep("edit")}>
                    Edit…
                  </button>
                </>
              )}
              {actions.includes("purge") && (
                <button type="button" class="danger" onClick={() => setStep("purge")}>
                  Purge…
                </button>
              )}
              <ExportButton of={of} choice={choice} label="Download letter" />
            </p>
          )}
          <LetterFacts letter={letter} />
          {step === "edit" || edit !== undefined ? (
            <LetterEditor
              of={of}
              letter={letter}
              onCancel={() => {
                setEdit(undefined);
                setStep("look");
              }}
              onRedrive={(wanted) => {
                setEdit(wanted);
                setStep("redrive");
              }}
            />
          ) : (
            <>
              <LetterBody of={of} letter={letter} />
              <h2>Attributes</h2>
              <AttributesTable attributes={letter.attributes} />
            </>
          )}
        </>
      )}
      {step === "redrive" && <RedriveDialog of={of} choice={choice} edit={edit} onClose={close} onBegun={begun} />}
      {step === "purge" && <PurgeDialog of={of} choice={choice} onClose={close} onBegun={begun} />}
    </>
  );
}
