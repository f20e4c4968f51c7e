import { Alert, Button, Group, SegmentedControl, Stack } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import type { StageOptions, TrainingOptions } from "@/lib/models";
import { useTrainingOptions } from "@/lib/queries/get-training-options";

import { useCreateRound } from "../api/create-round";
import { useDefaultRecipe } from "../api/get-default-recipe";

import { RecipeJson } from "./recipe-json";
import { RecipeStage } from "./recipe-stage";

export function NewRoundPage() {
  const projectId = useRouteId("projectId");
  const recipe = useDefaultRecipe(projectId);
  const options = useTrainingOptions(projectId);
  return (
    <>
      <PageHeader
        title="New round"
        text="Leave a stage out, or change how much it asks for. The round starts at once."
        trail={[{ label: "Rounds", to: `/projects/${projectId}/rounds` }]}
      />
      <QueryView query={recipe}>
        {({ recipe: defaults }) => (
          <QueryView query={options}>
            {(trainers) => <RecipeEditor projectId={projectId} defaults={defaults} trainers={trainers} />}
          </QueryView>
        )}
      </QueryView>
    </>
  );
}

interface RecipeEditorProps {
  projectId: number;
  defaults: StageOptions[];
  trainers: TrainingOptions;
}

function RecipeEditor({ projectId, defaults, trainers }: RecipeEditorProps) {
  const [stages, setStages] = useState(() => defaults.map((options) => ({ options, isIncluded: true })));
  const [view, setView] = useState("form");
  const create = useCreateRound(projectId);
  const navigate = useNavigate();
  const recipe = stages.filter(({ isIncluded }) => isIncluded).map(({ options }) => options);

  const start = () =>
    create.mutate({ recipe }, { onSuccess: ({ number }) => navigate(`/projects/${projectId}/rounds/${number}`) });

  return (
    <Stack>
      <SegmentedControl
        value={view}
        onChange={setView}
        data={[
          { value: "form", label: "Form" },
          { value: "json", label: "JSON" },
        ]}
        w={200}
        aria-label="How to edit the recipe"
      />
      {view === "json" ? (
        <RecipeJson
          recipe={recipe}
          onChange={(next) => setStages(next.map((options) => ({ options, isIncluded: true })))}
        />
      ) : (
        stages.map(({ options, isIncluded }, index) => (
          <RecipeStage
            key={`${index}-${options.kind}`}
            options={options}
            isIncluded={isIncluded}
            trainers={trainers}
            onChange={(next) => setStages(stages.map((stage, at) => (at === index ? { ...stage, ...next } : stage)))}
          />
        ))
      )}
      {recipe.length === 0 && <Alert color="orange">A round needs at least one stage.</Alert>}
      <ErrorAlert error={create.error} />
      <Group>
        <Button onClick={start} loading={create.isPending} disabled={recipe.length === 0} data-testid="round-create">
          Start round
        </Button>
      </Group>
    </Stack>
  );
}
