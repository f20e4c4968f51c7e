import { Paper, Text } from "@mantine/core";

import { PageHeader } from "@/components/ui/page-header";
import { useSession } from "@/lib/queries/get-session";

import { PasswordForm } from "./password-form";
import { TokenForm } from "./token-form";
import { TokenList } from "./token-list";

export function AccountPage() {
  const { data } = useSession();
  const user = data?.user;
  return (
    <>
      <PageHeader title={user?.display_name || user?.username} text={`Signed in as ${user?.username ?? ""}.`} />
      <Paper withBorder p="md" radius="md" mb="lg">
        <Text fw={600} component="h2" mb="md">
          Password
        </Text>
        <PasswordForm />
      </Paper>
      <Paper withBorder p="md" radius="md">
        <Text fw={600} component="h2">
          API tokens
        </Text>
        <Text size="sm" c="dimmed" mb="md">
          A token lets a script use the API with your roles. Send it as <code>Authorization: Bearer TOKEN</code>. It is shown once.
        </Text>
        <TokenForm />
        <TokenList />
      </Paper>
    </>
  );
}
