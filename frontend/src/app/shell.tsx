import { AppShell, Burger, Divider, Group, NavLink, ScrollArea, Select, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFolders } from "@tabler/icons-react";
import { useEffect } from "react";
import { Link, Outlet, useLocation, useMatch, useNavigate } from "react-router";

import { useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

import { useProjectMenu } from "./navigation";
import classes from "./shell.module.css";
import { UserMenu } from "./user-menu";

/** Header and menu around every page of somebody signed in. The labeling page gets the whole width. */
export function Shell() {
  const { menu } = useTexts();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const match = useMatch("/projects/:projectId/*");
  const projectId = Number(match?.params.projectId);
  const isTask = match?.params["*"] === "labeling/task";
  useEffect(close, [pathname, close]);

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !isOpen, desktop: isTask && !isOpen } }}
      padding={{ base: "sm", sm: isTask ? "md" : "xl" }}
    >
      <a className={classes.skip} href="#main">
        {menu.skipLink}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={isOpen} onClick={toggle} hiddenFrom={isTask ? undefined : "sm"} size="sm" aria-label={menu.menu} />
            <UnstyledButton component={Link} to="/projects" className={classes.brand} aria-label="Roundtable">
              <img src="/icon.svg" alt="" width={24} height={24} />
              <Text fw={700} visibleFrom="xs">
                Roundtable
              </Text>
            </UnstyledButton>
            <ProjectSelect projectId={projectId} />
          </Group>
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm">
        <ScrollArea>
          <ProjectMenu projectId={projectId} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main">
        <div className={isTask ? undefined : classes.page}>
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function ProjectSelect({ projectId }: { projectId: number }) {
  const { menu } = useTexts();
  const { data } = useSession();
  const navigate = useNavigate();
  const projects = (data?.projects ?? []).filter(({ id, is_archived }) => !is_archived || id === projectId);
  if (projects.length === 0 || Number.isNaN(projectId)) return null;
  return (
    <Select
      aria-label={menu.project}
      size="xs"
      miw={0}
      maw={220}
      allowDeselect={false}
      value={String(projectId)}
      data={projects.map(({ id, name }) => ({ value: String(id), label: name }))}
      onChange={(id) => id && navigate(`/projects/${id}`)}
    />
  );
}

function ProjectMenu({ projectId }: { projectId: number }) {
  const { menu } = useTexts();
  const { pathname } = useLocation();
  const items = useProjectMenu(projectId);
  return (
    <nav aria-label={menu.main}>
      {items.map(({ page, to, icon: ItemIcon }) => {
        const path = `/projects/${projectId}/${to}`;
        return (
          <NavLink
            key={to}
            component={Link}
            to={path}
            label={menu.pages[page]}
            leftSection={<ItemIcon size={18} stroke={1.6} />}
            active={pathname === path || pathname.startsWith(`${path}/`)}
            className={classes.item}
          />
        );
      })}
      {items.length > 0 && <Divider my="xs" />}
      <NavLink
        component={Link}
        to="/projects"
        label={menu.allProjects}
        leftSection={<IconFolders size={18} stroke={1.6} />}
        active={pathname === "/projects"}
        className={classes.item}
      />
    </nav>
  );
}
