import { Button } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { useTexts } from "@/lib/language";

export function NotFoundPage() {
  const { common } = useTexts();
  return (
    <EmptyState icon={IconMapQuestion} title={common.noSuchPage} text={common.noSuchPageText}>
      <Button component={Link} to="/" variant="light">
        {common.toStart}
      </Button>
    </EmptyState>
  );
}
