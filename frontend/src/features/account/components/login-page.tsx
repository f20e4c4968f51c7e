import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Navigate, useSearchParams } from "react-router";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

import { useSignIn } from "../api/create-session";
import { EntryPage } from "./entry-page";
import { localPath } from "./local-path";

export function LoginPage() {
  const { entry } = useTexts();
  const [params] = useSearchParams();
  const session = useSession();
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  if (session.data?.user) return <Navigate to={localPath(params.get("next"))} replace />;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ username: username.trim(), password });
  };
  return (
    <EntryPage title={entry.signInTitle} text={entry.motto}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={entry.userName}
            autoComplete="username"
            autoCapitalize="none"
            autoFocus
            required
            withAsterisk={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            data-testid="login-username"
          />
          <PasswordInput
            label={entry.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            data-testid="login-password"
          />
          <ErrorAlert error={signIn.error ?? session.error} />
          <Button type="submit" fullWidth loading={signIn.isPending || session.isPending} data-testid="login-submit">
            {entry.signIn}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
