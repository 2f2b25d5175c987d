import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { type ItemOf, usePages } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { usePresence } from '../lib/presence.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { EndlessList } from '../ui/endless-list.tsx'
import { PeopleIcon, SearchIcon } from '../ui/icon.tsx'
import { ListRow } from '../ui/list-row.tsx'
import { Pane } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'
import classes from './people-list.module.css'

type Person = ItemOf<'users', 'listUsers'>

const orders = {
  name: { sort: 'displayName', order: 'asc' },
  username: { sort: 'username', order: 'asc' },
  newest: { sort: 'registeredAt', order: 'desc' },
  oldest: { sort: 'registeredAt', order: 'asc' },
} as const
type Order = keyof typeof orders

/** Long enough that a word is not asked for letter by letter. */
const typingMs = 200

/** Everybody one may find, searched while one types. */
export function PeopleList() {
  const { t } = useI18n()
  const [text, setText] = useState('')
  const [order, setOrder] = useState<Order>('name')
  const [search] = useDebouncedValue(text.trim(), typingMs)
  const people = usePages(
    'users',
    'listUsers',
    { limit: 50, ...orders[order], ...(search && { search }) },
    { keepPrevious: true },
  )

  return (
    <Pane
      title={t('nav.people')}
      level={2}
      scroll={false}
      tools={
        <search className={classes.tools}>
          <TextInput
            type="search"
            aria-label={t('people.search')}
            placeholder={t('people.search')}
            leftSection={<SearchIcon size={18} />}
            maxLength={100}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <NativeSelect
            aria-label={t('people.order')}
            value={order}
            onChange={(event) => setOrder(event.currentTarget.value as Order)}
            data={[
              { value: 'name', label: t('people.order.name') },
              { value: 'username', label: t('people.order.username') },
              { value: 'newest', label: t('people.order.newest') },
              { value: 'oldest', label: t('people.order.oldest') },
            ]}
          />
        </search>
      }
    >
      <Found people={people} search={search} />
    </Pane>
  )
}

function Found({
  people,
  search,
}: {
  people: ReturnType<typeof usePages<'users', 'listUsers'>>
  search: string
}) {
  const { t } = useI18n()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = people
  if (error && !data) return <ErrorState error={error} retry={refetch} />
  if (!data) return <LoadingState />
  if (data.length === 0) {
    return search ? (
      <EmptyState
        icon={<SearchIcon size={28} />}
        title={t('people.nobodyFound', { search })}
        hint={t('people.nobodyFoundHint')}
      />
    ) : (
      <EmptyState
        icon={<PeopleIcon size={28} />}
        title={t('people.alone')}
        hint={t('people.aloneHint')}
      />
    )
  }
  return (
    <EndlessList
      label={t('nav.people')}
      items={data}
      idOf={({ id }) => id}
      hasMore={hasNextPage && !isFetchingNextPage}
      loadMore={fetchNextPage}
    >
      {(person) => <PersonRow person={person} />}
    </EndlessList>
  )
}

function PersonRow({ person }: { person: Person }) {
  const { t } = useI18n()
  const { id, displayName, username, avatar, title } = person
  const presence = usePresence(id)
  return (
    <ListRow
      to="/people/$userId"
      params={{ userId: id }}
      before={
        <Avatar
          id={id}
          name={displayName}
          src={avatar}
          presence={presence?.status}
          presenceLabel={presence && t(`presence.${presence.status}`)}
        />
      }
      title={<bdi>{displayName}</bdi>}
      text={<bdi>{title ? `@${username} · ${title}` : `@${username}`}</bdi>}
    />
  )
}
