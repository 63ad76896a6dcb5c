import type { JSX } from "preact";
import { shownCount } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { lettersAddress } from "./addresses.ts";

interface PageLinksProps {
  readonly query: Readonly<Record<string, string>>;
  readonly page: number;
  readonly pages: number;
}

export function PageLinks({ query, page, pages }: PageLinksProps): JSX.Element | null {
  if (pages < 2) return null;
  const to = (number: number): string => lettersAddress({ ...query, page: String(number) });
  return (
    <nav aria-label="Pages" class="pages">
      {page > 0 && <Link to={to(0)}>First</Link>}
      {page > 0 && <Link to={to(page - 1)}>Previous</Link>}
      <span>
        Page {shownCount(page + 1)} of {shownCount(pages)}
      </span>
      {page < pages - 1 && <Link to={to(page + 1)}>Next</Link>}
      {page < pages - 1 && <Link to={to(pages - 1)}>Last</Link>}
    </nav>
  );
}
