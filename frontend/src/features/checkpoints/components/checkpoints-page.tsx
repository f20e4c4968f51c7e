import { Anchor, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBox, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { SearchField } from "@/components/ui/search-field";
import { StateBadge } from "@/components/ui/state-badge";
import { useRoles } from "@/hooks/use-roles";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatCompact, formatTime, humanize } from "@/lib/format";
import type { CheckpointRole } from "@/lib/models";
import { useCheckpoints } from "@/lib/queries/get-checkpoints";

import { useCreateCheckpoint } from "../api/create-checkpoint";

const ROLES: CheckpointRole[] = ["base", "policy", "reward", "value"];

export function CheckpointsPage() {
  const projectId = useRouteId("projectId");
  const [role, setRole] = useUrlFilter("role");
  const { isEngineer } = useRoles(projectId);
  const [search, setSearch] = useUrlFilter("search");
  const checkpoints = useCheckpoints(projectId, {
    ...(role && { role: [role as CheckpointRole] }),
    ...(search && { search }),
  });
  const [isOpen, { open, close }] = useDisclosure(false);
  const create = isEngineer && (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      Register a base
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Checkpoints"
        text="Registered weights, known by the hash of their files, with where they come from."
      >
        {create}
      </PageHeader>
      <Group mb="md">
        <SearchField label="Search the names" value={search} onChange={setSearch} />
        <Select
          maw={240}
          placeholder="Any role"
          aria-label="Role"
          clearable
          data={ROLES.map((value) => ({ value, label: humanize(value) }))}
          value={role || null}
          onChange={setRole}
        />
      </Group>
      <QueryView
        query={checkpoints}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconBox}
            title={role || search ? "No checkpoint matches" : "No checkpoint yet"}
            text="Pretrain a base model with a run, or register one from a folder or by its hub name."
          >
            {create}
          </EmptyState>
        }
      >
        {({ results }) => (
          <Table.ScrollContainer minWidth={780}>
            <Table highlightOnHover verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Checkpoint</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th ta="right">Parameters</Table.Th>
                  <Table.Th>Hash</Table.Th>
                  <Table.Th>Created</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {results.map((checkpoint) => (
                  <Table.Tr key={checkpoint.id}>
                    <Table.Td>
                      <Anchor component={Link} to={String(checkpoint.id)} fw={500}>
                        {checkpoint.name}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{humanize(checkpoint.role)}</Table.Td>
                    <Table.Td>
                      <StateBadge state={checkpoint.state} />
                    </Table.Td>
                    <Table.Td ta="right" ff="monospace">
                      {formatCompact(checkpoint.num_parameters)}
                    </Table.Td>
                    <Table.Td ff="monospace" title={checkpoint.sha256}>
                      {checkpoint.sha256.slice(0, 10)}
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                        {formatTime(checkpoint.created_at)}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </QueryView>
      <LoadMore query={checkpoints} />
      <Modal opened={isOpen} onClose={close} title="Register a base checkpoint" centered>
        <CheckpointForm projectId={projectId} />
      </Modal>
    </>
  );
}

function CheckpointForm({ projectId }: { projectId: number }) {
  const create = useCreateCheckpoint(projectId);
  const navigate = useNavigate();
  const [source, setSource] = useState("");
  const [name, setName] = useState("");
  return (
    <Stack>
      <TextInput
        label="Source"
        description="A folder below the models folder of the server, or a name on the Hugging Face hub."
        required
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Name"
        description="How pages call it; may stay empty."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <ErrorAlert error={create.error} />
      <Group justify="flex-end">
        <Button
          loading={create.isPending}
          disabled={!source.trim()}
          onClick={() =>
            create.mutate(
              { source: source.trim(), name },
              { onSuccess: ({ id }) => navigate(`/projects/${projectId}/checkpoints/${id}`) },
            )
          }
        >
          Register
        </Button>
      </Group>
    </Stack>
  );
}
