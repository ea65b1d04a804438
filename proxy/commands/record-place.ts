// Where the record is that a command is to read: named outright, by `--record`, by the configuration
// file, or where the demo keeps it.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readDocument } from '../yaml-document.js'
import { GatewayError } from '../errors.js'
import type { Io } from './io.js'

const DEFAULT = join('.sallyport', 'record')

export function recordPlace(
  named: {
    readonly positional?: string | undefined
    readonly record?: string | undefined
    readonly config?: string | undefined
  },
  io: Io,
): string {
  const outright = named.positional ?? named.record
  if (outright !== undefined) return resolve(io.cwd, outright)
  if (named.config === undefined) return resolve(io.cwd, DEFAULT)
  const file = resolve(io.cwd, named.config)
  const directory = configuredDirectory(file)
  if (directory === undefined) {
    throw new GatewayError('config_invalid', `${file} names no record.directory`)
  }
  return resolve(dirname(file), directory)
}

// The rest of the file may need secrets that an auditor does not have, so it is not looked at.
function configuredDirectory(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('config_unreadable', `${file} cannot be read`, { cause })
  }
  const document = readDocument(text)
  if (!('value' in document)) {
    throw new GatewayError('config_invalid', `${file} is not a configuration file`)
  }
  const { value } = document
  if (typeof value !== 'object' || value === null || !('record' in value)) return undefined
  const { record } = value
  if (typeof record !== 'object' || record === null || !('directory' in record)) return undefined
  return typeof record.directory === 'string' ? record.directory : undefined
}
