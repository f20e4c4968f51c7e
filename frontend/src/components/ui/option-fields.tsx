import { NumberInput, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";

import { humanize } from "@/lib/format";
import type { TrainerOption, TrainerSchema } from "@/lib/models";

type Config = Record<string, unknown>;

/** A limit from here on only guards against nonsense, and is not worth reading. */
const UNREACHED = 100_000;

/** Options of the machine rather than of the method; they come after the others. */
const LAST = ["max_seconds", "checkpoint_every_seconds", "seed", "device", "dtype", "threads"];

const INPUT_FIRST: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];

interface OptionFieldsProps {
  schema: TrainerSchema;
  value: Config;
  onChange: (value: Config) => void;
  hidden?: string[];
}

/** To the last digit, unlike a figure that was measured. */
const asLimit = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 10 });

function hint(option: TrainerOption): string {
  const { minimum, maximum } = option;
  const low = minimum === undefined ? "" : asLimit(minimum);
  const high = maximum === undefined || maximum >= UNREACHED ? "" : asLimit(maximum);
  const range = low && high ? `${low} to ${high}.` : low ? `At least ${low}.` : high ? `At most ${high}.` : "";
  return `${option.description} ${range}`;
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
        .sort(([a], [b]) => LAST.indexOf(a) - LAST.indexOf(b))
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
    label: humanize(name),
    description: hint(option),
    title: option["x-source"] ? `Default ${option.default}: ${option["x-source"]}` : undefined,
    name,
    inputWrapperOrder: INPUT_FIRST,
  };
  if (option.type === "boolean") {
    return (
      <Switch
        label={common.label}
        description={common.description}
        name={name}
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
