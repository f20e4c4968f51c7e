import { MultiSelect, Stack, Switch, Table, TagsInput, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUsers } from "@tabler/icons-react";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatCount, humanize } from "@/lib/format";
import type { Person, PersonChange, Role } from "@/lib/models";

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
      <PageHeader title="People" text="Who works in this project, as what, and the languages and fields whose tasks a labeler gets. A deactivated person keeps their labels.">
        <InviteButton projectId={projectId} />
      </PageHeader>
      <Stack gap="xl">
        <QueryView
          query={people}
          isEmpty={({ results }) => results.length === 0}
          empty={<EmptyState icon={IconUsers} title="Nobody yet" text="Invite the first person with a link." />}
        >
          {({ results }) => (
            <Table.ScrollContainer minWidth={900}>
              <Table verticalSpacing="sm" horizontalSpacing={6}>
                <Table.Thead style={{ whiteSpace: "nowrap" }}>
                  <Table.Tr>
                    <Table.Th>Person</Table.Th>
                    <Table.Th>Roles</Table.Th>
                    <Table.Th>Reads</Table.Th>
                    <Table.Th>Knows</Table.Th>
                    <Table.Th ta="right">Demonstrations</Table.Th>
                    <Table.Th ta="right">Rankings</Table.Th>
                    <Table.Th ta="right">Chats</Table.Th>
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
  const { user, roles, languages, expertise, is_active, contractor, counts } = person;
  const isLabeler = roles.includes("labeler");
  const name = user.display_name || user.username;
  const change = (body: PersonChange) =>
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
      <Table.Td miw={190}>
        <MultiSelect
          aria-label={`Roles of ${name}`}
          size="xs"
          data={ROLES.map((value) => ({ value, label: humanize(value) }))}
          value={roles}
          onChange={(value) => change({ roles: value as Role[] })}
          disabled={update.isPending}
        />
      </Table.Td>
      <AbilityCell
        label={`Languages that ${name} reads`}
        placeholder="de, fi"
        {...{ isLabeler, isPending: update.isPending }}
        value={languages}
        onChange={(value) => change({ languages: value })}
      />
      <AbilityCell
        label={`What ${name} knows`}
        placeholder="medicine"
        {...{ isLabeler, isPending: update.isPending }}
        value={expertise}
        onChange={(value) => change({ expertise: value })}
      />
      <Table.Td ta="right" ff="monospace">
        {formatCount(counts.demonstrations)}
      </Table.Td>
      <Table.Td ta="right" ff="monospace">
        {formatCount(counts.rankings)}
      </Table.Td>
      <Table.Td ta="right" ff="monospace">
        {formatCount(counts.chats)}
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

interface AbilityCellProps {
  label: string;
  placeholder: string;
  isLabeler: boolean;
  isPending: boolean;
  value: string[];
  onChange: (value: string[]) => void;
}

/** Tags of a labeler: tasks that ask for a language or an expertise go to those who have it here. */
function AbilityCell({ label, placeholder, isLabeler, isPending, value, onChange }: AbilityCellProps) {
  return (
    <Table.Td miw={120} maw={200}>
      {isLabeler && (
        <TagsInput
          aria-label={label}
          size="xs"
          placeholder={value.length ? "" : placeholder}
          splitChars={[",", " ", ";"]}
          value={value}
          onChange={onChange}
          acceptValueOnBlur
          disabled={isPending}
        />
      )}
    </Table.Td>
  );
}
