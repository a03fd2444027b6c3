// Builds URLs with the official SDK: an array of parameters of UrlBuilder.url on
// standard input, an array of URLs on standard output.
import { text } from "node:stream/consumers";
import { UrlBuilder } from "@bytescale/sdk";

const cases = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(cases.map((parameters) => UrlBuilder.url(parameters))));
