import { Alert, Button, Container, Stack, Text } from "@mantine/core";
import { useRouteError } from "react-router";

import { useTexts } from "@/lib/language";

/** A page that broke, or whose code could not be fetched after the site was updated. */
export function RouteError() {
  const error = useRouteError();
  const { common } = useTexts();
  return (
    <Container size="sm" py="xl">
      <Alert color="red" variant="light" title={common.pageBroke} role="alert">
        <Stack align="flex-start" gap="sm">
          <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            {common.reload}
          </Button>
        </Stack>
      </Alert>
    </Container>
  );
}
