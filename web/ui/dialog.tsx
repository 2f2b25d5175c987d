import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import classes from './dialog.module.css'
import { CloseIcon } from './icon.tsx'
import { IconButton } from './icon-button.tsx'

export type DialogProps = {
  open: boolean
  /** Called when the person closes it: by Escape, the button, or a click beside it. */
  onClose: () => void
  title: string
  /** Under the content: buttons, the main one last. */
  actions?: ReactNode
  /** Whether the title is only said, where the content shows what it is. */
  titleHidden?: boolean
  size?: 'small' | 'medium' | 'large'
  children: ReactNode
}

/**
 * A window over the page, as the browser makes it: the rest is out of reach, Escape closes it, and
 * the focus goes back to where it was. First it goes to what has `data-autofocus`, or a field.
 */
export function Dialog({ open, ...rest }: DialogProps) {
  return open ? <OpenDialog {...rest} /> : null
}

function OpenDialog({
  onClose,
  title,
  actions,
  titleHidden = false,
  size = 'medium',
  children,
}: Omit<DialogProps, 'open'>) {
  const { t } = useI18n()
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const titleId = useId()

  useLayoutEffect(() => {
    const opened = dialog.current
    if (!opened?.open) opened?.showModal()
    // What asks for the focus gets it, or else the first field; in others, reading begins at the title.
    const first =
      opened?.querySelector<HTMLElement>('[data-autofocus]') ??
      opened?.querySelector<HTMLElement>('input:not([type=hidden]), textarea, select')
    ;(first ?? heading.current)?.focus()
    // While it is still in the page, so that closing gives the focus back.
    return () => opened?.close()
  }, [])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same, by `onCancel`.
    <dialog
      ref={dialog}
      className={classes.dialog}
      data-size={size}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
    >
      <div className={classes.inside}>
        <header className={titleHidden ? 'said' : classes.header}>
          <h2 id={titleId} ref={heading} tabIndex={-1}>
            {title}
          </h2>
          {!titleHidden && (
            <IconButton label={t('action.close')} icon={<CloseIcon />} onClick={onClose} />
          )}
        </header>
        <div className={classes.content}>{children}</div>
        {actions && <footer className={classes.actions}>{actions}</footer>}
      </div>
    </dialog>
  )
}
