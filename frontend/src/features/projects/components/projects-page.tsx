import { Badge, Button, Card, Group, Modal, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFolder, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useTexts } from "@/lib/language";
import type { Role } from "@/lib/models";

import { useCreateProject } from "../api/create-project";
import { useProjects } from "../api/get-projects";

export function ProjectsPage() {
  const texts = useTexts();
  const projects = useProjects();
  const [isOpen, { open, close }] = useDisclosure(false);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={open} data-testid="project-create">
      {texts.projects.create}
    </Button>
  );
  return (
    <>
      <PageHeader title={texts.projects.title} text={texts.projects.text}>
        {create}
      </PageHeader>
      <QueryView
        query={projects}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconFolder}
            title={texts.projects.none}
            text={texts.projects.noneText}
          >
            {create}
          </EmptyState>
        }
      >
        {({ results }) => (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {results.map(({ id, name, description, roles, is_archived }) => (
              <Card key={id} component={Link} to={`/projects/${id}`} withBorder padding="lg" c="inherit">
                <Stack gap="xs" h="100%" justify="space-between">
                  <div>
                    <Text fw={600} size="lg">
                      {name}
                    </Text>
                    <Text size="sm" c="dimmed" lineClamp={3}>
                      {description || texts.projects.noDescription}
                    </Text>
                  </div>
                  <Group gap={4}>
                    {roles.map((role) => (
                      <Badge key={role} variant="light" tt="none" radius="sm">
                        {texts.common.roles[role as Role]}
                      </Badge>
                    ))}
                    {is_archived && (
                      <Badge variant="default" tt="none" radius="sm">
                        {texts.projects.archived}
                      </Badge>
                    )}
                  </Group>
                </Stack>
              </Card>
            ))}
          </SimpleGrid>
        )}
      </QueryView>
      <Modal opened={isOpen} onClose={close} title={texts.projects.create} centered>
        <ProjectForm />
      </Modal>
    </>
  );
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
}

function ProjectForm() {
  const { projects } = useTexts();
  const create = useCreateProject();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState("");
  const [description, setDescription] = useState("");
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(
          { name, slug: slug || slugOf(name), description },
          { onSuccess: ({ id }) => navigate(`/projects/${id}/settings`) },
        );
      }}
    >
      <TextInput
        label={projects.name}
        required
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={projects.shortName}
        description={projects.shortNameText}
        placeholder={slugOf(name)}
        value={slug}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
      <Textarea
        label={projects.description}
        autosize
        minRows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <ErrorAlert error={create.error} />
      <Group justify="flex-end">
        <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
          {projects.make}
        </Button>
      </Group>
    </Stack>
  );
}
