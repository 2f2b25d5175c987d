import { type Command, useAllCommands } from '../lib/commands.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Keys } from '../ui/keys.tsx'
import classes from './shortcuts-sheet.module.css'

/** Every key that does something on the screen that is shown. */
export function ShortcutsSheet({ onClose }: { onClose: () => void }) {
  const { t } = useI18n()
  const commands = useAllCommands()
  const groups = Map.groupBy(
    commands.filter(({ keys }) => keys),
    ({ group }) => group,
  )
  return (
    <Dialog open onClose={onClose} title={t('shortcuts.title')}>
      {[...groups].map(([group, listed]) => (
        <Group key={group} name={group} commands={listed} />
      ))}
    </Dialog>
  )
}

function Group({ name, commands }: { name: string; commands: readonly Command[] }) {
  return (
    <section className={classes.group}>
      <h3>{name}</h3>
      <dl className={classes.list}>
        {commands.map(({ id, title, keys = '' }) => (
          <div key={id} className={classes.line}>
            <dt>{title}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
