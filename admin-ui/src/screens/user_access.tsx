// How a user proves who he is: password, authorized keys, API keys.
import { text } from '../strings';
import { Button } from '../kit/button';
import { UserApiKeys } from './user_api_keys';
import type { UserProps } from './user_edit';
import { UserKeys } from './user_keys';
import { changePassword } from './user_password';

const t = text.users;

export function UserAccess(props: UserProps) {
  const { realm, asked, user } = props;
  const change = async () => {
    if (await changePassword(realm, user.username)) asked.again();
  };
  return (
    <div class="sections">
      <section class="panel">
        <header>
          <h2>{t.password}</h2>
          <Button needs="bondy.user.change_password" onClick={() => void change()}>
            {user.has_password ? t.passwordChange : t.passwordSet}
          </Button>
        </header>
        <p class="muted">{user.has_password ? t.passwordThere : t.passwordNone}</p>
      </section>
      <UserKeys {...props} />
      <UserApiKeys realm={realm} username={user.username} />
    </div>
  );
}
