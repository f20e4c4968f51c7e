import { Alert, Button, CopyButton, Group, Stack, Text } from "@mantine/core";

import { useErrorText, useTexts } from "@/lib/language";

interface LeaseNoticeProps {
  isLate: boolean; // somebody else took the task, and an answer is still taken
  isLost: boolean;
  isExpired: boolean;
  error: Error | null;
  text: string;
  onExtend: () => Promise<void>;
  onNext: () => Promise<void>;
}

/** Said when the time ran out or somebody else has the task. The work stays on the screen and in the draft. */
export function LeaseNotice({ isLate, isLost, isExpired, error, text, onExtend, onNext }: LeaseNoticeProps) {
  const { common, task } = useTexts();
  const errorText = useErrorText();
  if (isLost) {
    return (
      <Alert color="orange" variant="light" mb="sm" title={task.lost} role="alert" data-testid="lease-lost">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">{task.lostText}</Text>
          <Group gap="xs">
            <Button size="xs" onClick={() => void onNext()}>
              {task.lostNext}
            </Button>
            {text && (
              <CopyButton value={text}>
                {({ copied, copy }) => (
                  <Button size="xs" variant="default" onClick={copy}>
                    {copied ? common.copied : task.copyWritten}
                  </Button>
                )}
              </CopyButton>
            )}
          </Group>
        </Stack>
      </Alert>
    );
  }
  if (isLate) {
    return (
      <Alert color="yellow" variant="light" mb="sm" title={task.late} role="alert" data-testid="lease-late">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">{task.lateText}</Text>
          <Button size="xs" variant="default" onClick={() => void onNext()}>
            {task.lateNext}
          </Button>
        </Stack>
      </Alert>
    );
  }
  if (!isExpired) return null;
  return (
    <Alert color="yellow" variant="light" mb="sm" title={task.expired} role="alert" data-testid="lease-expired">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{task.expiredText}</Text>
        {error && (
          <Text size="sm" c="red">
            {errorText(error)}
          </Text>
        )}
        <Button size="xs" onClick={() => void onExtend()} data-testid="lease-reclaim">
          {task.takeAgain}
        </Button>
      </Stack>
    </Alert>
  );
}
