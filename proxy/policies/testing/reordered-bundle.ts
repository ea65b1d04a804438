// The same policies with their files named the other way round, built: what files are called, and so in
// which order they are read, must decide nothing.
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { buildBundle } from '../build.js'
import { SETTINGS_FILE, type PolicyFolder } from '../folder.js'

export async function reorderedBundle(opa: string, folder: PolicyFolder): Promise<Uint8Array> {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-order-'))
  try {
    const files = await filesBelow(folder)
    let place = files.length
    for (const file of files) {
      const name = `z${String(place--).padStart(6, '0')}_`
      const renamed = file.endsWith('.rego') && !file.endsWith('_test.rego')
      const to = renamed ? file.replace(/([^/\\]+)$/, `${name}$1`) : file
      await mkdir(dirname(join(root, to)), { recursive: true })
      await copyFile(join(folder.root, file), join(root, to))
    }
    return await buildBundle({ opa, folder: root })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

// Sorted, relative to the folder; what a build reads.
async function filesBelow({ root, policies, data }: PolicyFolder): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const start of [policies, data, join(root, 'schemas')]) {
    for (const name of await readdir(start, { recursive: true }).catch(() => [])) {
      const path = join(start, name)
      if (name.split(/[/\\]/).some((part) => part.startsWith('.'))) continue
      if ((await stat(path)).isFile()) found.add(relative(root, path))
    }
  }
  const settings = await stat(join(root, SETTINGS_FILE)).catch(() => undefined)
  if (settings !== undefined) found.add(SETTINGS_FILE)
  return [...found].sort()
}
