// What a check is: the rules that it reports, each with what it is about, and a function over the library.
// Adding one is adding a file and a line in `checks.ts`.
import type { PolicySettings } from '../../../engine/schemas/policy-settings.js'
import type { Finding, Severity } from '../findings.js'
import type { Knowledge } from './knowledge.js'
import type { Library } from './library.js'
import type { At } from './rego-tree.js'

export type CheckInput = {
  readonly library: Library
  readonly knowledge: Knowledge
  readonly settings: PolicySettings
  // Runs OPA in the folder's root.
  readonly opa: (args: readonly string[]) => Promise<string>
  // And Git.
  readonly git: (args: readonly string[]) => Promise<string>
}

export type Check = {
  readonly rules: Readonly<Record<string, string>>
  readonly run: (input: CheckInput) => readonly Finding[] | Promise<readonly Finding[]>
}

export type Place = { readonly file: string; readonly at: At }

// A finding in fewer words: rule, place, what is wrong, how to write it.
export function problem(
  rule: string,
  { file, at }: Place,
  message: string,
  fix: string,
  severity: Severity = 'error',
): Finding {
  return { rule, severity, file, line: at.line, column: at.column, message, fix }
}
