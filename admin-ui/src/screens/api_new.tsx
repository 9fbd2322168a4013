// A specification that is not there yet.
import { at, go, href } from '../app/router';
import { Page } from '../kit/page';
import { text } from '../strings';
import { SpecEditor } from './spec_editor';
import { starter } from './spec_starter';

export function ApiNew() {
  return (
    <Page title={text.apis.new} up={[text.apis.title, href('/apis')]} lead={text.api.newLead}>
      <SpecEditor
        initial={starter}
        language="yaml"
        etag={undefined}
        onPublished={(id) => go(at`/apis/${id}`)}
      />
    </Page>
  );
}
