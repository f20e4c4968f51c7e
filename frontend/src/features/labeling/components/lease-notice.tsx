import { Alert, Button, CopyButton, Group, Stack, Text } from "@mantine/core";

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
  if (isLost) {
    return (
      <Alert color="orange" variant="light" mb="sm" title="This task is no longer yours" role="alert" data-testid="lease-lost">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">
            It was answered, skipped or closed, or opened again in another tab. Your work is kept as a draft and comes back if you get
            the task again.
          </Text>
          <Group gap="xs">
            <Button size="xs" onClick={() => void onNext()}>
              Go on with a task
            </Button>
            {text && (
              <CopyButton value={text}>
                {({ copied, copy }) => (
                  <Button size="xs" variant="default" onClick={copy}>
                    {copied ? "Copied" : "Copy what I wrote"}
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
      <Alert color="yellow" variant="light" mb="sm" title="Somebody else has this task now" role="alert" data-testid="lease-late">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">
            Its time ran out. You may still submit: your answer is kept and paid, and it counts if the task still needs one.
          </Text>
          <Button size="xs" variant="default" onClick={() => void onNext()}>
            Go on with another task
          </Button>
        </Stack>
      </Alert>
    );
  }
  if (!isExpired) return null;
  return (
    <Alert color="yellow" variant="light" mb="sm" title="The time for this task ran out" role="alert" data-testid="lease-expired">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">Nothing is lost. Take the task again and go on where you were.</Text>
        {error && (
          <Text size="sm" c="red">
            {error.message}
          </Text>
        )}
        <Button size="xs" onClick={() => void onExtend()} data-testid="lease-reclaim">
          Take it again
        </Button>
      </Stack>
    </Alert>
  );
}
