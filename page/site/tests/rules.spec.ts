// The parts that need no browser: how numbers and rules are written, what a form checks, the command line it shows.
import { expect, test } from "@playwright/test";

import type { Action, OptionSpec } from "../src/api/types";
import { checkCommand, quoted, runCommand } from "../src/command-line";
import { isDay, spanTitle } from "../src/dates";
import { bytes, duration, interval, number, people, rule, webAddress } from "../src/format";
import { problemOf, rangeText, seedError, valueOf } from "../src/validate";

const option = (type: OptionSpec["type"], more: Partial<OptionSpec> = {}): OptionSpec => ({ name: "n", type, help: "", default: null, required: false, ...more });

test("numbers", () => {
  expect(number(0.30252710682072514)).toBe("0.30253");
  expect(number(5.676331991122252e-9)).toBe("5.6763·10⁻⁹");
  expect(number(-12345678.5)).toBe("−1.2346·10⁷");
  expect(number(1234567)).toBe("1\u202f234\u202f567");
  expect(number(1234)).toBe("1234");
  expect(number(null)).toBe("–");
  expect(interval(null, 2)).toBe("[−∞, 2]");
  expect(interval(1, 1)).toBeNull();
  expect(duration(0.038)).toBe("38 ms");
  expect(duration(193)).toBe("3 min 13 s");
  expect(duration(7200)).toBe("2 h");
  expect(bytes(64e6)).toBe("64 MB");
});

test("rules of cards", () => {
  expect(rule("5.676e-9 +- 0.1%")).toBe("5.676·10⁻⁹ ± 0.1%");
  expect(rule("<= -0.88")).toBe("≤ −0.88");
  expect(rule("gamma == 1")).toBe("gamma = 1");
});

test("names, dates, addresses", () => {
  expect(people(["A", "B", "C"])).toBe("A, B and C");
  expect(people(["A", "B", "C", "D"], 3)).toBe("A, B and 2 more");
  expect(isDay("2025-02-31x")).toBe(false);
  expect(isDay("2025-13-01")).toBe(false);
  expect(spanTitle("day", "2025-07-31", null)).toBe("Thursday, 31 July 2025");
  expect(spanTitle("week", "2025-07-31", "2025-07-28")).toBe("Week of 28 July 2025");
  expect(webAddress("javascript:alert(1)")).toBeNull();
  expect(webAddress("https://arxiv.org/abs/2407.06312")).toBe("https://arxiv.org/abs/2407.06312");
});

test("a form checks as the command line does", () => {
  expect(problemOf(option("int", { min: 1, max: 9 }), "0")).toContain("from 1 to 9");
  expect(problemOf(option("int"), "1.5")).toContain("whole number");
  expect(problemOf(option("int"), "1e3")).toBeNull();
  expect(problemOf(option("real"), "0x10")).toContain("not a number");
  expect(problemOf(option("real", { min: 1e-300, unit: "s" }), "0")).toContain("out of range");
  expect(rangeText(option("real", { min: 1e-300, unit: "s" }))).toBe("above 0, in s");
  expect(problemOf(option("reals", { max: 1 }), "0.5, 2")).toContain("2 is out of range");
  expect(problemOf(option("choice", { choices: ["a", "b"] }), "c")).toContain("a, b");
  expect(problemOf(option("paths", { required: true }), " ")).toContain("needed");
  expect(problemOf(option("int", { required: true, default: 3 }), "")).toBeNull();
  expect(valueOf(option("ints"), "1, 2")).toEqual([1, 2]);
  expect(valueOf(option("flag"), "true")).toBe(true);
  expect(seedError("-1")).not.toBeNull();
  expect(seedError("9007199254740993")).not.toBeNull();
  expect(seedError("42")).toBeNull();
});

test("the command line of a form", () => {
  const action: Action = { name: "spectrum", help: "", default: true, examples: [], options: [option("paths", { name: "data", required: true }), option("int", { name: "delays", default: 20 }), option("flag", { name: "drop-gaps", default: false }), option("string", { name: "columns" })] };
  const values = { data: "upload:1/my file.h5:/v,/data/b.csv", delays: "20", "drop-gaps": "true", columns: "x,y" };
  expect(runCommand("koopman", action, false, values, { "upload:1/my file.h5": "my file.h5" }, "7")).toBe("offprint run koopman spectrum --data 'my file.h5:/v,/data/b.csv' --drop-gaps --columns x,y --seed 7");
  expect(runCommand("koopman", action, true, { ...values, delays: "5", "drop-gaps": "false", columns: "" }, {}, "0")).toContain("offprint run koopman --data ");
  expect(checkCommand("koopman", ["K1"], "full", "0")).toBe("offprint check koopman --claim K1 --tier full");
  expect(quoted("it's")).toBe("'it'\\''s'");
});
