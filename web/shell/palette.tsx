import { type KeyboardEvent, useId, useState } from 'react'
import { type Command, useAllCommands } from '../lib/commands.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { SearchIcon } from '../ui/icon.tsx'
import { Keys } from '../ui/keys.tsx'
import classes from './palette.module.css'

/** Finds what can be done now by a few letters of it, and does it. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useI18n()
  return (
    <Dialog open onClose={onClose} title={t('palette.title')} titleHidden>
      <Search onClose={onClose} />
    </Dialog>
  )
}

function Search({ onClose }: { onClose: () => void }) {
  const { t } = useI18n()
  const listId = useId()
  const commands = useAllCommands().filter(({ id, run }) => run && id !== 'palette')
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = commands.filter((command) => fits(command, text))
  const chosen = found[Math.min(at, found.length - 1)]

  function choose(command: Command | undefined) {
    if (!command) return
    onClose()
    command.run?.()
  }

  function move(event: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      setAt((before) => (Math.min(before, found.length - 1) + step + found.length) % found.length)
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      choose(chosen)
    }
  }

  return (
    <>
      <div className={classes.field}>
        <SearchIcon />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type into it.
          autoFocus
          className={classes.input}
          role="combobox"
          aria-label={t('palette.title')}
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={chosen && `${listId}-${chosen.id}`}
          placeholder={t('palette.placeholder')}
          value={text}
          maxLength={100}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={move}
        />
      </div>
      <p className="said" role="status">
        {t('palette.results', { count: found.length })}
      </p>
      <div id={listId} role="listbox" aria-label={t('palette.title')} className={classes.list}>
        {found.map((command) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys.
          <div
            key={command.id}
            id={`${listId}-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            className={classes.option}
            onClick={() => choose(command)}
          >
            <span>{command.title}</span>
            {command.keys && <Keys keys={command.keys} />}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className={classes.nothing}>{t('palette.nothing', { text })}</p>}
    </>
  )
}

/** Whether every word that was typed is in it; accents and case do not matter. */
function fits({ title, words = '' }: Command, text: string): boolean {
  const plain = (given: string) => given.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const all = plain(`${title} ${words}`)
  return plain(text)
    .split(/\s+/)
    .every((word) => all.includes(word))
}
