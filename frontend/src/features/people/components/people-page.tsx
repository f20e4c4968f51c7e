import { MultiSelect, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUsers } from "@tabler/icons-react";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatCount, humanize } from "@/lib/format";
import type { Person, Role } from "@/lib/models";

import { usePeople } from "../api/get-people";
import { useUpdatePerson } from "../api/update-person";

import { InvitationTable } from "./invitation-table";
import { InviteButton } from "./invite-button";
import { ROLES } from "./roles";

export function PeoplePage() {
  const projectId = useRouteId("projectId");
  const people = usePeople(projectId);
  return (
    <>
      <PageHeader title="People" text="Who works in this project and as what. A deactivated person keeps their labels.">
        <InviteButton projectId={projectId} />
      </PageHeader>
      <Stack gap="xl">
        <QueryView
          query={people}
          isEmpty={({ results }) => results.length === 0}
          empty={<EmptyState icon={IconUsers} title="Nobody yet" text="Invite the first person with a link." />}
        >
          {({ results }) => (
            <Table.ScrollContainer minWidth={640}>
              <Table verticalSpacing="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Person</Table.Th>
                    <Table.Th>Roles</Table.Th>
                    <Table.Th ta="right">Demonstrations</Table.Th>
                    <Table.Th ta="right">Rankings</Table.Th>
                    <Table.Th>Active</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {results.map((person) => (
                    <PersonRow key={person.user.id} projectId={projectId} person={person} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
        </QueryView>
        <LoadMore query={people} />
        <section>
          <Title order={2} size="h4" mb="sm">
            Invitations
          </Title>
          <InvitationTable projectId={projectId} />
        </section>
      </Stack>
    </>
  );
}

function PersonRow({ projectId, person }: { projectId: number; person: Person }) {
  const update = useUpdatePerson(projectId);
  const { user, roles, is_active, contractor, counts } = person;
  const name = user.display_name || user.username;
  const change = (body: { roles?: Role[]; is_active?: boolean }) =>
    update.mutate(
      { userId: user.id, ...body },
      {
        onError: (error) =>
          notifications.show({ color: "red", title: `${name} was not changed`, message: error.message }),
      },
    );
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={500}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {[user.username, contractor?.agency].filter(Boolean).join(", ")}
        </Text>
      </Table.Td>
      <Table.Td miw={220}>
        <MultiSelect
          aria-label={`Roles of ${name}`}
          size="xs"
          data={ROLES.map((value) => ({ value, label: humanize(value) }))}
          value={roles}
          onChange={(value) => change({ roles: value as Role[] })}
          disabled={update.isPending}
        />
      </Table.Td>
      <Table.Td ta="right" ff="monospace">
        {formatCount(counts.demonstrations)}
      </Table.Td>
      <Table.Td ta="right" ff="monospace">
        {formatCount(counts.rankings)}
      </Table.Td>
      <Table.Td>
        <Switch
          aria-label={`${name} is active`}
          checked={is_active}
          onChange={(event) => change({ is_active: event.currentTarget.checked })}
          disabled={update.isPending}
        />
      </Table.Td>
    </Table.Tr>
  );
}
