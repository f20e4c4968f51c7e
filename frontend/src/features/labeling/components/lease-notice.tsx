import { Alert, Button, CopyButton, Group, Stack, Text } from "@mantine/core";

interface LeaseNoticeProps {
  isLost: boolean;
  isExpired: boolean;
  error: Error | null;
  text: string;
  onExtend: () => Promise<void>;
  onNext: () => Promise<void>;
}

/** Said when the time ran out or somebody else has the task. The work stays on the screen and in the draft. */
export function LeaseNotice({ isLost, isExpired, error, text, onExtend, onNext }: LeaseNoticeProps) {
  if (isLost) {
    return (
      <Alert color="orange" variant="light" mb="sm" title="This task is no longer yours" role="alert" data-testid="lease-lost">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">
            Its time ran out and somebody else took it, or it was opened again elsewhere. Your work is kept as a draft and comes back if
            you get the task again.
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
