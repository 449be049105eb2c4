import { useEffect, useMemo, useState, type ReactNode } from "react";

interface Row {
  id: number;
  name: string;
  price?: number;
}

type Props = {
  rows: Row[];
  onChoose: (row: Row) => void;
  children?: ReactNode;
};

export function Table({ rows, onChoose, children }: Props) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = useMemo(() => rows.filter((row) => row.name.includes(query)), [rows, query]);

  useEffect(() => {
    const row = rows.find((one) => one.id === chosen);
    if (row) {
      onChoose(row);
    }
  }, [chosen]);

  return (
    <section className="table">
      <input value={query} placeholder="Search" onChange={(event) => setQuery(event.target.value)} />
      {shown.length === 0 ? (
        <p>Nothing found for “{query}”.</p>
      ) : (
        <ul>
          {shown.map((row) => (
            <li key={row.id} onClick={() => setChosen(row.id)} aria-selected={row.id === chosen}>
              {row.name} {row.price !== undefined && <b>{row.price.toFixed(2)} €</b>}
            </li>
          ))}
        </ul>
      )}
      {children}
    </section>
  );
}
