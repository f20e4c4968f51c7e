import { Table, Text } from "@mantine/core";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { LoadMore } from "@/components/ui/load-more";
import { QueryView } from "@/components/ui/query-view";
import { formatTime, humanize } from "@/lib/format";
import type { Invitation } from "@/lib/models";

import { useInvitations } from "../api/get-invitations";
import { useRevokeInvitation } from "../api/revoke-invitation";

function isOpen({ accepted_at, expires_at }: Invitation): boolean {
  return !accepted_at && Date.parse(expires_at) > Date.now();
}

function stateOf(invitation: Invitation): string {
  if (invitation.accepted_at) return `Accepted ${formatTime(invitation.accepted_at)}`;
  return isOpen(invitation) ? `Open until ${formatTime(invitation.expires_at)}` : "Expired or taken back";
}

export function InvitationTable({ projectId }: { projectId: number }) {
  const invitations = useInvitations(projectId);
  const revoke = useRevokeInvitation(projectId);
  return (
    <>
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
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {results.map((invitation) => (
                  <Table.Tr key={invitation.id}>
                    <Table.Td>{invitation.email}</Table.Td>
                    <Table.Td>{humanize(invitation.role)}</Table.Td>
                    <Table.Td>{stateOf(invitation)}</Table.Td>
                    <Table.Td ta="right">
                      {isOpen(invitation) && (
                        <ConfirmButton
                          size="compact-sm"
                          variant="light"
                          color="red"
                          title={`Take back the invitation of ${invitation.email}?`}
                          question="Its link works no more. A new invitation can be made at any time."
                          confirmLabel="Take back"
                          onConfirm={() => revoke.mutateAsync(invitation.id)}
                        >
                          Take back
                        </ConfirmButton>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </QueryView>
      <LoadMore query={invitations} />
    </>
  );
}
