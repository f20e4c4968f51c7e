import { useState, type ReactNode, type Ref } from "react";

import { useTexts } from "@/lib/language";
import type { ShownCompletion, ShownSchema } from "@/lib/task-models";

import { CompletionText } from "../../components/completion-text";
import { CompletionTools } from "../../components/completion-tools";
import { JudgementFields } from "../../components/judgement-fields";
import shared from "../../components/task.module.css";
import { judgementOf } from "../../hooks/use-judgements";
import type { AnswerProps } from "../answer-props";
import { letterOf } from "../ranking/ranks";
import classes from "./pairwise.module.css";

interface PairCardsProps extends Pick<AnswerProps, "draft" | "change"> {
  completions: ShownCompletion[];
  schema: ShownSchema;
  preferred: "A" | "B" | null;
  first?: Ref<HTMLElement>;
  pending?: ReactNode[]; // by index: what stands under a text that is not whole yet; such texts have no tools
}

/** Two texts side by side, each with its tools, its ratings and its flags. */
export function PairCards({ completions, schema, preferred, first, pending = [], draft, change }: PairCardsProps) {
  const { kinds, task } = useTexts();
  const [focused, setFocused] = useState(0);
  return (
    <div className={classes.pair}>
      {completions.map((completion, index) => (
        <article
          key={completion.id}
          ref={index === 0 ? first : undefined}
          tabIndex={0}
          className={shared.card}
          onFocus={() => setFocused(index)}
          data-preferred={preferred === letterOf(index) || undefined}
          data-testid={`pair-card-${completion.position}`}
          data-completion-id={completion.id}
          aria-label={task.completion(letterOf(index))}
          aria-busy={Boolean(pending[index])}
        >
          <header className={shared.cardHeader}>
            <strong className={classes.letter}>{letterOf(index)}</strong>
            {!pending.some(Boolean) && <CompletionTools {...{ completions, index, draft, change }} isActive={focused === index} />}
          </header>
          <div className={shared.cardText}>
            {(completion.text || !pending[index]) && <CompletionText text={completion.text} />}
            {pending[index]}
          </div>
          {!pending.some(Boolean) && schema.axes.length + schema.flags.length > 0 && (
            <details className={classes.more}>
              <summary data-testid={`pair-more-${letterOf(index)}`}>{kinds.pairwise.more(letterOf(index))}</summary>
              <JudgementFields
                completionId={completion.id}
                letter={letterOf(index)}
                schema={schema}
                {...judgementOf({ draft, change }, completion.id)}
              />
            </details>
          )}
        </article>
      ))}
    </div>
  );
}
