// The commands beside the film: all of them, or those that a filter lets through. The filter is in the address,
// so that a list of denials can be shown to others.
import { useLocation } from 'preact-iso'
import { useMemo } from 'preact/hooks'
import { FilterText } from '../parts/filter-text.js'
import { VirtualList } from '../parts/virtual-list.js'
import { wordOf, type Meaning } from '../reading/action-words.js'
import { count as written, counted } from '../reading/counts.js'
import { filteredRows, placeAmong } from '../reading/film-filter.js'
import { FilmRow } from './film-row.js'
import type { FilmStore } from './film-store.js'
import type { Player } from './player.js'

const ROW_HEIGHT = 32
const MEANINGS: readonly Meaning[] = ['deny', 'hold', 'mask', 'allow']

type Props = { readonly store: FilmStore; readonly player: Player; readonly total: number }

export function CommandList({ store, player, total }: Props) {
  const { query, route, path } = useLocation()
  const words = query['find'] ?? ''
  const only = MEANINGS.find((one) => one === query['only'])
  const count = store.loaded.value
  const index = player.index.value
  const found = useMemo(
    () => filteredRows(store.rows, { words, only }),
    [store, count, words, only],
  )
  const put = (name: string, value: string): void => {
    const to = new URLSearchParams(location.search)
    if (value === '') to.delete(name)
    else to.set(name, value)
    route(`${path}?${to}`, true)
  }
  const fit = found?.length ?? count
  return (
    <div class="film-list">
      <div class="film-filter" role="search" aria-label="Commands of this session">
        <FilterText label="Filter commands" value={words} changed={(text) => put('find', text)} />
        <select
          aria-label="Which decisions"
          value={only ?? ''}
          onChange={(event) => put('only', event.currentTarget.value)}
        >
          <option value="">All</option>
          {MEANINGS.map((meaning) => (
            <option key={meaning} value={meaning}>
              {wordOf(meaning)}
            </option>
          ))}
        </select>
      </div>
      <VirtualList
        label="Commands"
        count={fit}
        rowHeight={ROW_HEIGHT}
        chosen={found === undefined ? index : placeAmong(found, index)}
        row={(at) => {
          const row = store.rows[found?.[at] ?? at]
          return row === undefined ? null : <FilmRow row={row} />
        }}
        choose={(at) => player.choose(found?.[at] ?? at)}
      />
      <p class="film-count muted">
        {found === undefined ? '' : `${written(fit)} of `}
        {store.complete.value
          ? counted(count, 'command')
          : `${counted(count, 'command')} of ${total} loaded…`}
      </p>
    </div>
  )
}
