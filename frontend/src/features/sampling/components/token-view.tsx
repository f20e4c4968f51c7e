import { Button, Code, Divider, Group, Progress, Stack, Text } from "@mantine/core";
import { useRef, useState, type KeyboardEvent } from "react";

import { formatPercent } from "@/lib/format";
import type { SampledToken, SampleResult } from "@/lib/models";

import classes from "./token-view.module.css";

interface TokenViewProps {
  result: SampleResult;
  onGoOn: (text: string) => void;
}

/** Doubt of a token on a scale where 1/1000 is all doubt: its log-probability, so that 0.5 and 0.05 look different. */
function doubt({ probability }: SampledToken): number {
  return Math.min(-Math.log10(Math.max(probability, 1e-3)) / 3, 1);
}

/** Every white space that would not be seen gets a sign. */
function visible(text: string): string {
  return text === ""
    ? "(nothing)"
    : text.replace(/\n/g, "\u21b5\n").replace(/^ +| +$/g, (blanks) => "\u00b7".repeat(blanks.length));
}

/** The answer as tokens coloured by probability; pointing at, focusing or tapping one shows what else was likely. */
export function TokenView({ result, onGoOn }: TokenViewProps) {
  const [chosen, setChosen] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const { tokens } = result;
  const token = tokens[Math.min(chosen, tokens.length - 1)];
  const surprise = tokens.reduce((sum, { probability }) => sum - Math.log(Math.max(probability, 1e-12)), 0);

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(Math.max(chosen + step, 0), tokens.length - 1);
    setChosen(next);
    frame.current?.querySelectorAll("button")[next]?.focus();
  };

  return (
    <Stack>
      <div
        ref={frame}
        className={classes.text}
        role="toolbar"
        aria-label="Tokens; arrow keys move between them"
        onKeyDown={onKeyDown}
        data-testid="sample-tokens"
      >
        {tokens.map((item, index) => (
          <button
            key={index}
            type="button"
            className={classes.token}
            style={{ "--doubt": doubt(item) } as React.CSSProperties}
            tabIndex={index === chosen ? 0 : -1}
            data-chosen={index === chosen || undefined}
            aria-label={`${visible(item.text)}, ${formatPercent(item.probability, 1)}`}
            onPointerEnter={() => setChosen(index)}
            onFocus={() => setChosen(index)}
            onClick={() => setChosen(index)}
          >
            {item.text.includes("\n") || item.text === "" ? (
              <span className={classes.mark}>{visible(item.text)}</span>
            ) : (
              item.text
            )}
          </button>
        ))}
      </div>
      <Group gap="xs">
        <Text size="xs" c="dimmed">
          unlikely
        </Text>
        <div className={classes.scale} aria-hidden />
        <Text size="xs" c="dimmed">
          certain
        </Text>
        <Text size="xs" c="dimmed" ml="auto">
          {tokens.length} tokens, perplexity {Math.exp(surprise / Math.max(tokens.length, 1)).toFixed(2)}, ended by{" "}
          {result.finish_reason === "eos" ? "itself" : "the limit"}
        </Text>
      </Group>
      <Divider />
      {token && <Choices token={token} />}
      <Group>
        <Button variant="default" size="xs" onClick={() => onGoOn(result.text)}>
          Go on with this answer
        </Button>
      </Group>
    </Stack>
  );
}

function Choices({ token }: { token: SampledToken }) {
  return (
    <Stack gap={6} data-testid="token-choices">
      <Group justify="space-between">
        <Text size="sm">
          <Code>{visible(token.text)}</Code>
        </Text>
        <Text size="xs" c="dimmed">
          model {formatPercent(token.probability, 1)}, drawn with{" "}
          {formatPercent(token.sampled_probability ?? token.probability, 1)}
        </Text>
      </Group>
      {token.top.map((choice) => (
        <div key={choice.id} className={classes.choice}>
          <Text size="sm" fw={choice.id === token.id ? 700 : 400} truncate>
            <Code>{visible(choice.text)}</Code>
          </Text>
          <Progress
            value={100 * choice.probability}
            color={choice.id === token.id ? undefined : "gray.5"}
            aria-label={`${visible(choice.text)} ${formatPercent(choice.probability, 1)}`}
          />
          <Text size="xs" ff="monospace" ta="right">
            {formatPercent(choice.probability, 1)}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
