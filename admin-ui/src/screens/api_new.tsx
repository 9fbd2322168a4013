// A specification that is not there yet.
import { useState } from 'preact/hooks';
import { useRealm } from '../app/realm';
import { at, go, href } from '../app/router';
import { Page } from '../kit/page';
import { text } from '../strings';
import { SpecEditor } from './spec_editor';
import { starter } from './spec_starter';

const MASTER = 'com.leapsight.bondy';

/** The realm that is looked at, unless it is the one of administrators. */
function startingRealm(realm: string): string {
  return realm === MASTER ? 'com.example.demo' : realm;
}

export function ApiNew() {
  const realm = useRealm();
  const [initial] = useState(() => starter(startingRealm(realm)));
  return (
    <Page title={text.apis.new} up={[text.apis.title, href('/apis')]} lead={text.api.newLead}>
      <SpecEditor
        initial={initial}
        language="yaml"
        etag={undefined}
        onPublished={(id) => go(at`/apis/${id}`)}
      />
    </Page>
  );
}
