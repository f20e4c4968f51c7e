import { Button, Group, Paper, Stack, Title } from "@mantine/core";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useTexts } from "@/lib/language";

import { useReadNotice } from "../api/read-notice";
import { NoticeText } from "./notice-text";

/** Before the first task of a project: nothing is recorded of anybody who was not told. */
export function NoticeGate({ projectId, asksAiUse }: { projectId: number; asksAiUse: boolean }) {
  const { notice } = useTexts();
  const read = useReadNotice(projectId);
  return (
    <Paper withBorder radius="md" p="md" maw={680} mx="auto" data-testid="notice-gate">
      <Stack>
        <Title order={1} size="h4">
          {notice.title}
        </Title>
        <NoticeText asksAiUse={asksAiUse} />
        <ErrorAlert error={read.error} />
        <Group justify="flex-end">
          <Button loading={read.isPending} onClick={() => read.mutate()} data-testid="notice-read">
            {notice.read}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
