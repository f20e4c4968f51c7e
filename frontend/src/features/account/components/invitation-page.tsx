import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useNavigate, useParams } from "react-router";

import { ErrorAlert } from "@/components/ui/error-alert";
import { QueryView } from "@/components/ui/query-view";
import { useFieldTexts, useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

import { useAcceptInvitation } from "../api/accept-invitation";
import { useInvitation } from "../api/get-invitation";
import { EntryPage } from "./entry-page";

const MIN_PASSWORD_CHARACTERS = 10;

export function InvitationPage() {
  const { common, entry } = useTexts();
  const { token = "" } = useParams();
  const invitation = useInvitation(token);
  const { data } = invitation;
  const text = data ? entry.invited(data.project_name, common.roles[data.role], data.email) : entry.opening;
  const session = useSession(); // brings the CSRF token too
  const user = session.data?.user;
  return (
    <EntryPage title={entry.joinTitle} text={text}>
      <QueryView query={invitation}>
        {() => (user ? <JoinAsMyself token={token} name={user.display_name || user.username} /> : <AccountForm token={token} />)}
      </QueryView>
    </EntryPage>
  );
}

function JoinAsMyself({ token, name }: { token: string; name: string }) {
  const { entry } = useTexts();
  const accept = useAcceptInvitation(token);
  const navigate = useNavigate();
  const join = () =>
    accept.mutate({ username: "", display_name: "", password: "" }, { onSuccess: () => navigate("/", { replace: true }) });
  return (
    <Stack>
      <ErrorAlert error={accept.error} />
      <Button onClick={join} loading={accept.isPending} data-testid="invitation-join">
        {entry.joinAs(name)}
      </Button>
    </Stack>
  );
}

function AccountForm({ token }: { token: string }) {
  const { entry } = useTexts();
  const accept = useAcceptInvitation(token);
  const navigate = useNavigate();
  const [account, setAccount] = useState({ username: "", display_name: "", password: "" });
  const fields = useFieldTexts()(accept.error);
  const isShort = account.password.length > 0 && account.password.length < MIN_PASSWORD_CHARACTERS;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await accept.mutateAsync(account);
    navigate("/", { replace: true });
  };
  const bind = (name: keyof typeof account) => ({
    value: account[name],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setAccount((previous) => ({ ...previous, [name]: value }));
    },
    error: fields[name],
    required: true,
    withAsterisk: false,
  });
  return (
    <form onSubmit={(event) => void submit(event).catch(() => {})}>
      <Stack>
        <TextInput label={entry.userName} autoComplete="username" autoCapitalize="none" {...bind("username")} data-testid="invitation-username" />
        <TextInput label={entry.yourName} autoComplete="name" {...bind("display_name")} data-testid="invitation-name" />
        <PasswordInput
          label={entry.password}
          description={entry.passwordLength(MIN_PASSWORD_CHARACTERS)}
          autoComplete="new-password"
          {...bind("password")}
          data-testid="invitation-password"
        />
        {Object.keys(fields).length === 0 && <ErrorAlert error={accept.error} />}
        <Button type="submit" disabled={isShort} loading={accept.isPending} data-testid="invitation-submit">
          {entry.createAccount}
        </Button>
      </Stack>
    </form>
  );
}
