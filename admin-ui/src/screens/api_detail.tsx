// One API: its routes, its specification, its history, and trying it.
import { ask } from '../api/client';
import type { Spec } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, href, leave } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { Tabs } from '../kit/tabs';
import { toast } from '../kit/toast';
import { text } from '../strings';
import { ApiRoutes } from './api_routes';
import { routesOf } from './api_routes_of';
import { ApiSpec } from './api_spec';
import { ApiTry } from './api_try';
import { ApiVersions } from './api_versions';

const t = text.api;

export function ApiDetail({ id }: { id: string }) {
  const asked = useAsk<Spec>(at`/api_specs/${id}`);
  const { value: spec, etag, again } = asked;
  const version = Number(etag?.replace(/\D/g, '') ?? 0);
  const remove = async (there: Spec) => {
    const done = await confirmByTyping({
      title: t.deleteTitle(there.name || id),
      name: id,
      takes: <Takes spec={there} />,
      action: t.delete,
      act: () => ask(at`/api_specs/${id}`, { method: 'DELETE', etag }),
    });
    if (!done) return;
    toast(t.deleted(id));
    leave('/apis');
  };
  return (
    <Page
      title={spec?.name || id}
      up={[text.apis.title, href('/apis')]}
      lead={
        spec && (
          <>
            <span class="mono">{id}</span> <Badge tone="accent">{t.version(version)}</Badge>
          </>
        )
      }
      actions={
        spec && (
          <Button
            kind="danger"
            needs="bondy.http_gateway.api.delete"
            onClick={() => void remove(spec)}
          >
            {t.delete}
          </Button>
        )
      }
    >
      <Loaded asked={asked}>
        {(there) => (
          <Tabs
            label={t.tabs}
            tabs={[
              { key: 'routes', title: t.routes, render: () => <ApiRoutes spec={there} /> },
              {
                key: 'spec',
                title: t.spec,
                keep: true,
                render: () => <ApiSpec spec={there} etag={etag} onPublished={again} />,
              },
              {
                key: 'versions',
                title: t.versions,
                render: () => (
                  <ApiVersions key={etag} spec={there} version={version} onRolledBack={again} />
                ),
              },
              { key: 'try', title: t.try, render: () => <ApiTry spec={there} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

const SHOWN = 12;

function Takes({ spec }: { spec: Spec }) {
  const routes = routesOf(spec);
  if (routes.length === 0) return <p>{t.takesNothing}</p>;
  return (
    <>
      <p>{t.takes(routes.length)}</p>
      <ul>
        {routes.slice(0, SHOWN).map(({ method, path }) => (
          <li key={method + path} class="mono">
            {method} {path}
          </li>
        ))}
        {routes.length > SHOWN && <li>{t.takesMore(routes.length - SHOWN)}</li>}
      </ul>
    </>
  );
}
