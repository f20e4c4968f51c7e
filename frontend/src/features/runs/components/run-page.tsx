import { Alert, Button, Card, Group, SimpleGrid, Stack, Title } from "@mantine/core";
import { IconPlayerStop, IconRotateClockwise } from "@tabler/icons-react";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { ErrorAlert } from "@/components/ui/error-alert";
import { Facts } from "@/components/ui/facts";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { StateBadge } from "@/components/ui/state-badge";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { TrainingRun } from "@/lib/models";

import { useCancelRun } from "../api/cancel-run";
import { useRun } from "../api/get-run";
import { useRetryRun } from "../api/retry-run";
import { useRunMetrics } from "../api/use-run-metrics";

import { RewardReport, type RewardReportData } from "./reward-report";
import { RunConnections } from "./run-connections";
import { RunCurves } from "./run-curves";
import { RunLog } from "./run-log";
import { RunProgress } from "./run-progress";
import { RUN_TEXTS } from "./run-texts";

export function RunPage() {
  const projectId = useRouteId("projectId");
  const runId = useRouteId("runId");
  const run = useRun(runId);
  return <QueryView query={run}>{(data) => <RunView key={runId} projectId={projectId} run={data} />}</QueryView>;
}

function RunView({ projectId, run }: { projectId: number; run: TrainingRun }) {
  const { points, isConnected } = useRunMetrics(run.id);
  const cancel = useCancelRun(run.id);
  const retry = useRetryRun(run.id);
  const isLive = ["queued", "submitted", "running"].includes(run.state);
  const title = run.name || `Run ${run.id}`;
  const { report, ...summary } = run.summary;
  return (
    <>
      <PageHeader
        title={title}
        text={`${RUN_TEXTS[run.kind].title}, created ${formatTime(run.created_at)}${
          run.attempt > 1 ? `, attempt ${run.attempt}` : ""
        }`}
        trail={[{ label: "Runs", to: `/projects/${projectId}/runs` }]}
      >
        <StateBadge state={run.state} />
        {isLive && (
          <ConfirmButton
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconPlayerStop size={16} />}
            title={`Cancel ${title}`}
            question="The run stops. What it has saved stays in the store; a retry goes on from there."
            confirmLabel="Cancel the run"
            onConfirm={() => cancel.mutateAsync()}
            data-testid="run-cancel"
          >
            Cancel
          </ConfirmButton>
        )}
        {(run.state === "failed" || run.state === "cancelled") && (
          <Button
            size="xs"
            leftSection={<IconRotateClockwise size={16} />}
            loading={retry.isPending}
            onClick={() => retry.mutate()}
            data-testid="run-retry"
          >
            Retry
          </Button>
        )}
      </PageHeader>
      <Stack>
        <ErrorAlert error={retry.error} />
        {run.error && (
          <Alert
            color="red"
            variant="light"
            title={run.state === "failed" ? "The run failed" : "Last error"}
            role="alert"
          >
            <span style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{run.error}</span>
          </Alert>
        )}
        <RunProgress run={run} isConnected={isConnected} />
        <RunConnections projectId={projectId} run={run} />
        <RunCurves points={points} isLive={isLive} />
        {run.kind === "reward" && report !== undefined && <RewardReport report={report as RewardReportData} />}
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {Object.keys(summary).length > 0 && (
            <Card withBorder padding="md">
              <Title order={2} size="h4" mb="sm">
                Summary
              </Title>
              <Facts facts={summary} />
            </Card>
          )}
          <Card withBorder padding="md">
            <Title order={2} size="h4" mb="sm">
              Options set
            </Title>
            <Facts facts={run.config} empty="Every option has its default." />
          </Card>
        </SimpleGrid>
        <Card withBorder padding="md">
          <Group justify="space-between" mb="sm">
            <Title order={2} size="h4">
              Log
            </Title>
          </Group>
          <RunLog runId={run.id} isLive={isLive} />
        </Card>
      </Stack>
    </>
  );
}
