import { Alert, Button, Checkbox, Code, CopyButton, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useTexts } from "@/lib/language";
import type { TokenScope } from "@/lib/task-models";

import { useCreateToken } from "../api/create-token";

const SCOPES: TokenScope[] = ["read", "label", "manage", "train"];

export function TokenForm() {
  const { account, common } = useTexts();
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<TokenScope[]>(["read"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), scopes }, { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm" mb="md">
        <Group align="flex-end" gap="md">
          <TextInput
            label={account.tokenName}
            placeholder={account.tokenUse}
            required
            withAsterisk={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-testid="token-name"
          />
          <Checkbox.Group label={account.tokenMay} value={scopes} onChange={(given) => setScopes(SCOPES.filter((scope) => given.includes(scope)))}>
            <Group mih={36} gap="sm">
              {SCOPES.map((scope) => (
                <Checkbox key={scope} value={scope} label={account.scopes[scope]} />
              ))}
            </Group>
          </Checkbox.Group>
          <Button type="submit" loading={create.isPending} disabled={!name.trim() || !scopes.length} data-testid="token-create">
            {account.makeToken}
          </Button>
        </Group>
        <ErrorAlert error={create.error} />
        {create.data?.token && (
          <Alert color="teal" variant="light" title={account.copyToken}>
            <Group gap="sm">
              <Code data-testid="token-text">{create.data.token}</Code>
              <CopyButton value={create.data.token}>
                {({ copied, copy }) => (
                  <Button size="compact-xs" variant="default" onClick={copy}>
                    {copied ? common.copied : common.copy}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </Alert>
        )}
      </Stack>
    </form>
  );
}
