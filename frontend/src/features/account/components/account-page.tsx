import { Paper, Text } from "@mantine/core";

import { PageHeader } from "@/components/ui/page-header";
import { useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

import { PasswordForm } from "./password-form";
import { TokenForm } from "./token-form";
import { TokenList } from "./token-list";

export function AccountPage() {
  const { account } = useTexts();
  const { data } = useSession();
  const user = data?.user;
  return (
    <>
      <PageHeader title={user?.display_name || user?.username} text={account.signedInAs(user?.username ?? "")} />
      <Paper withBorder p="md" radius="md" mb="lg">
        <Text fw={600} component="h2" mb="md">
          {account.password}
        </Text>
        <PasswordForm />
      </Paper>
      <Paper withBorder p="md" radius="md">
        <Text fw={600} component="h2">
          {account.tokens}
        </Text>
        <Text size="sm" c="dimmed" mb="md">
          {account.tokensText} <code>Authorization: Bearer TOKEN</code>.
        </Text>
        <TokenForm />
        <TokenList />
      </Paper>
    </>
  );
}
