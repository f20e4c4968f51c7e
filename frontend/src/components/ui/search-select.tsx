import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

export interface Choice {
  value: string;
  label: string;
}

interface SearchSelectProps extends Omit<SelectProps, "data" | "value" | "onChange" | "onSearchChange" | "searchValue"> {
  choices: Choice[];
  /** How many there are on the server that match what was typed. */
  count: number;
  value: string | null;
  /** The chosen one, where it may lie beyond the choices that were loaded. */
  chosen?: Choice;
  onChange: (value: string | null) => void;
  onSearch: (text: string) => void;
}

/** A select over a list too long to load: the newest are offered, and typing searches the rest on the server. */
export function SearchSelect({ choices, count, value, chosen, onChange, onSearch, ...rest }: SearchSelectProps) {
  const [text, setText] = useState("");
  const [picked, setPicked] = useState<Choice | null>(null);
  const searchSoon = useDebouncedCallback(onSearch, 250);
  const current = [picked, chosen].find((choice) => choice && choice.value === value);
  const data = current && !choices.some((choice) => choice.value === current.value) ? [current, ...choices] : choices;

  const type = (next: string) => {
    setText(next);
    searchSoon(data.some(({ label }) => label === next) ? "" : next.trim()); // a label stands there once it is chosen
  };
  return (
    <Select
      {...rest}
      data={data}
      value={value}
      onChange={(next) => {
        setPicked(data.find((choice) => choice.value === next) ?? null);
        onChange(next);
      }}
      searchable
      searchValue={text}
      onSearchChange={type}
      filter={({ options }) => options}
      nothingFoundMessage="Nothing matches"
      description={count > choices.length ? `The newest ${choices.length} of ${count}; type to find the others.` : undefined}
      inputWrapperOrder={["label", "input", "description", "error"]}
    />
  );
}
