// Try it: a request through the node's own gateway listener, as whom one chooses, and its answer.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useGateway } from '../api/gateway';
import { may } from '../api/session';
import type { Spec, Tried } from '../api/types';
import { setQuery, usePlace } from '../app/router';
import { Button } from '../kit/button';
import { Copy } from '../kit/copy';
import { curl } from '../kit/curl';
import { Empty } from '../kit/empty';
import { Field } from '../kit/field';
import { Select, TextInput } from '../kit/inputs';
import { ProblemPanel } from '../kit/problem_panel';
import { useShortcut } from '../kit/shortcuts';
import { bare } from '../kit/use_form';
import { text } from '../strings';
import { keyOf } from './api_routes';
import { routesOf, type ApiRoute } from './api_routes_of';
import { handedToken } from './token_handed';
import { TryAnswer } from './try_answer';
import { authorizationOf, Identity, nobody, type IdentityValues } from './try_identity';
import { namesIn, tryRequest, type TryRequest } from './try_request';

const t = text.tryIt;
const TRY = 'bondy.http_gateway.try';

export function ApiTry({ spec }: { spec: Spec }) {
  const { query } = usePlace();
  // Who asks stays when another route is chosen.
  const [who, setWho] = useState<IdentityValues>(() => {
    const secret = handedToken(spec.id);
    return secret ? { kind: 'bearer', name: '', secret } : nobody;
  });
  const routes = routesOf(spec);
  const route = routes.find((one) => keyOf(one) === query.get('try')) ?? routes[0];
  if (!route)
    return (
      <Empty title={text.api.noRoutes}>
        <p>{text.api.noRoutesBody}</p>
      </Empty>
    );
  return <Console key={keyOf(route)} {...{ spec, routes, route, who, setWho }} />;
}

interface ConsoleProps {
  spec: Spec;
  routes: readonly ApiRoute[];
  route: ApiRoute;
  who: IdentityValues;
  setWho: (who: IdentityValues) => void;
}

function Console({ spec, routes, route, who, setWho }: ConsoleProps) {
  const [params, setParams] = useState<Record<string, string>>({});
  const [queryText, setQueryText] = useState('');
  const [headers, setHeaders] = useState('');
  const [body, setBody] = useState('');
  const [tried, setTried] = useState<Tried>();
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const gateway = useGateway();
  const takesBody = !['GET', 'HEAD'].includes(route.method);
  const request = tryRequest({
    route,
    params,
    query: queryText,
    headers,
    body: takesBody ? body : '',
    authorization: authorizationOf(who),
    host: spec.host,
  });
  const off = missing(route, params);
  const send = async () => {
    if (busy || off || !may(TRY)) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const { value } = await ask<Tried>('/try', { method: 'POST', body: request });
      setTried(value);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  useShortcut('mod+Enter', t.send, () => void send());
  return (
    <div class="try">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Select
          {...bare('try-route', keyOf(route), (key) => setQuery({ try: key }))}
          label={t.route}
          options={routes.map((one) => ({ value: keyOf(one), label: `${one.method} ${one.path}` }))}
        />
        {namesIn(route.path).map((name) => (
          <TextInput
            key={name}
            {...bare(`try-param-${name}`, params[name] ?? '', (value) =>
              setParams({ ...params, [name]: value }),
            )}
            label={`:${name}`}
            mono
          />
        ))}
        <TextInput {...bare('try-query', queryText, setQueryText)} label={t.query} hint={t.queryHint} mono />
        <Identity value={who} onChange={setWho} />
        <Field label={t.headers} hint={t.headersHint}>
          {(control) => (
            <textarea
              {...control}
              class="mono"
              rows={2}
              spellcheck={false}
              value={headers}
              onInput={(event) => setHeaders(event.currentTarget.value)}
            />
          )}
        </Field>
        {takesBody && (
          <Field label={t.body}>
            {(control) => (
              <textarea
                {...control}
                class="mono"
                rows={6}
                spellcheck={false}
                value={body}
                onInput={(event) => setBody(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <footer class="form-footer">
          <Button kind="primary" submit needs={TRY} busy={busy} off={off}>
            {t.send}
          </Button>
          <Copy
            value={curl({
              method: request.method,
              url: gateway + request.path,
              headers: [...hostOf(request), ...Object.entries(request.headers)],
              body: request.body,
            })}
          >
            {t.curl}
          </Copy>
        </footer>
      </form>
      <section aria-label={t.answer} aria-live="polite">
        <ProblemPanel problem={problem} />
        {tried ? <TryAnswer tried={tried} /> : !problem && <p class="muted">{t.nothingYet}</p>}
      </section>
    </div>
  );
}

/** The gateway finds an API by its host, which the address of the node is not. */
function hostOf({ host }: TryRequest): [string, string][] {
  return host ? [['host', host]] : [];
}

function missing(route: ApiRoute, params: Record<string, string>): string | undefined {
  const name = namesIn(route.path).find((one) => !params[one]);
  return name && t.fill(name);
}
