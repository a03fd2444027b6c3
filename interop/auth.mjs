// Opens a session with the official SDK for each address of a token endpoint that
// standard input lists. Prints one JSON line for each: {"ready", "said"}, whether
// there is a session with a registered token, and what the SDK wrote to the
// console. CDN is the address at which tokens are registered.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

// The package gives Node a build that has no sessions. The one for browsers needs
// nothing of a browser here but these two names.
globalThis.window = globalThis;
globalThis.navigator = {};
const { AuthManager } = createRequire(import.meta.url)("./node_modules/@bytescale/sdk/dist/browser/cjs/main.js");

let said = "";
console.warn = console.error = (...words) => (said += words.join(" "));
for (const authUrl of JSON.parse(await text(process.stdin))) {
  said = "";
  await AuthManager.beginAuthSession({
    accountId: "A623uY2",
    authUrl,
    authHeaders: async () => ({}),
    options: { cdnUrl: process.env.CDN },
  });
  console.log(JSON.stringify({ ready: AuthManager.isAuthSessionReady(), said }));
  await AuthManager.endAuthSession();
}
process.exit(0); // the SDK's timers would run on
