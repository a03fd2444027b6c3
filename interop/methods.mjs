// Calls methods of the official JavaScript SDK as standard input asks for. Each line
// there is {"api", "method", "params"}; each is answered by one line
// {"result", "url", "error"}: what came back (bytes in base64), the address that the
// SDK asked last, and what it threw. The first line that is printed lists all methods.
// URL and KEY name the emulator.
import { createInterface } from "node:readline";
import * as Bytescale from "@bytescale/sdk";
import fetch from "node-fetch";

const { URL: url, KEY: apiKey } = process.env;
let asked;
const fetchApi = (address, options) => {
  asked = String(address);
  return fetch(address, options);
};

const apis = {};
const methods = [];
for (const name of Object.keys(Bytescale).filter((name) => name.endsWith("Api"))) {
  apis[name] = new Bytescale[name]({ fetchApi, apiKey, apiUrl: url, cdnUrl: url });
  for (const method of Object.getOwnPropertyNames(Bytescale[name].prototype)) {
    if (method !== "constructor") methods.push(`${name}.${method}`);
  }
}
console.log(JSON.stringify(methods));

for await (const line of createInterface({ input: process.stdin })) {
  const { api, method, params } = JSON.parse(line);
  const answer = {};
  try {
    let result = await apis[api][method](params);
    if (typeof result?.blob === "function") {
      result = Buffer.from(await (await result.blob()).arrayBuffer()).toString("base64");
    }
    answer.result = result;
  } catch (error) {
    answer.error = String(error?.stack ?? error);
  }
  answer.url = asked;
  console.log(JSON.stringify(answer));
}
