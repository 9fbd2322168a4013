// May X do Y? The server says by which grant, or what is missing; then it can be granted.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import type { Explanation } from '../api/types';
import { at, setQuery, usePlace } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { Facts } from '../kit/facts';
import { Form } from '../kit/form';
import { Select } from '../kit/inputs';
import { Picker } from '../kit/picker';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { openGrant } from './grant_dialog';
import { Resource } from './grant_fields';
import { uriWrong, type Match } from './grant_match';
import { roleHref } from './grant_table';
import { findRoles } from './user_find';

const t = text.grants;

interface Question {
  who: string[];
  permission: string;
  match: string;
  uri: string;
}

interface Answered {
  question: Question;
  answer: Explanation;
}

async function put(realm: string, question: Question): Promise<Answered> {
  const role = question.who[0] ?? '';
  const { value } = await ask<Explanation>(at`/realms/${realm}/grants/test`, {
    method: 'POST',
    body: {
      authid: role.replace(/^user\//, ''),
      permission: question.permission,
      resource: question.uri.trim(),
      match: question.match,
    },
  });
  return { question, answer: value };
}

export function GrantTest({ realm }: { realm: string }) {
  const { query } = usePlace();
  const [answered, setAnswered] = useState<Answered>();
  const who = query.get('who');
  const form = useForm<Question>({
    initial: {
      who: who ? [who] : [],
      permission: query.get('permission') ?? 'wamp.call',
      match: query.get('match') ?? 'exact',
      uri: query.get('uri') ?? '',
    },
    check: ({ who, match, uri }) => ({
      ...(who.length === 0 && { who: text.form.required(t.who) }),
      ...(uriWrong(match as Match, uri.trim()) && { uri: t.uriWrong }),
    }),
    submit: async (question) => {
      setAnswered(undefined);
      setAnswered(await put(realm, question));
      const { who, permission, match, uri } = question;
      setQuery({ who: who[0] ?? '', permission, match, uri: uri.trim() });
    },
    keys: { authid: 'who', resource: 'uri' },
    asks: true,
  });
  return (
    <div class="try">
      <Form form={form} action={t.ask} needs="bondy.rbac.explain">
        <Picker
          {...form.bind('who')}
          label={t.who}
          hint={t.whoHint}
          find={findRoles(realm, ['anonymous'])}
          single
          required
        />
        <Select
          {...form.bind('permission')}
          label={t.permission}
          hint={t.permits[form.values.permission]}
          options={Object.keys(t.permits).map((value) => ({ value, label: value }))}
        />
        <Resource match={form.bind('match')} uri={form.bind('uri')} narrow />
      </Form>
      <section class="answer" aria-label={t.answer} aria-live="polite">
        {answered ? (
          <Answer realm={realm} {...answered} again={() => form.submit()} />
        ) : (
          <p class="muted">{t.answerHere}</p>
        )}
      </section>
    </div>
  );
}

function Answer({ realm, question, answer, again }: Answered & { realm: string; again: () => void }) {
  const role = answer.role ?? '';
  const grant = async () => {
    const { who, permission, match, uri } = question;
    const done = await openGrant(realm, { roles: who, permissions: [permission], match, uri: uri.trim() });
    if (done) again();
  };
  return (
    <div class={answer.allowed ? 'ruling is-yes' : 'ruling is-no'}>
      <p class="ruling-word">
        <Badge tone={answer.allowed ? 'good' : 'bad'}>{answer.allowed ? text.yes : text.no}</Badge>
      </p>
      <p>{answer.text}</p>
      {role && (
        <Facts
          facts={[
            [t.through, roleHref(realm, role) ? <a href={roleHref(realm, role)}>{role}</a> : role],
            [t.resource, <span class="mono">{answer.uri || t.everywhere}</span>],
            [t.match, answer.uri ? (answer.match ?? '') : ''],
            [t.grantedIn, answer.realm],
          ]}
        />
      )}
      {!answer.allowed && (
        <Button kind="primary" needs="bondy.grant.create" onClick={() => void grant()}>
          {t.grantIt}
        </Button>
      )}
    </div>
  );
}
