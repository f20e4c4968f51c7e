import { Button, Group, Modal, Radio, Stack, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerSkipForward } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import type { SkipReason } from "@/lib/task-models";

const REASONS: Record<SkipReason, { label: string; leads: string }> = {
  unclear: { label: "The prompt is unclear", leads: "Stops when three find it so; a manager looks at it." },
  not_my_expertise: { label: "It needs knowledge that I do not have", leads: "Goes to somebody else." },
  sensitive: { label: "I do not want to work on this content", leads: "Goes only to people who take such tasks." },
  broken: { label: "Something is broken or unreadable", leads: "Stops when two say so; a manager looks at it." },
};

export function SkipButton({ onSkip }: { onSkip: (reason: SkipReason, note: string) => Promise<void> }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [reason, setReason] = useState<SkipReason | "">("");
  const [note, setNote] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const skip = async () => {
    if (!reason) return;
    setIsBusy(true);
    try {
      await onSkip(reason, note);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      setIsBusy(false);
    }
  };
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconPlayerSkipForward size={16} />} onClick={open} data-testid="skip-button">
        Skip
      </Button>
      <Modal opened={isOpen} onClose={close} title="Why do you skip this task?" centered>
        <Stack>
          <Radio.Group value={reason} onChange={(value) => setReason(value as SkipReason)} aria-label="Reason">
            <Stack gap="xs">
              {Object.entries(REASONS).map(([key, { label, leads }]) => (
                <Radio key={key} value={key} label={label} description={leads} data-testid={`skip-reason-${key}`} />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea label="Anything to add?" autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          <ErrorAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Go back
            </Button>
            <Button disabled={!reason} loading={isBusy} onClick={() => void skip()} data-testid="skip-confirm">
              Skip this task
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
