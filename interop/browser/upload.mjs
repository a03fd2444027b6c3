// Drives the example page in a real browser: the upload widget takes the files that
// FILES lists (JSON), the image among them through the crop step. Prints one JSON
// line for each stored file: {"path", "original"}. SHOTS is where screenshots go.
import assert from "node:assert/strict";
import { join } from "node:path";
import { open } from "./chromium.mjs";

const { PAGE, FILES, SHOTS } = process.env;
const files = JSON.parse(FILES);
const { page, complaints, close } = await open();

await page.goto(PAGE);
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByRole("button", { name: "Upload files", disabled: false }).click();
await page.locator(".upload-widget input[type=file]").setInputFiles(files);

// The widget asks for the part of the image to keep.
await page.locator(".upload-widget__image-editor img").first().waitFor();
await page.screenshot({ path: join(SHOTS, "upload-crop.png") });
await page.getByRole("button", { name: "Continue" }).click();

const finish = page.getByRole("link", { name: "Finished" });
await finish.waitFor();
await page.screenshot({ path: join(SHOTS, "upload-done.png") });
await finish.click();

const items = page.locator("#files li");
await items.nth(files.length - 1).waitFor();
await page.screenshot({ path: join(SHOTS, "upload-page.png") });
assert.equal(await items.count(), files.length);
for (const item of await items.all()) {
  console.log(JSON.stringify({ path: await item.getAttribute("data-path"), original: await item.getAttribute("data-original") }));
}
assert.deepEqual(complaints, []);
await close();
