import { Button, Group, Textarea, Tooltip } from "@mantine/core";
import { useState } from "react";

import { ConfirmButton } from "@/components/ui/confirm-button";
import type { RoundStage, StageAction } from "@/lib/models";

import { useActOnStage } from "../api/act-on-stage";

import { ACTION_TEXTS, STAGE_TEXTS } from "./stage-texts";

interface StageActionsProps {
  projectId: number;
  number: number;
  stage: RoundStage;
}

/** The buttons the server allows this person now; those not easily undone ask first. */
export function StageActions({ projectId, number, stage }: StageActionsProps) {
  const act = useActOnStage(projectId, number, stage.position);
  const [note, setNote] = useState("");
  const title = STAGE_TEXTS[stage.kind].title;

  const button = (action: StageAction) => {
    const { label, question, color } = ACTION_TEXTS[action];
    const isMain = action === "start" || action === "retry" || action === "approve";
    const common = {
      size: "xs",
      color,
      variant: isMain ? "filled" : "default",
      "data-testid": `stage-action-${action}`,
    };
    if (!question) {
      return (
        <Tooltip key={action} label={act.error?.message} disabled={!act.error} opened={Boolean(act.error)} color="red">
          <Button {...common} loading={act.isPending} onClick={() => act.mutate({ action })}>
            {label}
          </Button>
        </Tooltip>
      );
    }
    const asksNote = action === "approve" || action === "reject";
    return (
      <ConfirmButton
        key={action}
        {...common}
        title={`${label}: ${title}`}
        question={question}
        confirmLabel={label}
        fields={
          asksNote && (
            <Textarea
              label="Note"
              description="Kept with the round."
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
          )
        }
        onConfirm={() => act.mutateAsync({ action, ...(note && { note }) })}
      >
        {label}
      </ConfirmButton>
    );
  };

  return <Group gap="xs">{stage.actions.map(button)}</Group>;
}
