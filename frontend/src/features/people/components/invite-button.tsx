import {
  ActionIcon,
  Alert,
  Button,
  CopyButton,
  Group,
  Modal,
  Select,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck, IconCopy, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { humanize } from "@/lib/format";
import type { Role } from "@/lib/models";

import { useCreateInvitation } from "../api/create-invitation";

import { ROLES } from "./roles";

export function InviteButton({ projectId }: { projectId: number }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconUserPlus size={16} />} onClick={open} data-testid="invite">
        Invite
      </Button>
      <Modal opened={isOpen} onClose={close} title="Invite a person" centered>
        <InviteForm projectId={projectId} onDone={close} />
      </Modal>
    </>
  );
}

function InviteForm({ projectId, onDone }: { projectId: number; onDone: () => void }) {
  const create = useCreateInvitation(projectId);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("labeler");
  if (create.data?.url) return <InvitationLink url={create.data.url} onDone={onDone} />;
  return (
    <Stack
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ email, role });
      }}
    >
      <TextInput
        label="E-mail"
        type="email"
        required
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-autofocus
      />
      <Select
        label="Role"
        data={ROLES.map((value) => ({ value, label: humanize(value) }))}
        value={role}
        onChange={(value) => value && setRole(value as Role)}
        allowDeselect={false}
      />
      <ErrorAlert error={create.error} />
      <Group justify="flex-end">
        <Button type="submit" loading={create.isPending} disabled={!email}>
          Make the link
        </Button>
      </Group>
    </Stack>
  );
}

function InvitationLink({ url, onDone }: { url: string; onDone: () => void }) {
  const address = new URL(url, window.location.origin).href;
  return (
    <Stack>
      <Alert color="yellow" variant="light">
        This link is shown only now. Send it to the person; it works once.
      </Alert>
      <Group wrap="nowrap" gap="xs">
        <TextInput readOnly value={address} aria-label="Invitation link" flex={1} data-testid="invite-url" />
        <CopyButton value={address}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? "Copied" : "Copy"}>
              <ActionIcon size="lg" variant="default" onClick={copy} aria-label="Copy the link">
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          No e-mail is sent by this site.
        </Text>
        <Button onClick={onDone}>Done</Button>
      </Group>
    </Stack>
  );
}
