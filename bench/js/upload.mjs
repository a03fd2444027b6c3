// The peer: uploads files with the official JavaScript SDK and prints, as
// JSON, the seconds that the transfer alone took (without Node's start, and
// for Buffers without reading the files).
//   node upload.mjs buffer|stream API_URL API_KEY AT_A_TIME FILE...
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import * as Bytescale from "@bytescale/sdk";
import fetch from "node-fetch";

const [mode, apiUrl, apiKey, atATime, ...files] = process.argv.slice(2);
const uploads = new Bytescale.UploadManager({ fetchApi: fetch, apiUrl, cdnUrl: apiUrl, apiKey });

const sources = [];
for (const file of files) {
  sources.push(
    mode === "buffer"
      ? { data: await readFile(file) }
      : { data: createReadStream(file), size: (await stat(file)).size }
  );
}

const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: Math.min(Number(atATime), sources.length) }, async () => {
    while (next < sources.length) {
      await uploads.upload({ ...sources[next++], mime: "application/octet-stream", originalFileName: "bench.bin" });
    }
  })
);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
