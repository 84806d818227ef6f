// Hands a browser over to this gateway: the edge, which knows whose browser it is and has the gateway's
// token, asks here for a token that pairs one device, once. The gateway itself checks its own token.
//
// The profile is the one that `openclaw dashboard` asks for. Nobody promises that a plugin may: the warm
// run of the image asks too, so that an upgrade that forbids it does not build.
import { issueDeviceBootstrapToken } from 'openclaw/plugin-sdk/device-bootstrap';
import { definePluginEntry } from 'openclaw/plugin-sdk/plugin-entry';

// `infra-cdk/assets/agent/warm/run` and `edge/nginx/nginx.conf.template` are the other ends.
const PATH = '/api/v1/onemins/handoff';

const OWNER = {
  roles: ['operator'],
  purpose: 'control-ui-owner',
  scopes: [
    'operator.admin',
    'operator.approvals',
    'operator.pairing',
    'operator.questions',
    'operator.read',
    'operator.talk.secrets',
    'operator.write',
  ],
};

async function handOff(request, response) {
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST' }).end();
    return true;
  }
  const { token } = await issueDeviceBootstrapToken({ profile: OWNER });
  response.writeHead(200, { 'cache-control': 'no-store', 'content-type': 'application/json' });
  // The page takes these two and no third.
  response.end(JSON.stringify({ bootstrapToken: token, bootstrapProfile: 'owner' }));
  return true;
}

export default definePluginEntry({
  id: 'onemins-handoff',
  name: '1mins hand-off',
  description: "Lets the platform hand a signed-in owner over to this gateway's chat",
  register(api) {
    api.registerHttpRoute({ path: PATH, auth: 'gateway', match: 'exact', handler: handOff });
  },
});
