import classes from "./heat-map.module.css";

export interface HeatCell {
  value: number;
  title: string;
}

interface HeatMapProps {
  caption: string;
  names: string[];
  /** cells[row][column]; undefined where there is nothing to show. */
  cells: (HeatCell | undefined)[][];
  low: number;
  high: number;
  format: (value: number) => string;
}

/** A square table of figures, coloured from low (orange) to high (teal). */
export function HeatMap({ caption, names, cells, low, high, format }: HeatMapProps) {
  const share = (value: number) => Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={caption}>
      <table className={classes.table}>
        <caption className={classes.caption}>{caption}</caption>
        <thead>
          <tr>
            <td />
            {names.map((name, column) => (
              <th key={column} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, row) => (
            <tr key={row}>
              <th scope="row">{name}</th>
              {names.map((_, column) => {
                const cell = cells[row]?.[column];
                if (!cell) return <td key={column} className={row === column ? classes.same : undefined} />;
                const percent = Math.round(share(cell.value) * 100);
                const hue = `color-mix(in srgb, var(--mantine-color-teal-6) ${percent}%, var(--mantine-color-orange-6))`;
                return (
                  <td
                    key={column}
                    title={cell.title}
                    className={classes.cell}
                    style={{ background: `color-mix(in srgb, ${hue} 42%, var(--mantine-color-body))` }}
                  >
                    {format(cell.value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
