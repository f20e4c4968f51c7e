import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";

interface PageHeaderProps {
  title: ReactNode;
  text?: ReactNode;
  trail?: { label: string; to: string }[];
  children?: ReactNode;
}

/** Title of a page, the way back, one line of explanation, and its main buttons at the right. */
export function PageHeader({ title, text, trail, children }: PageHeaderProps) {
  return (
    <Stack gap={4} mb="lg">
      {trail && (
        <Breadcrumbs separatorMargin={6}>
          {trail.map(({ label, to }) => (
            <Anchor key={to} component={Link} to={to} size="sm">
              {label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} miw={0}>
          <Title order={1} size="h2">
            {title}
          </Title>
          {text && (
            <Text c="dimmed" size="sm" component="div" maw={680}>
              {text}
            </Text>
          )}
        </Stack>
        {children && <Group gap="xs">{children}</Group>}
      </Group>
    </Stack>
  );
}
