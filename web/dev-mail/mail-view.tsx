import { SegmentedControl } from '@mantine/core'
import { Fragment, useState } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import type { Mail } from './mail-row.tsx'
import classes from './mail-view.module.css'

/**
 * A mail as its reader gets it. Its HTML is shown in a frame that may do nothing: no scripts, no
 * forms, no way to this page. The policy of the page also keeps the mail's own styles out of the
 * frame, so it is shown plainly; mail programs show it with them.
 */
export function MailView({ mail: { text, html, subject } }: { mail: Mail }) {
  const { t } = useI18n()
  const [as, setAs] = useState<'text' | 'html'>('text')
  return (
    <div className={classes.mail}>
      {html !== null && (
        <SegmentedControl
          className={classes.choice}
          aria-label={t('devMail.as')}
          value={as}
          onChange={(value) => setAs(value === 'html' ? 'html' : 'text')}
          data={[
            { value: 'text', label: t('devMail.asText') },
            { value: 'html', label: t('devMail.asHtml') },
          ]}
        />
      )}
      {as === 'html' && html !== null ? (
        <iframe
          className={classes.frame}
          title={subject ?? t('nav.devMail')}
          sandbox=""
          referrerPolicy="no-referrer"
          srcDoc={html}
        />
      ) : (
        <pre className={classes.text} dir="auto">
          <Linked text={text ?? ''} />
        </pre>
      )}
    </div>
  )
}

/** Text with its addresses as links: those in a frame without rights lead nowhere. */
function Linked({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/g)
  return parts.map((part, index) =>
    index % 2 === 1 ? (
      <a key={index} href={part}>
        {part}
      </a>
    ) : (
      <Fragment key={index}>{part}</Fragment>
    ),
  )
}
