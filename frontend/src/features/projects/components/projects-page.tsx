import { Badge, Button, Card, Group, Modal, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFolder, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";

import { useCreateProject } from "../api/create-project";
import { useProjects } from "../api/get-projects";

export function ProjectsPage() {
  const projects = useProjects();
  const [isOpen, { open, close }] = useDisclosure(false);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={open} data-testid="project-create">
      New project
    </Button>
  );
  return (
    <>
      <PageHeader title="Projects" text="One campaign each: its guidelines, prompts, people and rounds.">
        {create}
      </PageHeader>
      <QueryView
        query={projects}
        isEmpty={({ results }) => results.length === 0}
        empty={
          <EmptyState
            icon={IconFolder}
            title="No project yet"
            text="You are in no project. Make one, or ask a manager for an invitation."
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
                      {description || "No description."}
                    </Text>
                  </div>
                  <Group gap={4}>
                    {roles.map((role) => (
                      <Badge key={role} variant="light" tt="none" radius="sm">
                        {role}
                      </Badge>
                    ))}
                    {is_archived && (
                      <Badge variant="default" tt="none" radius="sm">
                        archived
                      </Badge>
                    )}
                  </Group>
                </Stack>
              </Card>
            ))}
          </SimpleGrid>
        )}
      </QueryView>
      <Modal opened={isOpen} onClose={close} title="New project" centered>
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
        label="Name"
        required
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Short name"
        description="Small letters, digits and hyphens."
        placeholder={slugOf(name)}
        value={slug}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <ErrorAlert error={create.error} />
      <Group justify="flex-end">
        <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
          Make project
        </Button>
      </Group>
    </Stack>
  );
}
