// The official JavaScript SDK, unchanged, against the emulator. Prints one JSON
// line for each check: {"name", "error"}; "error" is absent when it holds.
// The environment names the emulator: URL, KEY and PUBLIC_KEY (same account).
import assert from "node:assert/strict";
import { Blob } from "node:buffer";
import { createCipheriv, createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as Bytescale from "@bytescale/sdk";
import fetch from "node-fetch";

const { URL: url, KEY: apiKey, PUBLIC_KEY: publicKey } = process.env;
const accountId = apiKey.split("_")[1].slice(0, 7);
const configuration = { fetchApi: fetch, apiKey, apiUrl: url, cdnUrl: url };
const uploads = new Bytescale.UploadManager(configuration);
const files = new Bytescale.FileApi(configuration);

const MiB = 1024 * 1024;
const large = 500 * MiB;

async function check(name, body) {
  try {
    await body();
    console.log(JSON.stringify({ name }));
  } catch (error) {
    console.log(JSON.stringify({ name, error: String(error?.stack ?? error) }));
  }
}

// random yields the same bytes each time, different ones at each offset.
function* random(size) {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(MiB);
  for (let left = size; left > 0; left -= MiB) {
    yield cipher.update(left < MiB ? zeros.subarray(0, left) : zeros);
  }
}

// digestOf tells the length and the hash of a stream without keeping it.
async function digestOf(stream) {
  const hash = createHash("sha256");
  let size = 0;
  await pipeline(stream, async (chunks) => {
    for await (const chunk of chunks) {
      size += chunk.length;
      hash.update(chunk);
    }
  });
  return { size, sha256: hash.digest("hex") };
}

// stored uploads, and compares what the service tells and gives back.
async function stored(parameters, expected) {
  const events = [];
  const result = await uploads.upload({ ...parameters, onProgress: (event) => events.push(event) });
  const details = await files.getFileDetails({ accountId, filePath: result.filePath });
  assert.ok(result.etag, "the upload has an etag");
  const { lastModified, ...same } = details;
  assert.deepEqual({ ...result, lastModified: undefined }, { ...same, lastModified: undefined });
  assert.ok(lastModified >= result.lastModified);
  assert.equal(details.accountId, accountId);
  assert.equal(details.fileUrl, `${url}/${accountId}/raw${encodePath(details.filePath)}`);
  assert.ok(events.length > 0, "progress is told");
  assert.equal(events.at(-1).bytesSent, details.size);

  const download = await files.downloadFile({ accountId, filePath: result.filePath });
  if (Buffer.isBuffer(expected)) {
    assert.equal(details.size, expected.length);
    const got = Buffer.from(await (await download.blob()).arrayBuffer());
    assert.ok(got.equals(expected), `${got.length} bytes came back, or other ones`);
  } else {
    assert.equal(details.size, expected.size);
    assert.deepEqual(await digestOf(download.stream()), expected);
  }
  return details;
}

function encodePath(path) {
  return encodeURIComponent(path).replaceAll("%2F", "/").replaceAll("!", "%21");
}

async function refused(promise, type) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
    return error;
  }
  assert.fail("not refused");
}

await check("empty string", async () => {
  const details = await stored({ data: "" }, Buffer.alloc(0));
  assert.equal(details.size, 0);
  assert.equal(details.mime, "text/plain");
});
await check("string", async () => {
  const details = await stored({ data: "Grüße 🌍" }, Buffer.from("Grüße 🌍"));
  assert.equal(details.mime, "text/plain");
});
await check("blob", async () => {
  await stored({ data: new Blob(["a blob"]) }, Buffer.from("a blob"));
});
await check("blob with a type", async () => {
  const details = await stored({ data: new Blob(["{}"], { type: "application/json" }) }, Buffer.from("{}"));
  assert.equal(details.mime, "application/json");
});
await check("buffer without a type", async () => {
  const details = await stored({ data: Buffer.from("bytes") }, Buffer.from("bytes"));
  assert.equal(details.mime, "application/octet-stream");
  assert.equal(details.originalFileName, null);
  assert.deepEqual(details.metadata, {});
  assert.deepEqual(details.tags, []);
});
await check("buffer with a type", async () => {
  const details = await stored({ data: Buffer.from("<p>"), mime: "text/html" }, Buffer.from("<p>"));
  assert.equal(details.mime, "text/html");
});
await check("small stream", async () => {
  const data = Buffer.concat([...random(3 * MiB + 7)]);
  await stored({ data: Readable.from(random(data.length)), size: data.length }, data);
});
await check("empty stream", async () => {
  await stored({ data: Readable.from([]), size: 0 }, Buffer.alloc(0));
});
await check("parts at their limits", async () => {
  for (const size of [5 * MiB - 1, 5 * MiB, 5 * MiB + 1, 10 * MiB]) {
    const data = Buffer.concat([...random(size)]);
    await stored({ data }, data);
  }
});

