import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import classes from './back-link.module.css'
import { BackIcon } from './icon.tsx'

type BackProps = AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }

function Back({ className: _, ...rest }: BackProps) {
  const { t } = useI18n()
  return (
    <a className={classes.back} {...rest}>
      <span className="said">{t('action.back')}</span>
      <BackIcon />
    </a>
  )
}

/** The way from a detail back to its list, where a phone shows one of the two. */
export const BackLink = createLink(Back)
