// Every flow by openid-client.
//
//     node oauth_openid_client.mjs '{"issuer", "client", "secret", "redirect", "device", "bye"}'
import { ask, done, load } from './oauth_talk.mjs';

const given = JSON.parse(process.argv[2]);
const oidc = await load('openid-client');
const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks];
const server = new URL(given.issuer);

const config = await oidc.discovery(server, given.client, undefined,
                                    oidc.ClientSecretBasic(given.secret), { execute });
const verifier = oidc.randomPKCECodeVerifier();
const state = oidc.randomState();
const nonce = oidc.randomNonce();
const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: given.redirect, scope: 'openid staff', state, nonce, max_age: '600',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
});
const back = new URL(await ask({ open: url.href }));
const tokens = await oidc.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600,
    idTokenExpected: true,
});
const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
const own = await oidc.clientCredentialsGrant(config, { scope: 'staff' });

const told = config.serverMetadata();
const more = {};
if (told.userinfo_endpoint) {
    more.userinfo = await oidc.fetchUserInfo(config, again.access_token, tokens.claims().sub);
}
if (told.introspection_endpoint) {
    more.introspection = await oidc.tokenIntrospection(config, again.refresh_token);
}
if (told.revocation_endpoint) {
    await oidc.tokenRevocation(config, again.refresh_token);
    more.revoked = await oidc.refreshTokenGrant(config, again.refresh_token).then(
        () => 'alive', (error) => error.error);
}

const telly = await oidc.discovery(server, given.device, undefined, oidc.None(), { execute });
const begun = await oidc.initiateDeviceAuthorization(telly, { scope: 'staff' });
await ask({ enter: begun.verification_uri, code: begun.user_code });
const seen = await oidc.pollDeviceAuthorizationGrant(telly, begun);

const end = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token,
                                              post_logout_redirect_uri: given.bye });
await ask({ open: end.href });

done({ claims: tokens.claims(), scope: tokens.scope, expires: tokens.expiresIn(),
       again: again.access_token !== tokens.access_token, own: own.access_token,
       device: seen.scope, ...more });
