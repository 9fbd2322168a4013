// The grants by simple-oauth2.
//
//     node oauth_simple.mjs '{"issuer", "client", "secret", "redirect", "challenge", "verifier",
//                             "owner", "password"}'
import { ask, done, load } from './oauth_talk.mjs';

const given = JSON.parse(process.argv[2]);
const { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } =
    (await load('simple-oauth2')).default;
const path = new URL(given.issuer).pathname;
const config = {
    client: { id: given.client, secret: given.secret },
    auth: { tokenHost: new URL(given.issuer).origin, tokenPath: `${path}/oauth/token`,
            revokePath: `${path}/oauth/revoke` },
};
const own = await new ClientCredentials(config).getToken({ scope: 'staff' });
if (given.owner) {
    const owner = new ResourceOwnerPassword(config);
    const token = await owner.getToken({ username: given.owner, password: given.password });
    const wrong = await owner.getToken({ username: given.owner, password: 'no' }).then(
        () => 'taken', (error) => error.data.payload.error);
    const again = await token.refresh();
    done({ own: own.token.scope, scope: again.token.scope, wrong });
}
const flow = new AuthorizationCode({
    ...config, auth: { ...config.auth, authorizePath: `${path}/oauth/authorize` } });
const url = flow.authorizeURL({ redirect_uri: given.redirect, scope: ['staff', 'ops'], state: 'ab',
                                code_challenge: given.challenge, code_challenge_method: 'S256' });
const back = new URL(await ask({ open: url }));
const token = await flow.getToken({ code: back.searchParams.get('code'),
                                    redirect_uri: given.redirect,
                                    code_verifier: given.verifier });
const again = await token.refresh({ scope: 'staff' });
done({ own: own.token.scope, scope: token.token.scope, again: again.token.scope,
       expired: again.expired() });
