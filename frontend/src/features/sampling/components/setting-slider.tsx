import { Group, Input, NumberInput, Slider } from "@mantine/core";
import { useId } from "react";

interface SettingSliderProps {
  label: string;
  description: string;
  value: number;
  onChange: (value: number) => void;
  minimum: number;
  maximum: number;
}

/** A number to play with by slider or by typing. */
export function SettingSlider({ label, description, value, onChange, minimum, maximum }: SettingSliderProps) {
  const id = useId();
  return (
    <Input.Wrapper label={label} labelProps={{ htmlFor: id }} description={description}>
      <Group wrap="nowrap" mt={6}>
        <Slider
          flex={1}
          min={minimum}
          max={maximum}
          step={0.05}
          value={value}
          onChange={onChange}
          label={null}
          thumbLabel={label}
        />
        <NumberInput
          id={id}
          w={84}
          size="xs"
          min={minimum}
          max={maximum}
          step={0.05}
          value={value}
          onChange={(next) => next !== "" && onChange(Number(next))}
        />
      </Group>
    </Input.Wrapper>
  );
}
