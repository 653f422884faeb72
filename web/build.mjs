// Bundles src/ into the files that Envoy serves: node build.mjs [folder]
import { copyFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = process.argv[2] ?? here("../rest_proxy/pages");

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [here("src/app.tsx"), here("src/app.css")],
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  banner: { js: "// Licences of what is bundled here: licences.txt" },
});
for (const name of ["index.html", "icon.svg", "licences.txt"]) copyFileSync(here(`src/${name}`), `${folder}/${name}`);
