import { Button } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";

export function NotFoundPage() {
  return (
    <EmptyState icon={IconMapQuestion} title="There is no such page" text="The address may be old or mistyped.">
      <Button component={Link} to="/" variant="light">
        Go to the start
      </Button>
    </EmptyState>
  );
}
