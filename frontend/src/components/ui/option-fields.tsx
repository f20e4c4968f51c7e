import { NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";

import type { TrainerOption, TrainerSchema } from "@/lib/models";

type Config = Record<string, unknown>;

interface OptionFieldsProps {
  schema: TrainerSchema;
  value: Config;
  onChange: (value: Config) => void;
  hidden?: string[];
}

function hint(option: TrainerOption): string {
  const { minimum, maximum } = option;
  const range =
    minimum !== undefined && maximum !== undefined
      ? ` ${minimum} to ${maximum}.`
      : minimum !== undefined
        ? ` At least ${minimum}.`
        : maximum !== undefined
          ? ` At most ${maximum}.`
          : "";
  return `${option.description}${range}`;
}

/** A form made from a trainer's JSON schema. `value` holds only what differs from the defaults. */
export function OptionFields({ schema, value, onChange, hidden = [] }: OptionFieldsProps) {
  const set = (name: string, option: TrainerOption, next: unknown) => {
    const { [name]: _, ...rest } = value;
    onChange(next === option.default || next === "" || next === null ? rest : { ...rest, [name]: next });
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md" verticalSpacing="md">
      {Object.entries(schema.properties)
        .filter(([name]) => !hidden.includes(name))
        .map(([name, option]) => (
          <OptionField
            key={name}
            name={name}
            option={option}
            value={value[name]}
            onChange={(next) => set(name, option, next)}
          />
        ))}
    </SimpleGrid>
  );
}

interface OptionFieldProps {
  name: string;
  option: TrainerOption;
  value: unknown;
  onChange: (value: unknown) => void;
}

function OptionField({ name, option, value, onChange }: OptionFieldProps) {
  const common = {
    label: option.title,
    description: hint(option),
    title: option["x-source"] ? `Default ${option.default}: ${option["x-source"]}` : undefined,
    name,
  };
  if (option.type === "boolean") {
    return (
      <Switch
        {...common}
        checked={(value ?? option.default) as boolean}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (option.enum) {
    return (
      <Select
        {...common}
        data={option.enum}
        value={String(value ?? option.default)}
        onChange={onChange}
        allowDeselect={false}
      />
    );
  }
  if (option.type === "string") {
    return (
      <TextInput
        {...common}
        placeholder={String(option.default)}
        value={String(value ?? "")}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  const number = value as number | undefined;
  const isOutside =
    number !== undefined && (number < (option.minimum ?? -Infinity) || number > (option.maximum ?? Infinity));
  return (
    <NumberInput
      {...common}
      placeholder={String(option.default)}
      value={number ?? ""}
      onChange={onChange}
      allowDecimal={option.type === "number"}
      decimalScale={10}
      error={isOutside ? "Outside the allowed range" : undefined}
      hideControls
    />
  );
}