await check("metadata, tags and the original name", async () => {
  const metadata = { user: 42, nested: { list: [1, "two", null, true] }, text: "ü" };
  const details = await stored(
    { data: "x", metadata, tags: ["avatar", "a/b=c_1"], originalFileName: "mein Bild.jpg" },
    Buffer.from("x")
  );
  assert.deepEqual(details.metadata, metadata);
  assert.deepEqual(details.tags, ["avatar", "a/b=c_1"]);
  assert.equal(details.originalFileName, "mein Bild.jpg");
});
await check("default path", async () => {
  const details = await stored({ data: "x", originalFileName: "example.jpg" }, Buffer.from("x"));
  assert.match(details.filePath, /^\/uploads\/\d{4}\/\d\d\/\d\d\/4[1-9A-HJ-NP-Za-km-z]{9}-example\.jpg$/);
});
await check("path variables", async () => {
  const details = await stored(
    {
      data: "x",
      originalFileName: "photo.png",
      path: {
        folderPath: "/users/{UTC_YEAR}/\\{literal}",
        fileName: "{ORIGINAL_FILE_NAME}-{UNIQUE_DIGITS_8}-{UTC_TIME_TOKEN}{ORIGINAL_FILE_EXT}",
      },
    },
    Buffer.from("x")
  );
  assert.match(details.filePath, /^\/users\/\d{4}\/\{literal\}\/photo-[1-9A-HJ-NP-Za-km-z]{8}-1[1-9A-HJ-NP-Za-km-z]{7}\.png$/);
});
await check("every character of a path", async () => {
  const path = "/a b/ü!'()*~+?#&=%.txt";
  const details = await stored({ data: "x", path: { folderPath: "/a b", fileName: "ü!'()*~+?#&=%.txt" } }, Buffer.from("x"));
  assert.equal(details.filePath, path);
});
await check("whole path as a string", async () => {
  const upload = new Bytescale.UploadApi(configuration);
  const begun = await upload.beginMultipartUpload({
    accountId,
    beginMultipartUploadRequest: { size: 1, path: "/whole/{UTC_DAY}.txt", protocol: "1.1" },
  });
  assert.equal(begun.file.filePath, "/whole/{UTC_DAY}.txt");
  assert.equal(begun.file.etag, null);
  const parts = await upload.listUploadParts({ accountId, uploadId: begun.uploadId });
  assert.deepEqual(parts.remainingUploadParts, [0]);
});
await check("fallback name", async () => {
  const path = { folderPath: "/fallback", fileName: "n.txt", fileNameFallback: "m.txt" };
  assert.equal((await stored({ data: "1", path }, Buffer.from("1"))).filePath, "/fallback/n.txt");
  assert.equal((await stored({ data: "2", path }, Buffer.from("2"))).filePath, "/fallback/m.txt");
});
await check("delete", async () => {
  const { filePath } = await stored({ data: "x" }, Buffer.from("x"));
  await files.deleteFile({ accountId, filePath });
  const error = await refused(files.getFileDetails({ accountId, filePath }), Bytescale.BytescaleApiError);
  assert.equal(error.errorCode, "file_not_found");
});

await check("a request that breaks a limit", async () => {
  const error = await refused(uploads.upload({ data: "x", mime: "-" }), Bytescale.BytescaleApiError);
  assert.equal(error.errorCode, "request_invalid");
  assert.ok(error.message.length > 0);
});
await check("a wrong key", async () => {
  const wrong = new Bytescale.UploadManager({ ...configuration, apiKey: `secret_${accountId}wrong` });
  const error = await refused(wrong.upload({ data: "x" }), Bytescale.BytescaleApiError);
  assert.equal(error.errorCode, "authentication_failed_credentials_denied");
});
await check("a public key cannot replace a file", async () => {
  const guest = new Bytescale.UploadManager({ ...configuration, apiKey: publicKey });
  const path = { folderPath: "/taken", fileName: "n.txt" };
  await guest.upload({ data: "1", path });
  const error = await refused(guest.upload({ data: "2", path }), Bytescale.BytescaleApiError);
  assert.equal(error.errorCode, "file_exists");
});
await check("a file that is not there", async () => {
  const error = await refused(files.downloadFile({ accountId, filePath: "/no/such file" }), Bytescale.BytescaleApiError);
  assert.equal(error.errorCode, "file_not_found");
});
await check("a cancelled upload", async () => {
  const cancellationToken = { isCancelled: false };
  const promise = uploads.upload({
    data: Buffer.alloc(20 * MiB),
    cancellationToken,
    path: { folderPath: "/cancelled", fileName: "n" },
    onProgress: ({ bytesSent }) => (cancellationToken.isCancelled ||= bytesSent > 0),
  });
  await refused(promise, Error);
  await refused(files.getFileDetails({ accountId, filePath: "/cancelled/n" }), Bytescale.BytescaleApiError);
});

const expected = await digestOf(Readable.from(random(large)));
await check("large stream, 500 MiB", async () => {
  await stored({ data: Readable.from(random(large)), size: large }, expected);
});
await check("large buffer, 500 MiB", async () => {
  const data = Buffer.allocUnsafe(large);
  let offset = 0;
  for (const chunk of random(large)) {
    offset += chunk.copy(data, offset);
  }
  await stored({ data }, expected);
});
console.log(JSON.stringify({ name: "end" }));
