import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
}

/** Words to search a list by; the list follows a moment after the last key. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const changeSoon = useDebouncedCallback(onChange, 300);
  return (
    <TextInput
      flex={1}
      miw={200}
      placeholder={label}
      aria-label={label}
      leftSection={<IconSearch size={16} />}
      defaultValue={value}
      onChange={(event) => changeSoon(event.currentTarget.value)}
    />
  );
}
