import { useState } from 'react'
import { AuditFilter, type Filter, toQuery } from '../audit/audit-filter.tsx'
import { AuditRow } from '../audit/audit-row.tsx'
import { usePages } from '../lib/calls.ts'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { EndlessList } from '../ui/endless-list.tsx'
import { AuditIcon } from '../ui/icon.tsx'
import { Pane, Screen } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'

export function AuditPage() {
  const { t } = useI18n()
  useTitle(t('nav.audit'))
  const { role } = useMe()
  return (
    <Screen
      detail={
        role === 'admin' ? (
          <Trail />
        ) : (
          <EmptyState
            level={1}
            icon={<AuditIcon size={28} />}
            title={t('failure.forbidden')}
            hint={t('audit.adminsOnly')}
          />
        )
      }
    />
  )
}

function Trail() {
  const { t } = useI18n()
  const [filter, setFilter] = useState<Filter>({})
  const trail = usePages(
    'audit',
    'listAudit',
    { limit: 50, ...toQuery(filter) },
    { keepPrevious: true },
  )
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = trail

  return (
    <Pane
      title={t('nav.audit')}
      subtitle={t('audit.subtitle')}
      scroll={false}
      tools={<AuditFilter filter={filter} onChange={setFilter} />}
    >
      {error && !data ? (
        <ErrorState error={error} retry={refetch} />
      ) : !data ? (
        <LoadingState />
      ) : data.length === 0 ? (
        <EmptyState
          icon={<AuditIcon size={28} />}
          title={t('audit.none')}
          hint={t('audit.noneHint')}
        />
      ) : (
        <EndlessList
          label={t('nav.audit')}
          items={data}
          idOf={({ id }) => id}
          rowHeight={68}
          hasMore={hasNextPage && !isFetchingNextPage}
          loadMore={fetchNextPage}
        >
          {(entry) => <AuditRow entry={entry} onFilter={setFilter} />}
        </EndlessList>
      )}
    </Pane>
  )
}
