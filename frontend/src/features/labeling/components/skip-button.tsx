import { Button, Group, Modal, Radio, Stack, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerSkipForward } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useTexts } from "@/lib/language";
import type { SkipReason } from "@/lib/task-models";

export function SkipButton({ onSkip }: { onSkip: (reason: SkipReason, note: string) => Promise<void> }) {
  const { common, task } = useTexts();
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
        {task.skip}
      </Button>
      <Modal opened={isOpen} onClose={close} title={task.skipTitle} centered>
        <Stack>
          <Radio.Group value={reason} onChange={(value) => setReason(value as SkipReason)} aria-label={task.skipReason}>
            <Stack gap="xs">
              {Object.entries(task.skipReasons).map(([key, { label, leads }]) => (
                <Radio key={key} value={key} label={label} description={leads} data-testid={`skip-reason-${key}`} />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea label={task.skipNote} autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          <ErrorAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {common.goBack}
            </Button>
            <Button disabled={!reason} loading={isBusy} onClick={() => void skip()} data-testid="skip-confirm">
              {task.skipConfirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
