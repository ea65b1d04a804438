// An address that leads nowhere, with a way on.
import { Empty } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'

export function NotFoundPage() {
  return (
    <div class="page page-narrow">
      <PageHead title="There is no such page" />
      <Empty icon="search" title="Nothing lives at this address">
        <p>
          The address may be mistyped, or of an older version. Try{' '}
          <a href="/approvals">Approvals</a>, <a href="/sessions">Sessions</a> or{' '}
          <a href="/search">Search</a>.
        </p>
      </Empty>
    </div>
  )
}
