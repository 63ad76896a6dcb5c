import { useEffect, useState } from "preact/hooks";
import type { LetterChoice, LetterCount } from "../../../../src/api/letters.ts";
import { post } from "../../api.ts";
import { refusalWords } from "../../parts/refusal-words.ts";

/** The dry run: how many letters an action would concern. */
export function useCount(of: string, choice: LetterChoice): { readonly count?: LetterCount; readonly error?: string } {
  const [state, setState] = useState<{ readonly count?: LetterCount; readonly error?: string }>({});
  useEffect(() => {
    let isGone = false;
    const ask = async (): Promise<void> => {
      try {
        const count = await post<LetterCount>("letters/count", { of, choice });
        if (!isGone) setState({ count });
      } catch (caught) {
        const error = refusalWords(caught);
        if (!isGone) setState({ error });
      }
    };
    void ask();
    return () => {
      isGone = true;
    };
  }, []);
  return state;
}
