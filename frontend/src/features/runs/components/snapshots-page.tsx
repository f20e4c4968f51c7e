import { Anchor, Button, Group, MultiSelect, NumberInput, Modal, Select, Stack, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDatabase, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { SearchField } from "@/components/ui/search-field";
import { StateBadge } from "@/components/ui/state-badge";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatCount, formatTime, humanize } from "@/lib/format";
import type { Snapshot, Split } from "@/lib/models";

import { useCreateSnapshot } from "../api/create-snapshot";
import { useSnapshots } from "../api/get-snapshots";

const KINDS: Snapshot["kind"][] = ["demonstrations", "rankings", "prompts"];

export function SnapshotsPage() {
  const projectId = useRouteId("projectId");
  const [search, setSearch] = useUrlFilter("search");
  const snapshots = useSnapshots(projectId, search ? { search } : {});
  const [isOpen, { open, close }] = useDisclosure(false);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      New snapshot
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Snapshots"
        text="Sealed, hashed copies of the labels: what a run learned from can be read again forever."
      >
        {create}
      </PageHeader>
      <Group mb="md" maw={320}>
        <SearchField label="Number of a snapshot or a round" value={search} onChange={setSearch} />
      </Group>
      <QueryView
        query={snapshots}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconDatabase}
            title={search ? "No snapshot has this number" : "No snapshot yet"}
            text="Rounds make theirs by themselves. Make one here to start a run by hand."
          >
            {create}
          </EmptyState>
        }
      >
        {({ results }) => <SnapshotTable projectId={projectId} snapshots={results} />}
      </QueryView>
      <LoadMore query={snapshots} />
      <Modal opened={isOpen} onClose={close} title="New snapshot" centered>
        <SnapshotForm projectId={projectId} onDone={close} />
      </Modal>
    </>
  );
}

function SnapshotTable({ projectId, snapshots }: { projectId: number; snapshots: Snapshot[] }) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Snapshot</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th ta="right">Rows</Table.Th>
            <Table.Th>Split</Table.Th>
            <Table.Th>Hash</Table.Th>
            <Table.Th>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {snapshots.map((snapshot) => (
            <Table.Tr key={snapshot.id} id={`snapshot-${snapshot.id}`}>
              <Table.Td>
                {humanize(snapshot.kind)} {snapshot.id}
                {snapshot.round_number !== null && (
                  <Anchor
                    component={Link}
                    to={`/projects/${projectId}/rounds/${snapshot.round_number}`}
                    size="xs"
                    display="block"
                  >
                    Round {snapshot.round_number}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>
                <StateBadge state={snapshot.state} />
                {snapshot.reason && (
                  <Text size="xs" c="red">
                    {snapshot.reason}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right" ff="monospace">
                {formatCount(snapshot.num_rows)}
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {Object.entries(snapshot.num_rows_by_split)
                    .map(([split, count]) => `${split} ${formatCount(count)}`)
                    .join(", ")}
                </Text>
              </Table.Td>
              <Table.Td ff="monospace" title={snapshot.sha256}>
                {snapshot.sha256.slice(0, 10)}
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                  {formatTime(snapshot.created_at)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function SnapshotForm({ projectId, onDone }: { projectId: number; onDone: () => void }) {
  const create = useCreateSnapshot(projectId);
  const [kind, setKind] = useState<Snapshot["kind"]>("demonstrations");
  const [splits, setSplits] = useState<Split[]>(["train"]);
  const [limit, setLimit] = useState<number | "">("");
  const isPrompts = kind === "prompts";
  const filters = isPrompts ? { splits, ...(limit !== "" && { limit }) } : {};
  return (
    <Stack>
      <Select
        label="What it holds"
        data={KINDS.map((value) => ({ value, label: humanize(value) }))}
        value={kind}
        onChange={(value) => value && setKind(value as Snapshot["kind"])}
        allowDeselect={false}
      />
      {isPrompts ? (
        <>
          <MultiSelect
            label="Splits"
            data={["train", "validation", "test"]}
            value={splits}
            onChange={(value) => setSplits(value as Split[])}
          />
          <NumberInput
            label="At most"
            placeholder="All"
            min={1}
            value={limit}
            onChange={(value) => setLimit(value === "" ? "" : Number(value))}
          />
        </>
      ) : (
        <Text size="sm" c="dimmed">
          All counted {kind} so far; test prompts and evaluation answers stay out.
        </Text>
      )}
      <ErrorAlert error={create.error} />
      <Group justify="flex-end">
        <Button
          loading={create.isPending}
          onClick={() => create.mutate({ kind, filters }, { onSuccess: onDone })}
          data-testid="snapshot-create"
        >
          Make snapshot
        </Button>
      </Group>
    </Stack>
  );
}
