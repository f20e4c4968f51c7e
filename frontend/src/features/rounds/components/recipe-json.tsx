import { JsonInput } from "@mantine/core";
import { useState } from "react";

import type { StageOptions } from "@/lib/models";

interface RecipeJsonProps {
  recipe: StageOptions[];
  onChange: (recipe: StageOptions[]) => void;
}

/** The recipe as text, for what the form has no field for. Text that is not a list changes nothing yet. */
export function RecipeJson({ recipe, onChange }: RecipeJsonProps) {
  const [text, setText] = useState(() => JSON.stringify(recipe, null, 2));
  const [error, setError] = useState("");
  const edit = (next: string) => {
    setText(next);
    try {
      const parsed: unknown = JSON.parse(next);
      if (!Array.isArray(parsed)) throw new SyntaxError("expected a list of stages");
      onChange(parsed as StageOptions[]);
      setError("");
    } catch (failure) {
      setError(`Not a recipe yet: ${(failure as Error).message}`);
    }
  };
  return (
    <JsonInput
      label="Recipe"
      description="A list of stages in order, each with its kind and options."
      value={text}
      onChange={edit}
      error={error}
      autosize
      minRows={12}
      formatOnBlur
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
    />
  );
}
