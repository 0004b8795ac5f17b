// A real OpenID provider: node oidc-provider.mjs PORT REDIRECT_URI. Signs in whom login_hint names, and asks nothing.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const from = createRequire(`${process.env.NODE_MODULES}/`);
const { default: Provider } = await import(pathToFileURL(from.resolve('oidc-provider')).href);
const [port, redirect] = process.argv.slice(2);
const people = { alice: ['recount-billing'], bob: [], eve: ['recount-admins', '<script>'] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'recount', client_secret: 'a-secret-of-tests-only-0123456789', redirect_uris: [redirect] }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'groups'],
  conformIdTokenClaims: false, // else the groups stand at the userinfo endpoint only
  cookies: { keys: ['k'] },
  ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 60, Session: 300, Grant: 300 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, one) => `/interaction/${one.uid}` },
  findAccount: (_ctx, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, name: sub, groups: people[sub] }) },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile groups');
    await grant.save();
    return grant;
  },
});
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  if (!people[params.login_hint]) return provider.interactionFinished(ctx.req, ctx.res, { error: 'access_denied' });
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: params.login_hint } });
});
provider.on('server_error', (_ctx, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
