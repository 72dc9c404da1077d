// The checks of src/offprint/core/options.cpp, made while the form is filled in; the server makes them again.
import type { OptionSpec, OptionValue } from "./api/types";
import { number } from "./format";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const LARGEST_WHOLE = 9e15;

const SMALLEST = 1e-200; // a least value below it is a card's way to say: positive

export function rangeText(option: OptionSpec): string {
  const { min, max } = option;
  const unit = option.unit ? ` ${option.unit}` : "";
  if (typeof min === "number" && min > 0 && min < SMALLEST) return typeof max === "number" ? `above 0, at most ${number(max)}${unit}` : `above 0${unit && `, in${unit}`}`;
  if (typeof min === "number" && typeof max === "number") return `from ${number(min)} to ${number(max)}${unit}`;
  if (typeof min === "number") return `at least ${number(min)}${unit}`;
  if (typeof max === "number") return `at most ${number(max)}${unit}`;
  return "";
}

function numberProblem(option: OptionSpec, word: string, whole: boolean): string | null {
  const value = Number(word);
  if (!NUMBER.test(word) || !Number.isFinite(value)) return `'${word}' is not a ${whole ? "whole number" : "number"}.`;
  if (whole && (!Number.isInteger(value) || Math.abs(value) > LARGEST_WHOLE)) return `'${word}' is not a whole number.`;
  if ((typeof option.min === "number" && value < option.min) || (typeof option.max === "number" && value > option.max)) return `${word} is out of range; it must be ${rangeText(option)}.`;
  return null;
}

/// What is wrong with the text of a field, null when nothing is.
export function problemOf(option: OptionSpec, text: string): string | null {
  const value = text.trim();
  if (value === "") return option.required && (option.default === null || option.default === undefined) ? `--${option.name} is needed.` : null;
  switch (option.type) {
    case "int":
      return numberProblem(option, value, true);
    case "real":
      return numberProblem(option, value, false);
    case "ints":
    case "reals":
      for (const word of value.split(",")) {
        const problem = numberProblem(option, word.trim(), option.type === "ints");
        if (problem !== null) return problem;
      }
      return null;
    case "choice":
      return option.choices && !option.choices.includes(value) ? `'${value}' is not one of ${option.choices.join(", ")}.` : null;
    default:
      return null;
  }
}

/// What is sent for a field; undefined: nothing, so that the default holds.
export function valueOf(option: OptionSpec, text: string): OptionValue | undefined {
  const value = text.trim();
  if (value === "") return undefined;
  switch (option.type) {
    case "int":
    case "real":
      return Number(value);
    case "ints":
    case "reals":
      return value.split(",").map((word) => Number(word.trim()));
    case "paths":
      return value.split(",").map((word) => word.trim()).filter((word) => word !== "");
    case "flag":
      return value === "true";
    default:
      return value;
  }
}

/// What is wrong with a seed; JSON's numbers are whole up to 2^53.
export function seedError(text: string): string | null {
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? null : `The seed is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`;
}
