// The code flow by oauth4webapi, which checks every answer against the RFCs, as a public client;
// and the access token by its reading of RFC 9068, and by jose.
//
//     node oauth_oauth4webapi.mjs '{"issuer", "client", "redirect", "audience"}'
import { ask, done, load } from './oauth_talk.mjs';

const given = JSON.parse(process.argv[2]);
const oauth = await load('oauth4webapi');
const jose = await load('jose');
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(given.issuer);

async function discover(algorithm) {
    const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
    return oauth.processDiscoveryResponse(issuer, response);
}
const server = await discover('oauth2');
const same = JSON.stringify(server) === JSON.stringify(await discover('oidc'));

const client = { client_id: given.client };
const auth = oauth.None();
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const url = new URL(server.authorization_endpoint);
const query = {
    client_id: given.client, redirect_uri: given.redirect, response_type: 'code',
    scope: 'openid staff', state, nonce, code_challenge_method: 'S256',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
};
Object.entries(query).forEach(([name, value]) => url.searchParams.set(name, value));

const back = new URL(await ask({ open: url.href }));
const checked = oauth.validateAuthResponse(server, client, back, state);
const answer = await oauth.authorizationCodeGrantRequest(server, client, auth, checked,
                                                         given.redirect, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(
    server, client, answer, { expectedNonce: nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(server, answer, insecure);

const refreshed = await oauth.processRefreshTokenResponse(
    server, client,
    await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, insecure));

const request = new Request(given.issuer, {
    headers: { authorization: `Bearer ${refreshed.access_token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, given.audience, insecure);
const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
const { protectedHeader } = await jose.jwtVerify(refreshed.access_token, keys, {
    issuer: given.issuer, audience: given.audience, typ: 'at+jwt',
    requiredClaims: ['jti', 'exp'] });

// What it must not take for good: a code again, and an answer with a foreign issuer.
const twice = await oauth.processAuthorizationCodeResponse(
    server, client, await oauth.authorizationCodeGrantRequest(
        server, client, auth, checked, given.redirect, verifier, insecure))
    .then(() => 'taken', (error) => error.error);

done({ same, claims, header: protectedHeader, sub: oauth.getValidatedIdTokenClaims(tokens).sub,
       twice });
