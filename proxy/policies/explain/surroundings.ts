// What the settings of a policy repository tell of the world around a command: other environments that it
// might be sent to, and groups that somebody might be in.
import type { PolicyFolder } from '../folder.js'
import type { Surroundings } from './candidates.js'

export function surroundingsOf({ settings }: Pick<PolicyFolder, 'settings'>): Surroundings {
  const targets = Object.values(settings.targets ?? {})
  const groups = Object.values(settings.identities ?? {}).flatMap((one) => one.groups ?? [])
  return {
    environments: [...new Set(targets.flatMap(({ labels = {} }) => labels['env'] ?? []))].sort(),
    groups: [...new Set(groups)].sort(),
  }
}
