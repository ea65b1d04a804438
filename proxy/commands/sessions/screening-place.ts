// What `sessions replay` and `sessions export` are handed: the record or an export of it, the recordings
// beside it where they can be opened, and the bundle to show a film under.
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError } from '../../errors.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { namedPolicy } from '../../policies/backtest/named-policy.js'
import type { Recordings } from '../../recordings/film.js'
import { createFilms, type Films } from '../../replay/films.js'
import { createKeptPolicies, type KeptPolicies } from '../../replay/under-policy.js'
import { createUnderFilm, type UnderFilm } from '../../replay/under-film.js'
import { fuelOf } from '../audit/material.js'
import type { Io } from '../io.js'
import { recordPlace } from '../record-place.js'
import { recordingsAt } from '../recordings/place.js'
import type { Film } from '../../replay/film.js'

export const PLACE_OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  under: { type: 'string' },
  fuel: { type: 'string' },
} as const

export const PLACE_HELP = `  --record PLACE     directory of the record (default: .sallyport/record), one of its segments, or a
                     file that audit export wrote
  --config FILE      take the directory from a configuration file, and what clients saw from the
                     recordings that it names (their key is needed, and no other secret)`

export type PlaceValues = {
  readonly record?: string | undefined
  readonly config?: string | undefined
  readonly under?: string | undefined
  readonly fuel?: string | undefined
}

export type ScreeningPlace = {
  readonly films: Films
  readonly film: () => Promise<Film>
  // Absent: there are none, or no key for them.
  readonly recordings?: Recordings
  readonly under?: { readonly film: UnderFilm; readonly policy: Policy }
}

export async function screeningPlace(
  name: string,
  values: PlaceValues,
  io: Io,
): Promise<ScreeningPlace> {
  const place = recordPlace(values, io)
  const films = createFilms(place)
  const id = await films.named(name)
  const film = async (): Promise<Film> => {
    const found = await films.film(id)
    if (found === undefined) throw new GatewayError('not_found', `no session ${id} is recorded`)
    return found
  }
  const recordings = recordingsOf(place, values.config, io)
  const found = { films, film, ...(recordings === undefined ? {} : { recordings }) }
  const { under } = values
  if (under === undefined) return found
  const fuel = fuelOf(values.fuel)
  const directory = statSync(place).isDirectory() ? place : dirname(place)
  const kept = createKeptPolicies(directory, fuel, () => films.bundles())
  const policy = await policyNamed(under, kept, fuel, io)
  const before = (bundle: string): Promise<Policy | undefined> => kept.of(bundle)
  const underFilm = createUnderFilm(film, { under: policy, before }, () => performance.now())
  return { ...found, under: { film: underFilm, policy } }
}

// Those of the gateway whose record it is: by the configuration that was named, or by the one that is where
// one usually is.
function recordingsOf(place: string, config: string | undefined, io: Io): Recordings | undefined {
  try {
    const found = recordingsAt(config, io)
    if (found === undefined) return undefined
    const own = found.record === place || found.record === dirname(place)
    return own || config !== undefined ? found.library : undefined
  } catch (problem) {
    const none = problem instanceof GatewayError && problem.code === 'config_unreadable'
    if (config === undefined && none) return undefined
    throw problem
  }
}

// A file or folder first, since a folder may be called like a revision; else one that was kept.
async function policyNamed(
  name: string,
  kept: KeptPolicies,
  fuel: number,
  io: Io,
): Promise<Policy> {
  try {
    // What builds bundles is loaded where one must be built.
    const opa = async (): Promise<string> => (await import('../policy/toolbox.js')).opaFor(io)
    const options = { opa, cwd: io.cwd, fuel }
    return (await namedPolicy(name, options)).policy
  } catch (problem) {
    if (!(problem instanceof GatewayError) || problem.code !== 'not_found') throw problem
    return kept.named(name)
  }
}
