import { Group, Stack, Text } from "@mantine/core";

import { formatPercent, humanize } from "@/lib/format";
import type { Evaluation } from "@/lib/models";

import classes from "./win-rate.module.css";

/** How often a was preferred to b, with its interval; the dashed line is even. */
export function WinRate({ evaluation }: { evaluation: Evaluation }) {
  const { rate, low, high, n, wins, ties, losses, axis } = evaluation;
  const verdict = low > 0.5 ? classes.won : high < 0.5 ? classes.lost : "";
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={axis === "overall" ? 600 : 400}>
          {humanize(axis)}
        </Text>
        <Text size="sm" ff="monospace">
          {formatPercent(rate, 1)}{" "}
          <Text span size="xs" c="dimmed">
            [{formatPercent(low, 1)}, {formatPercent(high, 1)}], n = {n}
          </Text>
        </Text>
      </Group>
      <div
        className={classes.track}
        role="img"
        aria-label={`${wins} wins, ${ties} ties, ${losses} losses`}
        title={`${wins} wins, ${ties} ties, ${losses} losses`}
      >
        <div className={`${classes.bar} ${verdict}`} style={{ width: formatPercent(rate, 2) }} />
        <div className={classes.half} />
        <div
          className={classes.interval}
          style={{ left: formatPercent(low, 2), width: formatPercent(high - low, 2) }}
        />
      </div>
    </Stack>
  );
}
