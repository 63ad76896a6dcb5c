import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EditCheck, LetterDetail, WireEdit } from "../../../../src/api/letters.ts";
import { jsonProblem } from "../../../../src/letters/json-problem.ts";
import { post } from "../../api.ts";
import { shownCount } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { hasInvisible } from "../../parts/visible-text.ts";
import { refusalWords } from "../../parts/refusal-words.ts";
import { attributePairs, attributeText } from "./attribute-text.ts";
import { Difference } from "./difference.tsx";

interface LetterEditorProps {
  readonly of: string;
  readonly letter: LetterDetail;
  readonly onRedrive: (edit: WireEdit) => void;
  readonly onCancel: () => void;
}

interface Checked {
  readonly edit: WireEdit;
  readonly check: EditCheck;
}

/** Edit, check, look at the difference, redrive. A change after the check asks for another one. */
export function LetterEditor({ of, letter, onRedrive, onCancel }: LetterEditorProps): JSX.Element {
  const { form, row, isCut } = letter;
  const before = { body: letter.body, attributes: attributeText(letter.attributes) };
  const [body, setBody] = useState(before.body);
  const [attributes, setAttributes] = useState(before.attributes);
  const [checked, setChecked] = useState<Checked>();
  const [error, setError] = useState<string>();
  const isJson = form === "json" || form === "value";
  const bodyProblem = isJson ? jsonProblem(body) : undefined;
  const attributeProblem = problemOfAttributes(attributes);
  const isChanged = body !== before.body || attributes !== before.attributes;
  const change = (set: (text: string) => void) => (event: { readonly currentTarget: HTMLTextAreaElement }) => {
    set(event.currentTarget.value);
    setChecked(undefined);
    setError(undefined);
  };
  const check = async (event: Event): Promise<void> => {
    event.preventDefault();
    const pairs = attributeProblem === undefined ? attributePairs(attributes) : undefined;
    const edit: WireEdit = {
      ...(body === before.body ? {} : { body: { form, text: body } }),
      ...(attributes === before.attributes || typeof pairs !== "object" ? {} : { attributes: pairs }),
    };
    try {
      setChecked({ edit, check: await post<EditCheck>("letters/check", { of, ref: row.ref, edit }) });
      setError(undefined);
    } catch (caught) {
      setError(refusalWords(caught));
    }
  };
  return (
    <form class="editor" onSubmit={(event) => void check(event)}>
      <h2>Edit</h2>
      {hasInvisible(body) && !isCut && (
        <Notice kind="warning">The body has characters that are invisible, or turn the direction of the text.</Notice>
      )}
      <label>
        <span>Body{isJson ? ", as JSON" : form === "hex" ? ", in hexadecimal" : ", as text"}</span>
        <textarea
          class="code"
          rows={Math.min(30, body.split("\n", 31).length + 1)}
          spellcheck={false}
          disabled={isCut}
          value={isCut ? "" : body}
          placeholder={isCut ? "too long to edit here: it stays as it is" : ""}
          aria-invalid={bodyProblem !== undefined}
          aria-describedby="body-problem"
          onInput={change(setBody)}
        />
      </label>
      <p id="body-problem" class="problem" role="status">
        {isCut ? "" : bodyProblem}
      </p>
      <label>
        <span>Attributes, as JSON</span>
        <textarea
          class="code"
          rows={Math.min(20, attributes.split("\n", 21).length + 1)}
          spellcheck={false}
          value={attributes}
          aria-invalid={attributeProblem !== undefined}
          aria-describedby="attributes-problem"
          onInput={change(setAttributes)}
        />
      </label>
      <p id="attributes-problem" class="problem" role="status">
        {attributeProblem}
      </p>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {checked !== undefined && <CheckResult {...checked.check} />}
      {checked !== undefined && checked.check.problems.length === 0 && (
        <>
          <Difference title="Body" before={before.body} after={body} />
          <Difference title="Attributes" before={before.attributes} after={attributes} />
          {!isChanged && <p class="quiet">Nothing is changed.</p>}
        </>
      )}
      <p class="buttons">
        <button
          type="submit"
          class={checked === undefined ? "main" : ""}
          disabled={attributeProblem !== undefined || (bodyProblem !== undefined && !isCut)}
        >
          Check
        </button>
        {checked !== undefined && checked.check.problems.length === 0 && isChanged && (
          <button type="button" class="main" onClick={() => onRedrive(checked.edit)}>
            Redrive with these changes…
          </button>
        )}
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </p>
    </form>
  );
}

function CheckResult({ problems, notes, bytes, maxBytes }: EditCheck): JSX.Element {
  if (problems.length === 0) {
    return (
      <Notice kind="done">
        It can be sent: {shownCount(bytes)} of at most {shownCount(maxBytes)} bytes. {notes.join(" ")}
      </Notice>
    );
  }
  return (
    <div class="notice error" role="alert">
      It cannot be sent:
      <ul>
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </div>
  );
}

function problemOfAttributes(text: string): string | undefined {
  const problem = jsonProblem(text);
  if (problem !== undefined) return problem;
  const pairs = attributePairs(text);
  return typeof pairs === "string" ? pairs : undefined;
}
