import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Navigate, useSearchParams } from "react-router";

import { ErrorAlert } from "@/components/ui/error-alert";
import { useSession } from "@/lib/queries/get-session";

import { useSignIn } from "../api/create-session";
import { EntryPage } from "./entry-page";
import { localPath } from "./local-path";

export function LoginPage() {
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
    <EntryPage title="Sign in to Roundtable" text="Better language models, one round at a time.">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="User name"
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
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            data-testid="login-password"
          />
          <ErrorAlert error={signIn.error ?? session.error} />
          <Button type="submit" fullWidth loading={signIn.isPending || session.isPending} data-testid="login-submit">
            Sign in
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
