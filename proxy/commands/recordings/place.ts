// Where the recordings are that a command is to work on: as a configuration file says. Only what concerns
// recordings is read of it, so that an auditor needs no other secret than the key of the recordings.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../../engine/schemas/config.js'
import { recordingSettings } from '../../config/recording-defaults.js'
import { secretOf } from '../../config/secrets.js'
import { GatewayError } from '../../errors.js'
import { filmStoreOf } from '../../gateway-recordings.js'
import { createFilmLibrary, type FilmLibrary } from '../../recordings/film-library.js'
import { keyRing, type KeyRing } from '../../recordings/key-ring.js'
import type { RecordingSettings } from '../../recordings/settings.js'
import type { FilmStore } from '../../recordings/store.js'
import { readDocument } from '../../yaml-document.js'
import type { Io } from '../io.js'

export type RecordingsPlace = {
  readonly settings: RecordingSettings
  readonly record: string
  // The PEM text that record.signing_key names; undefined where the record keeps a key of its own.
  readonly signingKey: () => string | undefined
  readonly store: FilmStore
  readonly keys: KeyRing
  readonly library: FilmLibrary
}

const DEFAULTS = ['sallyport.yaml', '.sallyport/sallyport.yaml']

// undefined: the configuration has no recordings.
export function recordingsAt(named: string | undefined, io: Io): RecordingsPlace | undefined {
  const { file, text } = configText(named, io)
  const document = readDocument(text)
  const value = 'value' in document ? document.value : undefined
  if (typeof value !== 'object' || value === null || !('record' in value)) {
    throw new GatewayError('config_invalid', `${file} is not a configuration file`)
  }
  const record = directoryOf(value.record)
  const recordings = 'recordings' in value ? value.recordings : undefined
  if (record === undefined) {
    throw new GatewayError('config_invalid', `${file} names no record.directory`)
  }
  if (recordings === undefined || recordings === null) return undefined
  if (!isRecordings(recordings)) {
    throw new GatewayError(
      'config_invalid',
      `${file}: recordings is not right; see sallyport config check`,
    )
  }
  const directory = dirname(file)
  const locate = (path: string): string => resolve(directory, path)
  const secret = (reference: string) => secretOf(reference, { env: io.env, directory })
  const settings = recordingSettings(recordings, locate, secret)
  const store = filmStoreOf(settings, { now: Date.now })
  const keys = keyRing(settings.key, settings.previousKeys)
  const library = createFilmLibrary({
    folder: settings.directory,
    store,
    keys,
    // Nothing here knows what a gateway is writing: what is not finished may still be.
    live: new Set(),
  })
  const signing = signingReferenceOf(value.record)
  return {
    settings,
    record: locate(record),
    store,
    keys,
    library,
    signingKey: () => (signing === undefined ? undefined : secret(signing).reveal()),
  }
}

function signingReferenceOf(record: unknown): string | undefined {
  if (typeof record !== 'object' || record === null || !('signing_key' in record)) return undefined
  return typeof record.signing_key === 'string' ? record.signing_key : undefined
}

export function recordingsPlace(named: string | undefined, io: Io): RecordingsPlace {
  const found = recordingsAt(named, io)
  if (found !== undefined) return found
  throw new GatewayError(
    'not_found',
    'this configuration has no recordings; see recordings.directory',
  )
}

function configText(
  named: string | undefined,
  io: Io,
): { readonly file: string; readonly text: string } {
  const files = (named === undefined ? DEFAULTS : [named]).map((name) => resolve(io.cwd, name))
  let cause: unknown
  for (const file of files) {
    try {
      return { file, text: readFileSync(file, 'utf8') }
    } catch (problem) {
      cause = problem
    }
  }
  throw new GatewayError(
    'config_unreadable',
    `${files.join(' or ')} cannot be read; --config names another`,
    {
      cause,
    },
  )
}

function directoryOf(record: unknown): string | undefined {
  if (typeof record !== 'object' || record === null || !('directory' in record)) return undefined
  return typeof record.directory === 'string' ? record.directory : undefined
}

function isRecordings(value: unknown): value is NonNullable<Config['recordings']> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'directory' in value &&
    typeof value.directory === 'string' &&
    'key' in value &&
    typeof value.key === 'string'
  )
}

export const CONFIG_HELP = `  --config FILE     the gateway’s configuration (default: sallyport.yaml, or .sallyport/sallyport.yaml);
                    of its secrets only those of recordings are needed`
