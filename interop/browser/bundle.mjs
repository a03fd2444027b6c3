// Bundles what the vendor's script tag gives a page, so that the test needs no
// network. The argument is the file to write.
import { build } from "esbuild";

await build({
  entryPoints: ["bytescale.js"],
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "Bytescale",
  outfile: process.argv[2],
});
