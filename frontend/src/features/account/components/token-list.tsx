import { Group, Stack, Text } from "@mantine/core";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { QueryView } from "@/components/ui/query-view";
import { useFormats, useTexts } from "@/lib/language";

import { useDeleteToken } from "../api/delete-token";
import { useTokens } from "../api/get-tokens";

export function TokenList() {
  const { account } = useTexts();
  const { formatTime } = useFormats();
  const tokens = useTokens();
  const remove = useDeleteToken();
  const empty = (
    <Text size="sm" c="dimmed">
      {account.noTokens}
    </Text>
  );
  return (
    <QueryView query={tokens} isEmpty={({ results }) => results.length === 0} empty={empty}>
      {({ results }) => (
        <Stack gap={0}>
          {results.map((token) => (
            <Group key={token.id} justify="space-between" py="xs" wrap="nowrap" data-testid={`token-${token.id}`}>
              <div>
                <Text size="sm" fw={500}>
                  {token.name}
                </Text>
                <Text size="xs" c="dimmed">
                  {token.scopes.map((scope) => account.scopes[scope]).join(", ")} · {account.made(formatTime(token.created_at))} ·{" "}
                  {token.last_used_at ? account.lastUsed(formatTime(token.last_used_at)) : account.neverUsed}
                </Text>
              </div>
              <ConfirmButton
                size="compact-sm"
                miw="max-content"
                variant="light"
                color="red"
                title={account.revokeTitle(token.name)}
                question={account.revokeText}
                confirmLabel={account.revoke}
                onConfirm={() => remove.mutateAsync(token.id)}
              >
                {account.revoke}
              </ConfirmButton>
            </Group>
          ))}
        </Stack>
      )}
    </QueryView>
  );
}
