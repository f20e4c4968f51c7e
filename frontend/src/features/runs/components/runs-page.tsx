import { Anchor, Button, Group, Progress, Select, Table, Text } from "@mantine/core";
import { IconPlayerPlay, IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { SearchField } from "@/components/ui/search-field";
import { StateBadge } from "@/components/ui/state-badge";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatSeconds, formatTime, humanize } from "@/lib/format";
import type { RunKind, RunState, TrainingRun } from "@/lib/models";

import { useRuns } from "../api/get-runs";

import { RUN_TEXTS } from "./run-texts";

const STATES: RunState[] = ["queued", "submitted", "running", "done", "failed", "cancelled"];

export function RunsPage() {
  const projectId = useRouteId("projectId");
  const [kind, setKind] = useUrlFilter("kind");
  const [state, setState] = useUrlFilter("state");
  const [search, setSearch] = useUrlFilter("search");
  const runs = useRuns(projectId, {
    ...(kind && { kind: [kind as RunKind] }),
    ...(state && { state: [state as RunState] }),
    ...(search && { search }),
  });
  const create = (
    <Button component={Link} to="new" leftSection={<IconPlus size={16} />}>
      New run
    </Button>
  );
  return (
    <>
      <PageHeader title="Runs" text="Every execution of a trainer or of the sampler, newest first.">
        {create}
      </PageHeader>
      <Group mb="md">
        <SearchField label="Search the names" value={search} onChange={setSearch} />
        <Select
          placeholder="Any kind"
          aria-label="Kind"
          clearable
          data={Object.entries(RUN_TEXTS).map(([value, { title }]) => ({ value, label: title }))}
          value={kind || null}
          onChange={setKind}
        />
        <Select
          placeholder="Any state"
          aria-label="State"
          clearable
          data={STATES.map((value) => ({ value, label: humanize(value) }))}
          value={state || null}
          onChange={setState}
        />
      </Group>
      <QueryView
        query={runs}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconPlayerPlay}
            title={kind || state || search ? "No run matches" : "No run yet"}
            text="Start with pretraining on a corpus, or let a round start its runs by itself."
          >
            {create}
          </EmptyState>
        }
      >
        {({ results }) => (
          <Table.ScrollContainer minWidth={700}>
            <Table highlightOnHover verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Run</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th miw={110}>Kind</Table.Th>
                  <Table.Th>Progress</Table.Th>
                  <Table.Th>Created</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {results.map((run) => (
                  <RunRow key={run.id} run={run} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </QueryView>
      <LoadMore query={runs} />
    </>
  );
}

function RunRow({ run }: { run: TrainingRun }) {
  const { done, total } = run.progress;
  const seconds =
    run.started_at && run.finished_at && (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={String(run.id)} fw={500}>
          {run.name || `Run ${run.id}`}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <StateBadge state={run.state} />
      </Table.Td>
      <Table.Td>{RUN_TEXTS[run.kind].title}</Table.Td>
      <Table.Td miw={120}>
        {run.state === "running" && total ? (
          <Progress value={(100 * (done ?? 0)) / total} aria-label="Progress" />
        ) : (
          <Text size="sm" c="dimmed">
            {seconds ? formatSeconds(seconds) : ""}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          {formatTime(run.created_at)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
