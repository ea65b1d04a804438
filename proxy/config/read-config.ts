// From the configuration file to settings, or to everything that is wrong with it. Reads the file, the
// files it refers to and the environment handed in; changes nothing.
import { readFileSync, statSync } from 'node:fs'
import { GatewayError } from '../errors.js'
import { crossChecks } from './cross-checks.js'
import { settingsOf } from './defaults.js'
import { configSchema, type Config } from '../../engine/schemas/config.js'
import { createChecker } from '../schema-problems.js'
import { reasonOf, type SecretSources } from './secrets.js'
import type { Settings } from './settings.js'
import { problemText, readDocument, YAML_BYTES_MAX, type Problem } from '../yaml-document.js'

const config = createChecker<Config>(configSchema)

export type ConfigReading =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] }

// Throws GatewayError('config_unreadable') where there is no file to read.
export function readConfig(file: string, env: SecretSources['env']): ConfigReading {
  let text: string
  try {
    // A device or a file without an end is not read at all.
    const { size } = statSync(file)
    if (size > YAML_BYTES_MAX) throw new GatewayError('config_unreadable', 'over 256 KiB')
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    const why = cause instanceof GatewayError ? cause.message : reasonOf(cause)
    throw new GatewayError('config_unreadable', `${file} cannot be read: ${why}`, { cause })
  }
  return parseConfig(text, file, env)
}

export function parseConfig(text: string, file: string, env: SecretSources['env']): ConfigReading {
  const document = readDocument(text)
  if (!('value' in document)) return { ok: false, problems: document }
  const { value } = document
  if (!config.fits(value)) return { ok: false, problems: config.problems(document) }
  const crossed = crossChecks(value, file, env)
  if (crossed.length === 0) return { ok: true, settings: settingsOf(value, file, env) }
  return {
    ok: false,
    problems: crossed.map((problem) => ({ ...problem, place: document.placeOf(problem.path) })),
  }
}

// The settings, or GatewayError('config_invalid') with every problem on a line of its own.
export function settingsFrom(file: string, env: SecretSources['env']): Settings {
  const reading = readConfig(file, env)
  if (reading.ok) return reading.settings
  const lines = reading.problems.map((problem) => problemText(file, problem))
  throw new GatewayError('config_invalid', lines.join('\n'))
}
