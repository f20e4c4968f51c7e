import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useFieldTexts, useTexts } from "@/lib/language";
import { SESSION_KEY } from "@/lib/queries/get-session";

import { useChangePassword } from "../api/change-password";

const EMPTY = { current: "", new: "" };

export function PasswordForm() {
  const { account } = useTexts();
  const change = useChangePassword();
  const queryClient = useQueryClient();
  const [passwords, setPasswords] = useState(EMPTY);
  const fields = useFieldTexts()(change.error);
  const bind = (name: keyof typeof EMPTY) => ({
    value: passwords[name],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setPasswords((previous) => ({ ...previous, [name]: value }));
    },
    error: fields[name],
    required: true,
    withAsterisk: false,
    miw: 220,
    flex: 1,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(passwords, {
      onSuccess: () => {
        setPasswords(EMPTY);
        notifications.show({ color: "teal", message: account.passwordChanged });
        void queryClient.invalidateQueries({ queryKey: SESSION_KEY }); // the CSRF token changed with it
      },
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-start" gap="md">
          <PasswordInput label={account.currentPassword} autoComplete="current-password" {...bind("current")} data-testid="password-current" />
          <PasswordInput label={account.newPassword} autoComplete="new-password" {...bind("new")} data-testid="password-new" />
        </Group>
        {Object.keys(fields).length === 0 && <ErrorAlert error={change.error} />}
        <Group>
          <Button type="submit" variant="default" loading={change.isPending} disabled={!passwords.current || !passwords.new} data-testid="password-change">
            {account.changePassword}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
