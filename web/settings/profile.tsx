import { Switch, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import type { ChangeEvent } from 'react'
import { keyOf, type Output, refetch, useAction, useCall } from '../lib/calls.ts'
import { useForm } from '../lib/form.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { FormFailure } from '../ui/form.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './section.module.css'

type Profile = Output<'users', 'getMe'>

/** Who one is to others. */
export function ProfileSection() {
  const { data: profile, error, refetch } = useCall('users', 'getMe', {})
  if (error && !profile) return <ErrorState error={error} retry={refetch} />
  if (!profile) return <LoadingState as="page" />
  return <ProfileForm profile={profile} />
}

const optional = [
  'firstName',
  'lastName',
  'title',
  'bio',
  'country',
  'twitter',
  'linkedIn',
  'personalWebsite',
  'avatar',
] as const

function ProfileForm({ profile }: { profile: Profile }) {
  const { t, explain } = useI18n()
  const say = useSay()
  const queries = useQueryClient()
  const save = useAction('users', 'updateMe')
  const { username, displayName, publicEmail } = profile
  const texts = Object.fromEntries(optional.map((field) => [field, profile[field] ?? '']))
  const { form, text, check, set, busy, failure, values } = useForm({
    initial: { username, displayName, publicEmail, ...texts } as Record<
      'username' | 'displayName' | (typeof optional)[number],
      string
    > & { publicEmail: boolean },
    required: ['username', 'displayName'],
    fieldOf: { username_taken: 'username' },
    rules: {
      username: t('settings.usernameRule'),
      displayName: t('settings.lineRule'),
      twitter: t('settings.linkRule'),
      linkedIn: t('settings.linkRule'),
      personalWebsite: t('settings.linkRule'),
      avatar: t('settings.avatarRule'),
    },
    async submit(typed) {
      const emptied = optional.map((field) => [field, typed[field].trim() || null])
      const saved = await save.mutateAsync({
        username: typed.username.trim(),
        displayName: typed.displayName.trim(),
        publicEmail: typed.publicEmail,
        ...Object.fromEntries(emptied),
      })
      queries.setQueryData(keyOf('users', 'getMe', {}), saved)
      void refetch(queries, 'users', 'getUser')
      say(t('settings.saved'))
    },
  })

  return (
    <form className={classes.section} {...form}>
      <div className={classes.pair}>
        <TextInput
          label={t('settings.displayName')}
          maxLength={50}
          required
          {...text('displayName')}
        />
        <TextInput
          label={t('settings.username')}
          maxLength={30}
          autoCapitalize="none"
          spellCheck={false}
          required
          {...text('username')}
        />
        <TextInput
          label={t('settings.firstName')}
          autoComplete="given-name"
          maxLength={50}
          {...text('firstName')}
        />
        <TextInput
          label={t('settings.lastName')}
          autoComplete="family-name"
          maxLength={50}
          {...text('lastName')}
        />
        <TextInput
          label={t('settings.title')}
          description={t('settings.titleHint')}
          maxLength={100}
          {...text('title')}
        />
        <TextInput
          label={t('people.country')}
          autoComplete="country-name"
          maxLength={60}
          {...text('country')}
        />
      </div>
      <Textarea
        label={t('settings.bio')}
        maxLength={1000}
        rows={5}
        dir="auto"
        {...text('bio')}
        onChange={(event: ChangeEvent<HTMLTextAreaElement>) => set('bio', event.target.value)}
      />
      <div className={classes.pair}>
        <TextInput
          label={t('people.website')}
          type="url"
          maxLength={300}
          placeholder="https://"
          {...text('personalWebsite')}
        />
        <TextInput
          label="LinkedIn"
          type="url"
          maxLength={300}
          placeholder="https://"
          {...text('linkedIn')}
        />
        <TextInput
          label="X"
          type="url"
          maxLength={300}
          placeholder="https://"
          {...text('twitter')}
        />
        <TextInput
          label={t('settings.avatar')}
          type="url"
          maxLength={500}
          placeholder="https://"
          {...text('avatar')}
        />
      </div>
      <Switch
        label={t('settings.publicEmail', { email: profile.email })}
        {...check('publicEmail')}
      />
      <FormFailure>{failure !== undefined && explain(failure)}</FormFailure>
      <div className={classes.bar}>
        <Button type="submit" loading={busy}>
          {t('action.save')}
        </Button>
        <span className={classes.note}>{t('settings.seenAs', { name: values.displayName })}</span>
      </div>
    </form>
  )
}
