import { useEffect, useId, useState } from 'react'
import { usePages } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { CheckIcon, CloseIcon } from '../ui/icon.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import classes from './people-picker.module.css'
import type { PersonSummary } from './shapes.ts'

export type PeoplePickerProps = {
  chosen: readonly PersonSummary[]
  onChange(chosen: readonly PersonSummary[]): void
  /** Who cannot be chosen: already there. */
  without?: ReadonlySet<string>
  autoFocus?: boolean
}

const waitMs = 200

/** Finds people as one types, and collects those that are chosen. */
export function PeoplePicker({ chosen, onChange, without, autoFocus }: PeoplePickerProps) {
  const { t } = useI18n()
  const listId = useId()
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  useEffect(() => {
    const timer = setTimeout(setSearch, waitMs, text.trim())
    return () => clearTimeout(timer)
  }, [text])
  const { data, error, refetch, hasNextPage, fetchNextPage } = usePages(
    'users',
    'listUsers',
    { limit: 30, sort: 'displayName', ...(search !== '' && { search }) },
    { keepPrevious: true },
  )
  const people = data?.filter(({ id }) => !without?.has(id))

  function toggle(person: PersonSummary): void {
    const is = chosen.some(({ id }) => id === person.id)
    onChange(is ? chosen.filter(({ id }) => id !== person.id) : [...chosen, person])
  }

  return (
    <div className={classes.picker}>
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to look for people.
        autoFocus={autoFocus}
        type="text"
        className={classes.field}
        placeholder={t('chat.findPeople')}
        aria-label={t('chat.findPeople')}
        aria-controls={listId}
        value={text}
        maxLength={100}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = people ?? []
          if (event.key === 'Enter' && first && text.trim() !== '' && text.trim() === search) {
            event.preventDefault()
            toggle(first)
            setText('')
          } else if (event.key === 'Backspace' && text === '' && chosen.length > 0) {
            onChange(chosen.slice(0, -1))
          }
        }}
      />
      {chosen.length > 0 && (
        <ul className={classes.chosen} aria-label={t('chat.chosen')}>
          {chosen.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                className={classes.chip}
                aria-label={t('chat.unchoose', { name: person.displayName })}
                onClick={() => toggle(person)}
              >
                <bdi>{person.displayName}</bdi>
                <CloseIcon size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div id={listId} className={classes.list}>
        {error ? (
          <ErrorState error={error} retry={refetch} />
        ) : !people ? (
          <LoadingState rows={4} />
        ) : people.length === 0 ? (
          <p className={classes.none}>{t('chat.nobodyFound')}</p>
        ) : (
          <ul>
            {people.map((person) => {
              const picked = chosen.some(({ id }) => id === person.id)
              return (
                <li key={person.id}>
                  <button
                    type="button"
                    className={classes.person}
                    aria-pressed={picked}
                    onClick={() => toggle(person)}
                  >
                    <Avatar
                      name={person.displayName}
                      id={person.id}
                      src={person.avatar}
                      size={36}
                    />
                    <span className={classes.names}>
                      <bdi>{person.displayName}</bdi>
                      <span>@{person.username}</span>
                    </span>
                    {picked && <CheckIcon />}
                  </button>
                </li>
              )
            })}
          </ul>
        )}
        {hasNextPage && (
          <button type="button" className={classes.more} onClick={() => void fetchNextPage()}>
            {t('action.loadMore')}
          </button>
        )}
      </div>
    </div>
  )
}
