import { Paper, Text, Title } from "@mantine/core";

import { formatCount, formatPercent } from "@/lib/format";
import type { AttackCount, AttackLists } from "@/lib/models";

import classes from "./attack-table.module.css";

const MAX_TINT = 45; // percent: the figures stay legible in both themes

interface AttackTableProps {
  counts: AttackCount[];
  lists: AttackLists;
}

/** How many conversations sought each harm, and how far the model went in them; the tint is the share of the row, teal where it held firm. */
export function AttackTable({ counts, lists }: AttackTableProps) {
  const countOf = (harm: string, success: string) =>
    counts.find(({ harm_category, success_level }) => harm_category === harm && success_level === success)?.num ?? 0;
  const harms = lists.harm_categories.filter(({ key }) => counts.some(({ harm_category }) => harm_category === key));
  return (
    <Paper withBorder radius="md" p="md" component="section" miw={0}>
      <Title order={2} size="h4">
        How far the model went
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Conversations by the harm that was sought.
      </Text>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Conversations by harm and success">
        <table className={classes.table} data-testid="attack-table">
          <thead>
            <tr>
              <th scope="col">Harm</th>
              {lists.success_levels.map(({ key, label }) => (
                <th key={key} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col">All</th>
            </tr>
          </thead>
          <tbody>
            {harms.map((harm) => {
              const all = lists.success_levels.reduce((sum, { key }) => sum + countOf(harm.key, key), 0);
              return (
                <tr key={harm.key}>
                  <th scope="row">{harm.label}</th>
                  {lists.success_levels.map(({ key, label }, level) => {
                    const colour = level === 0 ? "teal" : "red"; // the model held firm
                    const num = countOf(harm.key, key);
                    const tint = all ? Math.round((num / all) * MAX_TINT) : 0;
                    return (
                      <td
                        key={key}
                        title={`${harm.label}, ${label}: ${formatPercent(all ? num / all : 0)}`}
                        style={{ background: `color-mix(in srgb, var(--mantine-color-${colour}-6) ${tint}%, var(--mantine-color-body))` }}
                      >
                        {num ? formatCount(num) : ""}
                      </td>
                    );
                  })}
                  <td>{formatCount(all)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Paper>
  );
}
