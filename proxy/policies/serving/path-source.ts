// A folder of Rego, built again on each save, or a bundle file that is replaced: for development, and for
// where something else brings the bundle to this machine.
import { readFile, stat } from 'node:fs/promises'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { GatewayError } from '../../errors.js'
import { buildBundle } from '../build.js'
import { watched, type Watch } from '../watch.js'
import { SERVING_LIMITS } from './limits.js'
import type { Offer, Source } from './source.js'

export type PathOptions = {
  readonly path: string
  // Found only when a folder has to be built.
  readonly opa: () => Promise<string>
}

export async function pathSource({ path, opa }: PathOptions): Promise<Source> {
  const look = async (): Promise<Offer> => {
    const at = performance.now()
    return { bytes: await read(), at }
  }
  const read = async (): Promise<Uint8Array> => {
    const found = await stat(path).catch((cause: unknown) => {
      throw new BundleProblem('download', `there are no policies at ${path}`, { cause })
    })
    if (found.isDirectory()) return built(path, opa)
    if (found.size > SERVING_LIMITS.bundleBytes) {
      throw new BundleProblem('download', `${path} has ${found.size} bytes, too many for a bundle`)
    }
    return readFile(path).catch((cause: unknown) => {
      throw new BundleProblem('download', `${path} cannot be read`, { cause })
    })
  }
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  let watching: Watch | undefined
  return {
    kind: isFolder ? 'folder' : 'file',
    place: path,
    look,
    follow: (found) => {
      // One at a time, so that the last save wins.
      let running: Promise<void> = Promise.resolve()
      const again = (): Promise<void> => {
        const at = performance.now()
        return look().then(found.offered, (problem: unknown) => found.failed(problem, at))
      }
      watching = watched(path, () => void (running = running.then(again)))
    },
    close: () => watching?.close(),
  }
}

async function built(folder: string, opa: () => Promise<string>): Promise<Uint8Array> {
  try {
    return await buildBundle({ opa: await opa(), folder })
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code !== 'bundle_invalid') throw cause
    throw new BundleProblem('build', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
}
