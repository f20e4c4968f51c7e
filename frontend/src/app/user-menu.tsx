import { ActionIcon, Avatar, Group, Menu, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconKey, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { Link } from "react-router";

import { useSignOut } from "@/features/account/api/delete-session";
import { LANGUAGES, useLanguage, useTexts, type Language } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

export function UserMenu() {
  const { menu } = useTexts();
  const { language, choose } = useLanguage();
  const { data } = useSession();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme("light") === "dark";
  const name = data?.user?.display_name || data?.user?.username || "";
  return (
    <Group gap="xs" wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={isDark ? menu.useLight : menu.useDark}
        onClick={() => setColorScheme(isDark ? "light" : "dark")}
      >
        {isDark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
      <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <UnstyledButton aria-label={menu.accountOf(name)} data-testid="user-menu">
            <Avatar name={name} color="initials" size={30} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{name}</Menu.Label>
          <Menu.Item component={Link} to="/account" leftSection={<IconKey size={16} />}>
            {menu.account}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>{menu.language}</Menu.Label>
          <Menu.RadioGroup value={language} onChange={(code) => choose(code as Language)}>
            {Object.entries(LANGUAGES).map(([code, { name: ownName }]) => (
              <Menu.RadioItem key={code} value={code} lang={code} data-testid={`language-${code}`}>
                {ownName}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()} data-testid="sign-out">
            {menu.signOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
