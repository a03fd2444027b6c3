// Drives the session of the example page: without one a private picture is not to be
// seen; with one it is, also after the token was renewed; at its end it no longer is.
// SHOTS is where screenshots go.
import assert from "node:assert/strict";
import { join } from "node:path";
import { open } from "./chromium.mjs";

const { PAGE, SHOTS } = process.env;
const { context, page, complaints, close } = await open();

// What the page asks its backend and the CDN for, beside pictures.
const calls = [];
page.on("response", (response) => {
  const { pathname } = new URL(response.url());
  if (pathname === "/token" || pathname.startsWith("/api/")) {
    calls.push(`${response.request().method()} ${pathname} ${response.status()}`);
  }
});
const register = ["GET /token 200", "PUT /api/v1/access_tokens/A623uY2 200"];

// visible loads the private picture anew, past the browser's cache.
let version = 0;
const visible = (address) =>
  page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve(image.naturalWidth > 0);
        image.onerror = () => resolve(false);
        image.src = src;
      }),
    `${address}&version=${++version}`
  );

// The page's timers are ours, so that nobody waits for an hour.
await page.clock.install();
await page.goto(PAGE);
await page.screenshot({ path: join(SHOTS, "session-signed-out.png") });
await page.getByRole("button", { name: "Sign in" }).click();

const picture = page.locator("#private");
await page.waitForFunction(() => document.querySelector("#private")?.naturalWidth > 0);
const address = await picture.getAttribute("src");
assert.ok(await visible(address), "with a session");
await page.screenshot({ path: join(SHOTS, "session-signed-in.png") });
assert.deepEqual(calls, register);
const [cookie] = (await context.cookies(address)).filter(({ name }) => name === "bytescale-session");
assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "None" && cookie.path === "/A623uY2/", JSON.stringify(cookie));

// The SDK renews the token 20 seconds before it expires.
await page.clock.fastForward("59:30");
assert.deepEqual(calls, register, "too early");
const renewed = page.waitForResponse((response) => response.request().method() === "PUT");
await page.clock.fastForward("00:15");
await renewed;
assert.deepEqual(calls, [...register, ...register]);
assert.ok(await visible(address), "with a renewed session");

// A stranger with the signed link sees the picture, and nothing without it. Node's
// fetch has no cookies.
const link = await page.evaluate(async () => (await fetch("/shared")).url);
assert.match(link, /welcome%20%281%29\.png\?w=300&exp=\d+&sig=1\./);
assert.equal((await fetch(link)).status, 200);
assert.equal((await fetch(address)).status, 403);

// The end of the session.
assert.deepEqual(complaints, []);
await page.getByRole("button", { name: "Sign out" }).click();
await page.getByRole("button", { name: "Sign in" }).waitFor();
assert.deepEqual(calls.slice(4), ["DELETE /api/v1/access_tokens/A623uY2 204"]);
assert.ok(!(await visible(address)), "without a session");
assert.deepEqual((await context.cookies(address)).filter(({ name }) => name === "bytescale-session"), []);
await page.screenshot({ path: join(SHOTS, "session-ended.png") });
await close();
