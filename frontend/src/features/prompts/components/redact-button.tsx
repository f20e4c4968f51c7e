import { Textarea, type ButtonProps } from "@mantine/core";
import { IconEraser } from "@tabler/icons-react";
import { useState } from "react";

import { ConfirmButton } from "@/components/ui/confirm-button";

interface RedactButtonProps extends ButtonProps {
  title: string;
  question: string;
  onRedact: (body: { reason: string }) => Promise<unknown>;
  "data-testid": string;
}

/** Removes a text for good, after a reason was given. */
export function RedactButton({ onRedact, ...rest }: RedactButtonProps) {
  const [reason, setReason] = useState("");
  return (
    <ConfirmButton
      size="xs"
      color="red"
      variant="light"
      leftSection={<IconEraser size={16} />}
      {...rest}
      confirmLabel="Redact"
      isReady={reason.trim() !== ""}
      fields={
        <Textarea
          label="Reason"
          description="Kept in the audit trail."
          required
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-testid="redact-reason"
        />
      }
      onConfirm={() => onRedact({ reason })}
    >
      Redact
    </ConfirmButton>
  );
}
