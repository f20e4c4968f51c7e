import { Table, Text } from "@mantine/core";

import { QueryView } from "@/components/ui/query-view";
import { formatTime, humanize } from "@/lib/format";
import type { Invitation } from "@/lib/models";

import { useInvitations } from "../api/get-invitations";

function stateOf({ accepted_at, expires_at }: Invitation): string {
  if (accepted_at) return `Accepted ${formatTime(accepted_at)}`;
  return Date.parse(expires_at) < Date.now() ? "Expired" : `Open until ${formatTime(expires_at)}`;
}

export function InvitationTable({ projectId }: { projectId: number }) {
  const invitations = useInvitations(projectId);
  return (
    <QueryView
      query={invitations}
      isEmpty={({ results }) => results.length === 0}
      empty={
        <Text size="sm" c="dimmed">
          None is pending.
        </Text>
      }
    >
      {({ results }) => (
        <Table.ScrollContainer minWidth={480}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>E-mail</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>State</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {results.map((invitation) => (
                <Table.Tr key={invitation.id}>
                  <Table.Td>{invitation.email}</Table.Td>
                  <Table.Td>{humanize(invitation.role)}</Table.Td>
                  <Table.Td>{stateOf(invitation)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </QueryView>
  );
}
