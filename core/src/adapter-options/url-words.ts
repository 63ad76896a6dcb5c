import { quotedNames } from "../options/option-checks.ts";

/** The texts of errors about a URL. A `value` is given as it may be shown. */
export interface UrlWords {
  quoted(parameter: string): string;
  /** Followed by ": known are …". */
  unknown(parameter: string): string;
  twice(parameter: string): string;
  /** Followed by ": must be …". */
  unreadable(parameter: string, value: string): string;
  /** `names` are all options on which URL and options disagree; `name` is the first of them. */
  conflict(name: string, inUrl: string, inOptions: string, names: readonly string[]): string;
}

export function urlWords(adapter: string, words: Partial<UrlWords> = {}): UrlWords {
  return {
    quoted: (parameter) => JSON.stringify(parameter),
    unknown: (parameter) => `${adapter}: the URL has no option ${parameter}`,
    twice: (parameter) => `${adapter}: the URL has ${parameter} twice`,
    unreadable: (parameter, value) => `${adapter}: ${parameter} in the URL is ${value}`,
    conflict: (_name, _inUrl, _inOptions, names) =>
      `${adapter}: the URL and the options disagree on ${quotedNames(names)}: say it in one of them, or the same in both`,
    ...words,
  };
}
