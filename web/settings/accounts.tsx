import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ItemOf, refetch, useAction, usePages } from '../lib/calls.ts'
import { useMe } from '../lib/client.tsx'
import { useForm } from '../lib/form.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { EndlessList } from '../ui/endless-list.tsx'
import { FormFailure } from '../ui/form.tsx'
import { MoreIcon, SearchIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './accounts.module.css'
import section from './section.module.css'

type Account = ItemOf<'accounts', 'listAccounts'>

const roles = ['user', 'moderator', 'admin'] as const
type Role = (typeof roles)[number]
const filters = ['all', ...roles, 'blocked'] as const
type Filter = (typeof filters)[number]

function toQuery(filter: Filter): { role?: Role; blocked?: true } {
  if (filter === 'all') return {}
  return filter === 'blocked' ? { blocked: true } : { role: filter }
}

/** Everybody who has an account: what they may do, and whether they may come in at all. */
export function AccountsSection() {
  const { t } = useI18n()
  const [text, setText] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [search] = useDebouncedValue(text.trim(), 200)
  const [blocking, setBlocking] = useState<Account>()
  const list = usePages(
    'accounts',
    'listAccounts',
    { limit: 50, ...toQuery(filter), ...(search && { search }) },
    { keepPrevious: true },
  )
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = list

  return (
    <div className={classes.accounts}>
      <search className={classes.tools}>
        <TextInput
          type="search"
          aria-label={t('settings.accountsSearch')}
          placeholder={t('settings.accountsSearch')}
          leftSection={<SearchIcon size={18} />}
          maxLength={100}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          aria-label={t('settings.accountsShow')}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value as Filter)}
          data={filters.map((value) => ({ value, label: t(`settings.accountsShow.${value}`) }))}
        />
      </search>
      <div className={classes.list}>
        {error && !data ? (
          <ErrorState error={error} retry={list.refetch} />
        ) : !data ? (
          <LoadingState />
        ) : data.length === 0 ? (
          <EmptyState icon={<SearchIcon size={28} />} title={t('settings.accountsNone')} />
        ) : (
          <EndlessList
            label={t('settings.accounts')}
            items={data}
            idOf={({ id }) => id}
            rowHeight={76}
            hasMore={hasNextPage && !isFetchingNextPage}
            loadMore={fetchNextPage}
          >
            {(account) => <AccountRow account={account} onBlock={() => setBlocking(account)} />}
          </EndlessList>
        )}
      </div>
      <Dialog
        open={blocking !== undefined}
        onClose={() => setBlocking(undefined)}
        title={t('people.blockTitle', { name: blocking?.username ?? '' })}
      >
        {blocking && <BlockForm account={blocking} onDone={() => setBlocking(undefined)} />}
      </Dialog>
    </div>
  )
}

function AccountRow({ account, onBlock }: { account: Account; onBlock: () => void }) {
  const { t, explain } = useI18n()
  const me = useMe()
  const say = useSay()
  const queries = useQueryClient()
  const { id, username, email, role, confirmed, lastLoginAt, block } = account
  const settle = {
    onSuccess: () => refetch(queries, 'accounts', 'listAccounts'),
    onError: (failure: Error) => say(explain(failure), 'danger'),
  }
  const changeRole = useAction('accounts', 'changeRole', settle)
  const unblock = useAction('accounts', 'unblockAccount', settle)

  return (
    <article className={classes.row}>
      <div className={section.lines}>
        <p className={section.strong}>
          <bdi>{username}</bdi>{' '}
          {role !== 'user' && <span className={section.tag}>{t(`people.role.${role}`)}</span>}{' '}
          {block && (
            <span className={classes.blocked} title={block.reason}>
              {t('settings.accountsShow.blocked')}
            </span>
          )}
        </p>
        <p className={section.note}>
          {email}
          {!confirmed && ` · ${t('settings.unconfirmed')}`}
          {lastLoginAt && (
            <>
              {` · ${t('settings.signedInAt')} `}
              <Time at={lastLoginAt} as="date" />
            </>
          )}
        </p>
      </div>
      <Menu
        button={(button) => (
          <IconButton
            {...button}
            label={t('settings.actionsFor', { name: username })}
            icon={<MoreIcon />}
          />
        )}
      >
        {roles
          .filter((one) => one !== role)
          .map((one) => (
            <MenuItem key={one} onClick={() => changeRole.mutate({ userId: id, role: one })}>
              {t(`settings.make.${one}`)}
            </MenuItem>
          ))}
        {block ? (
          <MenuItem onClick={() => unblock.mutate({ userId: id })}>{t('people.unblock')}</MenuItem>
        ) : (
          <MenuItem disabled={id === me.id} onClick={onBlock}>
            {t('people.block')}
          </MenuItem>
        )}
      </Menu>
    </article>
  )
}

function BlockForm({ account, onDone }: { account: Account; onDone: () => void }) {
  const { t, explain } = useI18n()
  const queries = useQueryClient()
  const block = useAction('accounts', 'blockAccount')
  const { form, text, busy, failure } = useForm({
    initial: { reason: '' },
    required: ['reason'],
    rules: { reason: t('settings.lineRule') },
    async submit({ reason }) {
      await block.mutateAsync({ userId: account.id, reason: reason.trim() })
      onDone()
      await refetch(queries, 'accounts', 'listAccounts')
    },
  })
  return (
    <form className={section.group} {...form}>
      <p className={section.note}>{t('settings.blockHint')}</p>
      <TextInput label={t('settings.reason')} maxLength={500} required {...text('reason')} />
      <FormFailure>{failure !== undefined && explain(failure)}</FormFailure>
      <div>
        <Button type="submit" tone="danger" loading={busy}>
          {t('people.block')}
        </Button>
      </div>
    </form>
  )
}
