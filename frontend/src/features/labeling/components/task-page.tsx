import { Alert, Button, Center, Loader, Stack } from "@mantine/core";
import { IconMoodSmile } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useErrorText, useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

import { useLabelingSummary } from "../api/get-labeling-summary";
import { useNotice } from "../api/get-notice";
import { useTaskQueue } from "../hooks/use-task-queue";
import { GuidelineGate } from "./guideline-gate";
import { NoticeGate } from "./notice-gate";
import { TaskView } from "./task-view";
import { WaitingForOthers } from "./waiting-for-others";

function WaitingNow({ projectId }: { projectId: number }) {
  const summary = useLabelingSummary(projectId);
  return <WaitingForOthers waiting={summary.data?.waiting_for_others ?? []} />;
}

/** The notice first, once; then tasks. */
export function TaskPage() {
  const projectId = useRouteId("projectId");
  const notice = useNotice(projectId);
  return (
    <QueryView query={notice}>
      {({ is_due, asks_ai_use }) => (is_due ? <NoticeGate projectId={projectId} asksAiUse={asks_ai_use} /> : <Tasks />)}
    </QueryView>
  );
}

function Tasks() {
  const { common, task: texts } = useTexts();
  const errorText = useErrorText();
  const projectId = useRouteId("projectId");
  const userId = useSession().data?.user?.id ?? 0;
  const queue = useTaskQueue(projectId);
  const { status, task, error } = queue;

  if (task) {
    return <TaskView key={task.assignment.place.id + task.assignment.place.lease_token} {...{ projectId, userId, task, queue }} />;
  }
  if (status === "failed") {
    return (
      <Alert color="red" variant="light" title={texts.notFetched} role="alert">
        <Stack align="flex-start" gap="sm">
          {error && errorText(error)}
          <Button size="xs" variant="default" onClick={() => void queue.load()}>
            {common.tryAgain}
          </Button>
        </Stack>
      </Alert>
    );
  }
  if (status === "unread") return <GuidelineGate projectId={projectId} onRead={queue.load} />;
  if (status === "empty" && queue.busy.length === 0) {
    return (
      <div data-testid="nothing-open">
        <EmptyState icon={IconMoodSmile} title={common.nothingOpen} text={texts.noneText}>
          <Button onClick={() => void queue.load()} variant="light">
            {texts.lookAgain}
          </Button>
          <Button component={Link} to={`/projects/${projectId}/labeling`} variant="subtle">
            {texts.back}
          </Button>
          <WaitingNow projectId={projectId} />
        </EmptyState>
      </div>
    );
  }
  return (
    <Center mih={240} role="status" aria-label={texts.fetching}>
      <Loader type="dots" />
    </Center>
  );
}
