import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterChoice } from "../../../../src/api/letters.ts";
import { Notice } from "../../parts/notice.tsx";
import { savePosted } from "../../parts/save-file.ts";
import { refusalWords } from "../../parts/refusal-words.ts";

interface ExportButtonProps {
  readonly of: string;
  readonly choice: LetterChoice;
  readonly label: string;
}

/** Saves whole letters, one as JSON on each line. */
export function ExportButton({ of, choice, label }: ExportButtonProps): JSX.Element {
  const [said, setSaid] = useState("");
  const [error, setError] = useState<string>();
  const save = async (): Promise<void> => {
    setSaid("Reading…");
    setError(undefined);
    try {
      await savePosted("letters/export", { of, choice }, `letters-${of.replace("/", "-")}.jsonl`);
      setSaid("Saved");
    } catch (caught) {
      setSaid("");
      setError(refusalWords(caught));
    }
  };
  return (
    <>
      <button type="button" title="Whole letters, as JSON lines" onClick={() => void save()}>
        {label}
      </button>
      <span class="quiet" role="status">
        {said}
      </span>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
    </>
  );
}
