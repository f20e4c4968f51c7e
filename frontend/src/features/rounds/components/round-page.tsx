import { Stack } from "@mantine/core";

import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { StateBadge } from "@/components/ui/state-badge";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";

import { useRound } from "../api/get-round";
import { useRoundStream } from "../api/use-round-stream";

import { StageCard } from "./stage-card";

export function RoundPage() {
  const projectId = useRouteId("projectId");
  const number = useRouteId("number");
  const round = useRound(projectId, number);
  useRoundStream(projectId);
  return (
    <>
      <PageHeader
        title={`Round ${number}`}
        text={round.data && `Started ${formatTime(round.data.created_at)}`}
        trail={[{ label: "Rounds", to: `/projects/${projectId}/rounds` }]}
      >
        {round.data && <StateBadge state={round.data.state} />}
      </PageHeader>
      <QueryView query={round}>
        {({ stages }) => (
          <Stack gap="sm" component="ol" p={0} m={0}>
            {stages.map((stage) => (
              <StageCard key={stage.position} projectId={projectId} number={number} stage={stage} />
            ))}
          </Stack>
        )}
      </QueryView>
    </>
  );
}
